package sala.model.cpu;

import java.util.Arrays;
import java.util.Objects;
import sala.loader.LightningConfig;
import sala.loader.ModelConfig;
import sala.model.RecurrentState;

/**
 * State of one lightning layer, {@code [numHeads, headDim, paddedDim]}, f32: key channel before value channel, value
 * channels padded with zeros to whole vectors.
 */
final class CpuRecurrentState implements RecurrentState {
    private final int rows;
    private final int headDim;
    private final int paddedDim;
    private final float[] data;

    CpuRecurrentState(ModelConfig config) {
        LightningConfig lightning = config.lightning();
        headDim = lightning.headDim();
        paddedDim = SmallMatMul.padded(headDim);
        rows = Math.multiplyExact(lightning.numHeads(), headDim);
        data = new float[Math.multiplyExact(rows, paddedDim)];
    }

    private CpuRecurrentState(CpuRecurrentState other) {
        rows = other.rows;
        headDim = other.headDim;
        paddedDim = other.paddedDim;
        data = other.data.clone();
    }

    /** The elements, {@code [numHeads, headDim, paddedDim]}. */
    float[] data() {
        return data;
    }

    @Override
    public void read(double[] state) {
        Objects.checkFromIndexSize(0, rows * headDim, state.length);
        for (int row = 0; row < rows; row++) {
            for (int value = 0; value < headDim; value++) {
                state[row * headDim + value] = data[row * paddedDim + value];
            }
        }
    }

    @Override
    public void write(double[] state) {
        Objects.checkFromIndexSize(0, rows * headDim, state.length);
        for (int row = 0; row < rows; row++) {
            for (int value = 0; value < headDim; value++) {
                data[row * paddedDim + value] = (float) state[row * headDim + value];
            }
        }
    }

    /** Back to zero, the state before the first token. */
    void clear() {
        Arrays.fill(data, 0);
    }

    /** A state with the same history that goes its own way. */
    CpuRecurrentState copy() {
        return new CpuRecurrentState(this);
    }
}
