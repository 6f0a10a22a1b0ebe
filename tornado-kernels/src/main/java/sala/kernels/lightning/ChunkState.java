package sala.kernels.lightning;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * First phase of chunked prefill: what each chunk alone adds to the state.
 *
 * <pre>  chunkStates[c, h, i, j] = sum over b of exp(-decaySlopes[h] (n - 1 - b)) k[b, h, i] v[b, h, j]  </pre>
 *
 * <p>{@code b} counts the tokens of chunk {@code c} from 0, {@code n} is their real number: {@code chunkSize}, or what is
 * left for the last chunk.
 *
 * <p>Launch: a work group of {@value #LANES} lanes a tile of {@value #TILE} key by {@value #TILE} value channels; a lane
 * sums 4 by 4 of them in f32. Keys, decayed as they come, and values pass through local memory, {@value #TOKENS} tokens at
 * a time. Ground truth: {@link sala.kernels.reference.LightningAttention#chunkedPrefill}.
 */
public final class ChunkState {
    private static final int LANES = 256;
    private static final int TILE = 64;
    private static final int TOKENS = 16;

    private ChunkState() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param k {@code [T, numHeads, headDim]}, f32, after norm and rotation
     * @param v {@code [T, numHeads, headDim]}, f32
     * @param decaySlopes {@code [numHeads]}, f32, see {@link LightningDecay#slopes}
     * @param chunkStates {@code [maxChunks, numHeads, headDim, headDim]}, f32; those of the call's chunks are written
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray k,
            FloatArray v,
            FloatArray decaySlopes,
            FloatArray chunkStates,
            int chunkSize,
            int numHeads,
            int headDim) {
        float[] keyTile = context.allocateFloatLocalArray(TOKENS * TILE);
        float[] valueTile = context.allocateFloatLocalArray(TOKENS * TILE);
        int lane = context.localIdx;
        int group = context.groupIdx;
        int tiles = (headDim + TILE - 1) / TILE;
        int chunkAndHead = group / (tiles * tiles);
        int tile = group - chunkAndHead * tiles * tiles;
        int chunk = chunkAndHead / numHeads;
        int head = chunkAndHead - chunk * numHeads;
        int firstKey = (tile / tiles) * TILE;
        int firstValue = (tile - (tile / tiles) * tiles) * TILE;
        int start = chunk * chunkSize;
        int length = TornadoMath.min(chunkSize, step.get(Step.NUM_TOKENS) - start);
        float slope = decaySlopes.get(head);
        int loadedChannel = lane % TILE;
        int loadedToken = lane / TILE;
        int y = lane / 16;
        int x = lane - y * 16;
        float sum00 = 0f;
        float sum01 = 0f;
        float sum02 = 0f;
        float sum03 = 0f;
        float sum10 = 0f;
        float sum11 = 0f;
        float sum12 = 0f;
        float sum13 = 0f;
        float sum20 = 0f;
        float sum21 = 0f;
        float sum22 = 0f;
        float sum23 = 0f;
        float sum30 = 0f;
        float sum31 = 0f;
        float sum32 = 0f;
        float sum33 = 0f;
        for (int from = 0; from < length; from += TOKENS) {
            for (int first = 0; first < TOKENS; first += LANES / TILE) {
                int t = first + loadedToken;
                float key = 0f;
                float value = 0f;
                int b = from + t;
                if (b < length) {
                    int row = ((start + b) * numHeads + head) * headDim;
                    if (firstKey + loadedChannel < headDim) {
                        float keyDecay = TornadoMath.exp(-slope * (length - 1 - b));
                        key = keyDecay * k.get(row + firstKey + loadedChannel);
                    }
                    if (firstValue + loadedChannel < headDim) {
                        value = v.get(row + firstValue + loadedChannel);
                    }
                }
                keyTile[t * TILE + loadedChannel] = key;
                valueTile[t * TILE + loadedChannel] = value;
            }
            context.localBarrier();
            for (int t = 0; t < TOKENS; t++) {
                float a0 = keyTile[t * TILE + y];
                float a1 = keyTile[t * TILE + y + 16];
                float a2 = keyTile[t * TILE + y + 32];
                float a3 = keyTile[t * TILE + y + 48];
                float b0 = valueTile[t * TILE + x];
                float b1 = valueTile[t * TILE + x + 16];
                float b2 = valueTile[t * TILE + x + 32];
                float b3 = valueTile[t * TILE + x + 48];
                sum00 += a0 * b0;
                sum01 += a0 * b1;
                sum02 += a0 * b2;
                sum03 += a0 * b3;
                sum10 += a1 * b0;
                sum11 += a1 * b1;
                sum12 += a1 * b2;
                sum13 += a1 * b3;
                sum20 += a2 * b0;
                sum21 += a2 * b1;
                sum22 += a2 * b2;
                sum23 += a2 * b3;
                sum30 += a3 * b0;
                sum31 += a3 * b1;
                sum32 += a3 * b2;
                sum33 += a3 * b3;
            }
            context.localBarrier();
        }
        if (length > 0) {
            int state = (chunk * numHeads + head) * headDim * headDim;
            storeRow(chunkStates, state, firstKey + y, firstValue + x, headDim, sum00, sum01, sum02, sum03);
            storeRow(chunkStates, state, firstKey + y + 16, firstValue + x, headDim, sum10, sum11, sum12, sum13);
            storeRow(chunkStates, state, firstKey + y + 32, firstValue + x, headDim, sum20, sum21, sum22, sum23);
            storeRow(chunkStates, state, firstKey + y + 48, firstValue + x, headDim, sum30, sum31, sum32, sum33);
        }
    }

    /** Writes four value channels, 16 apart, of one key channel, as far as they exist. */
    private static void storeRow(
            FloatArray chunkStates,
            int state,
            int key,
            int value,
            int headDim,
            float sum0,
            float sum1,
            float sum2,
            float sum3) {
        int index = state + key * headDim + value;
        if (key < headDim) {
            if (value < headDim) {
                chunkStates.set(index, sum0);
            }
            if (value + 16 < headDim) {
                chunkStates.set(index + 16, sum1);
            }
            if (value + 32 < headDim) {
                chunkStates.set(index + 32, sum2);
            }
            if (value + 48 < headDim) {
                chunkStates.set(index + 48, sum3);
            }
        }
    }

    /** Adds the phase to a graph; the sizes are checked by {@link ChunkedPrefill#addTo}. */
    static void addTo(
            KernelGraph graph,
            String task,
            IntArray step,
            FloatArray k,
            FloatArray v,
            FloatArray decaySlopes,
            FloatArray chunkStates,
            int maxChunks,
            int chunkSize,
            int numHeads,
            int headDim) {
        KernelArguments.requireShape(
                "chunkStates",
                chunkStates,
                "[maxChunks, numHeads, headDim, headDim]",
                maxChunks,
                numHeads,
                headDim,
                headDim);
        graph.taskGraph()
                .task(
                        task,
                        ChunkState::compute,
                        graph.context(),
                        step,
                        k,
                        v,
                        decaySlopes,
                        chunkStates,
                        chunkSize,
                        numHeads,
                        headDim);
        long tiles = WorkGroups.covering(headDim, TILE);
        graph.grid(task, WorkGroups.grid((long) maxChunks * numHeads * tiles * tiles, LANES));
    }
}
