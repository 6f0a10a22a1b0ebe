package sala.model.cpu;

import java.util.Arrays;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;
import sala.model.KvCache;

/**
 * Keys, values and compressed keys of a sparse layer in f32. A compressed key is the mean of a whole window of keys; it is
 * added with the token that ends its window, each mean summed afresh in f64, so any way of appending gives the same bits.
 */
final class CpuKvCache implements KvCache {
    private final ModelConfig config;
    private final int valueStride;
    private final LaneKeys keys;
    private final LaneKeys fineKeys;
    private final LaneKeys coarseKeys;
    private final float[] mean;
    private float[] values = {};

    CpuKvCache(ModelConfig config) {
        this(
                config,
                new LaneKeys(config.numKvHeads(), config.headDim()),
                new LaneKeys(config.numKvHeads(), config.headDim()),
                new LaneKeys(config.numKvHeads(), config.headDim()));
    }

    private CpuKvCache(ModelConfig config, LaneKeys keys, LaneKeys fineKeys, LaneKeys coarseKeys) {
        this.config = config;
        this.keys = keys;
        this.fineKeys = fineKeys;
        this.coarseKeys = coarseKeys;
        valueStride = Tiles.pad(config.headDim());
        mean = new float[config.kvWidth()];
    }

    LaneKeys keys() {
        return keys;
    }

    /** Means of {@code kernelSize} keys, every {@code kernelStride}. */
    LaneKeys fineKeys() {
        return fineKeys;
    }

    /** Means of windows four times as wide and as far apart. */
    LaneKeys coarseKeys() {
        return coarseKeys;
    }

    /** Values, {@code [length, numKvHeads, headDim padded to whole vectors]}. */
    float[] values() {
        return values;
    }

    /** Where the value of a token starts for a KV head. */
    int valueOffset(int token, int kvHead) {
        return (token * config.numKvHeads() + kvHead) * valueStride;
    }

    @Override
    public int length() {
        return keys.length();
    }

    /**
     * Adds tokens.
     *
     * @param k {@code [count, numKvHeads, headDim]}
     * @param v likewise
     */
    void append(float[] k, float[] v, int count) {
        int width = config.kvWidth();
        int headDim = config.headDim();
        int needed = Math.multiplyExact(length() + count, config.numKvHeads() * valueStride);
        if (needed > values.length) {
            values = Arrays.copyOf(values, Math.max(needed, Math.multiplyExact(values.length, 2)));
        }
        SparseConfig sparse = config.sparse();
        for (int token = 0; token < count; token++) {
            for (int kvHead = 0; kvHead < config.numKvHeads(); kvHead++) {
                System.arraycopy(v, token * width + kvHead * headDim, values, valueOffset(length(), kvHead), headDim);
            }
            keys.append(k, token * width);
            compress(fineKeys, sparse.kernelSize(), sparse.kernelStride());
            compress(coarseKeys, sparse.coarseKernelSize(), sparse.coarseKernelStride());
        }
    }

    /** Adds the window that ends with the last token, if one does. */
    private void compress(LaneKeys compressed, int kernelSize, int kernelStride) {
        int start = compressed.length() * kernelStride;
        if (start + kernelSize != length()) {
            return;
        }
        for (int kvHead = 0; kvHead < config.numKvHeads(); kvHead++) {
            for (int channel = 0; channel < config.headDim(); channel++) {
                double sum = 0;
                for (int token = start; token < start + kernelSize; token++) {
                    sum += keys.get(token, kvHead, channel);
                }
                mean[kvHead * config.headDim() + channel] = (float) (sum / kernelSize);
            }
        }
        compressed.append(mean, 0);
    }

    void clear() {
        keys.clear();
        fineKeys.clear();
        coarseKeys.clear();
    }

    CpuKvCache copy() {
        CpuKvCache copy = new CpuKvCache(config, keys.copy(), fineKeys.copy(), coarseKeys.copy());
        copy.values = Arrays.copyOf(values, valueOffset(length(), 0));
        return copy;
    }

    @Override
    public void read(int position, int count, double[] keysOut, double[] valuesOut) {
        int index = 0;
        for (int token = position; token < position + count; token++) {
            for (int kvHead = 0; kvHead < config.numKvHeads(); kvHead++) {
                for (int channel = 0; channel < config.headDim(); channel++) {
                    keysOut[index] = keys.get(token, kvHead, channel);
                    valuesOut[index++] = values[valueOffset(token, kvHead) + channel];
                }
            }
        }
    }

    @Override
    public void append(double[] newKeys, double[] newValues, int count) {
        append(toFloats(newKeys, count), toFloats(newValues, count), count);
    }

    private float[] toFloats(double[] tokens, int count) {
        float[] floats = new float[count * config.kvWidth()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) tokens[i];
        }
        return floats;
    }
}
