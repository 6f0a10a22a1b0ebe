package sala.model.cpu;

import java.util.Arrays;
import java.util.Objects;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;
import sala.model.KvCache;

/**
 * Keys, values and compressed keys of one sparse layer, f32, apart for each KV head so that a head streams through
 * contiguous memory.
 *
 * <pre>
 *   keys    [numKvHeads][tokens / LANES, headDim, LANES]    see {@link InterleavedVectors}
 *   values  [numKvHeads][tokens, paddedDim]                 paddedDim: headDim rounded up to whole vectors
 *   fine    [numKvHeads][windows / LANES, headDim, LANES]   means of kernelSize keys every kernelStride tokens
 *   coarse  [numKvHeads][windows / LANES, headDim, LANES]   the same, four times as wide and as far apart
 * </pre>
 *
 * <p>Compressed keys are those of all complete windows, each a fresh sum of its own keys in double precision, rounded once: how
 * tokens were split into calls leaves no trace. Room grows by doubling, up to the tokens that are expected.
 */
final class CpuKvCache implements KvCache {
    private static final int LANES = VectorMath.LANES;
    private static final int MIN_CAPACITY = 64;

    private final int numKvHeads;
    private final int headDim;
    private final int paddedDim;
    private final SparseConfig sparse;
    private final InterleavedVectors[] keys;
    private final InterleavedVectors[] fineKeys;
    private final InterleavedVectors[] coarseKeys;
    private final float[][] values;
    private final float[] mean;
    private final int expectedTokens;
    private int capacity;
    private int length;
    private int numFineWindows;
    private int numCoarseWindows;

