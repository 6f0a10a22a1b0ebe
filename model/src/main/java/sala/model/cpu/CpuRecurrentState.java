package sala.model.cpu;

import java.util.Arrays;
import sala.loader.LightningConfig;
import sala.loader.ModelConfig;
import sala.model.RecurrentState;

/** State of a lightning layer in f32, {@code [numHeads, headDim, headDim padded to whole vectors]}. */
final class CpuRecurrentState implements RecurrentState {
    private final ModelConfig config;
    private final LightningConfig lightning;
    private final int stride;
    private final float[] values;

    CpuRecurrentState(ModelConfig config) {
        this.config = config;
        lightning = config.lightning();
        stride = Tiles.pad(lightning.headDim());
        values = new float[Math.multiplyExact(lightning.width(), stride)];
    }

    float[] values() {
        return values;
    }

    /** Distance of two rows. */
    int stride() {
        return stride;
    }

    void clear() {
        Arrays.fill(values, 0);
    }

    CpuRecurrentState copy() {
        CpuRecurrentState copy = new CpuRecurrentState(config);
        System.arraycopy(values, 0, copy.values, 0, values.length);
        return copy;
    }

    @Override
    public void read(double[] state) {
        int headDim = lightning.headDim();
        for (int i = 0; i < lightning.width() * headDim; i++) {
            state[i] = values[i / headDim * stride + i % headDim];
        }
    }

    @Override
    public void write(double[] state) {
        int headDim = lightning.headDim();
        for (int i = 0; i < lightning.width() * headDim; i++) {
            values[i / headDim * stride + i % headDim] = (float) state[i];
        }
    }
}