    /** @param expectedTokens most tokens to come: room is not doubled past them */
    CpuKvCache(ModelConfig config, int expectedTokens) {
        this.expectedTokens = expectedTokens;
        numKvHeads = config.numKvHeads();
        headDim = config.headDim();
        paddedDim = SmallMatMul.padded(headDim);
        sparse = config.sparse();
        keys = new InterleavedVectors[numKvHeads];
        fineKeys = new InterleavedVectors[numKvHeads];
        coarseKeys = new InterleavedVectors[numKvHeads];
        values = new float[numKvHeads][0];
        for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
            keys[kvHead] = new InterleavedVectors(headDim);
            fineKeys[kvHead] = new InterleavedVectors(headDim);
            coarseKeys[kvHead] = new InterleavedVectors(headDim);
        }
        mean = new float[headDim];
    }

    private CpuKvCache(CpuKvCache other) {
        numKvHeads = other.numKvHeads;
        headDim = other.headDim;
        paddedDim = other.paddedDim;
        sparse = other.sparse;
        length = other.length;
        numFineWindows = other.numFineWindows;
        numCoarseWindows = other.numCoarseWindows;
        expectedTokens = other.expectedTokens;
        capacity = other.capacity;
        keys = copy(other.keys);
        fineKeys = copy(other.fineKeys);
        coarseKeys = copy(other.coarseKeys);
        values = new float[numKvHeads][];
        for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
            values[kvHead] = other.values[kvHead].clone();
        }
        mean = new float[headDim];
    }

    @Override
    public int length() {
        return length;
    }

    /** Keys of a KV head; token {@code t} is vector {@code t}. */
    float[] keys(int kvHead) {
        return keys[kvHead].data();
    }

    /** Values of a KV head, {@code [tokens, paddedDim]}. */
    float[] values(int kvHead) {
        return values[kvHead];
    }

    /** Fine compressed keys of a KV head; window {@code j} is vector {@code j}. */
    float[] fineKeys(int kvHead) {
        return fineKeys[kvHead].data();
    }

    /** Coarse compressed keys of a KV head. */
    float[] coarseKeys(int kvHead) {
        return coarseKeys[kvHead].data();
    }

    /**
     * Adds tokens behind the last one and the compressed keys of the windows that they complete.
     *
     * @param k {@code [count, numKvHeads, headDim]}
     * @param v likewise
     * @throws IllegalStateException if more tokens than an array can hold would be cached; nothing has changed then
     */
    void append(float[] k, float[] v, int count) {
        int kvWidth = numKvHeads * headDim;
        Objects.checkFromIndexSize(0, Math.multiplyExact(count, kvWidth), Math.min(k.length, v.length));
        reserve((long) length + count);
        for (int token = 0; token < count; token++) {
            for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
                int source = token * kvWidth + kvHead * headDim;
                keys[kvHead].set(length + token, k, source);
                System.arraycopy(v, source, values[kvHead], (length + token) * paddedDim, headDim);
            }
        }
        length += count;
        numFineWindows = compress(fineKeys, numFineWindows, sparse.kernelSize(), sparse.kernelStride());
        numCoarseWindows =
                compress(coarseKeys, numCoarseWindows, sparse.coarseKernelSize(), sparse.coarseKernelStride());
    }

    @Override
    public void append(double[] newKeys, double[] newValues, int count) {
        int size = Math.multiplyExact(count, numKvHeads * headDim);
        Objects.checkFromIndexSize(0, size, Math.min(newKeys.length, newValues.length));
        append(narrow(newKeys, size), narrow(newValues, size), count);
    }

    @Override
    public void read(int position, int count, double[] keysOut, double[] valuesOut) {
        Objects.checkFromIndexSize(position, count, length);
        int kvWidth = numKvHeads * headDim;
        Objects.checkFromIndexSize(0, Math.multiplyExact(count, kvWidth), Math.min(keysOut.length, valuesOut.length));
        for (int token = 0; token < count; token++) {
            for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
                int target = token * kvWidth + kvHead * headDim;
                for (int channel = 0; channel < headDim; channel++) {
                    keysOut[target + channel] = keys[kvHead].get(position + token, channel);
                    valuesOut[target + channel] = values[kvHead][(position + token) * paddedDim + channel];
                }
            }
        }
    }

    /** Forgets all tokens and keeps the memory. */
    void clear() {
        length = 0;
        numFineWindows = 0;
        numCoarseWindows = 0;
    }

    /** A cache with the same tokens, and the same room for more, that goes its own way. */
    CpuKvCache copy() {
        return new CpuKvCache(this);
    }

    private void reserve(long tokens) {
        if (tokens <= capacity) {
            return;
        }
        int most = InterleavedVectors.maxCount(paddedDim);
        if (tokens > most) {
            throw new IllegalStateException(
                    "a KV cache of head size %d holds at most %d tokens, asked for %d: use a shorter context"
                            .formatted(headDim, most, tokens));
        }
        long doubled = Math.min(expectedTokens, Math.max(MIN_CAPACITY, 2L * capacity));
        int newCapacity = Math.min(most, roundUp((int) Math.min(most, Math.max(tokens, doubled))));
        for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
            keys[kvHead].reserve(newCapacity);
            fineKeys[kvHead].reserve(roundUp(windows(newCapacity, sparse.kernelSize(), sparse.kernelStride())));
            coarseKeys[kvHead].reserve(
                    roundUp(windows(newCapacity, sparse.coarseKernelSize(), sparse.coarseKernelStride())));
            values[kvHead] = Arrays.copyOf(values[kvHead], newCapacity * paddedDim);
        }
        capacity = newCapacity;
    }

    /** Adds the means of windows from {@code firstWindow} on and returns how many windows there are now. */
    private int compress(InterleavedVectors[] compressed, int firstWindow, int kernelSize, int kernelStride) {
        int numWindows = windows(length, kernelSize, kernelStride);
        for (int window = firstWindow; window < numWindows; window++) {
            for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
                for (int channel = 0; channel < headDim; channel++) {
                    mean[channel] = keys[kvHead].mean(window * kernelStride, kernelSize, channel);
                }
                compressed[kvHead].set(window, mean, 0);
            }
        }
        return numWindows;
    }

    /** Windows that lie wholly inside the first {@code tokens} tokens. */
    static int windows(int tokens, int kernelSize, int kernelStride) {
        return tokens < kernelSize ? 0 : (tokens - kernelSize) / kernelStride + 1;
    }

    private static int roundUp(int count) {
        return Math.addExact(count, LANES - 1) / LANES * LANES;
    }

    private static InterleavedVectors[] copy(InterleavedVectors[] vectors) {
        return Arrays.stream(vectors).map(InterleavedVectors::copy).toArray(InterleavedVectors[]::new);
    }

    private static float[] narrow(double[] source, int size) {
        float[] target = new float[size];
        for (int i = 0; i < size; i++) {
            target[i] = (float) source[i];
        }
        return target;
    }
}
