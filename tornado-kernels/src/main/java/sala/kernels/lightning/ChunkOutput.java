package sala.kernels.lightning;

import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Third phase of chunked prefill: the output of every token, from the state before its chunk and from the chunk itself.
 *
 * <pre>
 *   out[a] = attentionScale (decay^(a+1) q[a]^T S + sum over b &lt;= a of decay^(a-b) (q[a] . k[b]) v[b])
 *   decay  = exp(-decaySlopes[h]),  S = chunkStates[c, h] as {@link ChunkScan} leaves it,  a, b count from the chunk's start
 * </pre>
 *
 * <p>Launch: a work group of {@value #LANES} lanes a tile of {@value #TILE} tokens by {@value #TILE} value channels; a lane
 * sums 4 by 4 of them in f32. Tiles pass through local memory, {@value #DEPTH} terms of a sum at a time; the decayed
 * products {@code q . k} of {@value #TILE} by {@value #TILE} tokens are held there whole. A chunk longer than a tile takes
 * several. Ground truth: {@link sala.kernels.reference.LightningAttention#chunkedPrefill}.
 */
public final class ChunkOutput {
    private static final int LANES = 256;
    private static final int TILE = 64;
    private static final int DEPTH = 16;
    /** Odd, so that a column of a tile lies in different banks of local memory. */
    private static final int COLUMN_STRIDE = TILE + 1;

    private static final int SCORE_STRIDE = TILE + 1;

    private ChunkOutput() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param q {@code [T, numHeads, headDim]}, f32, after norm and rotation
     * @param k {@code [T, numHeads, headDim]}, f32, likewise
     * @param v {@code [T, numHeads, headDim]}, f32
     * @param decaySlopes {@code [numHeads]}, f32, see {@link LightningDecay#slopes}
     * @param chunkStates {@code [maxChunks, numHeads, headDim, headDim]}, f32, the state before each chunk
     * @param out {@code [T, numHeads, headDim]}, f32
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray q,
            FloatArray k,
            FloatArray v,
            FloatArray decaySlopes,
            FloatArray chunkStates,
            FloatArray out,
            int chunkSize,
            int numHeads,
            int headDim,
            float attentionScale) {
        float[] columns = context.allocateFloatLocalArray(DEPTH * COLUMN_STRIDE);
        float[] rows = context.allocateFloatLocalArray(DEPTH * COLUMN_STRIDE);
        float[] scores = context.allocateFloatLocalArray(TILE * SCORE_STRIDE);
        int lane = context.localIdx;
        int group = context.groupIdx;
        int valueTiles = (headDim + TILE - 1) / TILE;
        int rowTiles = (chunkSize + TILE - 1) / TILE;
        int rest = group / valueTiles;
        int firstValue = (group - rest * valueTiles) * TILE;
        int chunkAndRow = rest / numHeads;
        int head = rest - chunkAndRow * numHeads;
        int chunk = chunkAndRow / rowTiles;
        int firstRow = (chunkAndRow - chunk * rowTiles) * TILE;
        int start = chunk * chunkSize;
        int length = TornadoMath.min(chunkSize, step.get(Step.NUM_TOKENS) - start);
        // A group past the call's tokens has nothing to sum, but meets the barriers as all do.
        int depth = firstRow < length ? headDim : 0;
        int lastColumn = firstRow < length ? firstRow : -1;
        float slope = decaySlopes.get(head);
        int state = (chunk * numHeads + head) * headDim * headDim;
        int y = lane / 16;
        int x = lane - y * 16;
        int wideToken = lane / TILE;
        int wideChannel = lane - wideToken * TILE;
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

        // q[a]^T S, then decayed by row.
        for (int from = 0; from < depth; from += DEPTH) {
            for (int first = 0; first < TILE; first += LANES / DEPTH) {
                int a = first + y;
                columns[x * COLUMN_STRIDE + a] =
                        channel(q, start + firstRow + a, start + length, from + x, head, numHeads, headDim);
            }
            for (int first = 0; first < DEPTH; first += LANES / TILE) {
                int i = first + wideToken;
                float value = 0f;
                if (from + i < headDim && firstValue + wideChannel < headDim) {
                    value = chunkStates.get(state + (from + i) * headDim + firstValue + wideChannel);
                }
                rows[i * COLUMN_STRIDE + wideChannel] = value;
            }
            context.localBarrier();
            for (int i = 0; i < DEPTH; i++) {
                float a0 = columns[i * COLUMN_STRIDE + y];
                float a1 = columns[i * COLUMN_STRIDE + y + 16];
                float a2 = columns[i * COLUMN_STRIDE + y + 32];
                float a3 = columns[i * COLUMN_STRIDE + y + 48];
                float b0 = rows[i * COLUMN_STRIDE + x];
                float b1 = rows[i * COLUMN_STRIDE + x + 16];
                float b2 = rows[i * COLUMN_STRIDE + x + 32];
                float b3 = rows[i * COLUMN_STRIDE + x + 48];
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
        float queryDecay0 = TornadoMath.exp(-slope * (firstRow + y + 1));
        float queryDecay1 = TornadoMath.exp(-slope * (firstRow + y + 17));
        float queryDecay2 = TornadoMath.exp(-slope * (firstRow + y + 33));
        float queryDecay3 = TornadoMath.exp(-slope * (firstRow + y + 49));
        sum00 *= queryDecay0;
        sum01 *= queryDecay0;
        sum02 *= queryDecay0;
        sum03 *= queryDecay0;
        sum10 *= queryDecay1;
        sum11 *= queryDecay1;
        sum12 *= queryDecay1;
        sum13 *= queryDecay1;
        sum20 *= queryDecay2;
        sum21 *= queryDecay2;
        sum22 *= queryDecay2;
        sum23 *= queryDecay2;
        sum30 *= queryDecay3;
        sum31 *= queryDecay3;
        sum32 *= queryDecay3;
        sum33 *= queryDecay3;

        // The chunk's own tokens, up to the row's.
        for (int firstColumn = 0; firstColumn <= lastColumn; firstColumn += TILE) {
            float score00 = 0f;
            float score01 = 0f;
            float score02 = 0f;
            float score03 = 0f;
            float score10 = 0f;
            float score11 = 0f;
            float score12 = 0f;
            float score13 = 0f;
            float score20 = 0f;
            float score21 = 0f;
            float score22 = 0f;
            float score23 = 0f;
            float score30 = 0f;
            float score31 = 0f;
            float score32 = 0f;
            float score33 = 0f;
            for (int from = 0; from < depth; from += DEPTH) {
                for (int first = 0; first < TILE; first += LANES / DEPTH) {
                    int a = first + y;
                    columns[x * COLUMN_STRIDE + a] =
                            channel(q, start + firstRow + a, start + length, from + x, head, numHeads, headDim);
                    rows[x * COLUMN_STRIDE + a] =
                            channel(k, start + firstColumn + a, start + length, from + x, head, numHeads, headDim);
                }
                context.localBarrier();
                for (int i = 0; i < DEPTH; i++) {
                    float a0 = columns[i * COLUMN_STRIDE + y];
                    float a1 = columns[i * COLUMN_STRIDE + y + 16];
                    float a2 = columns[i * COLUMN_STRIDE + y + 32];
                    float a3 = columns[i * COLUMN_STRIDE + y + 48];
                    float b0 = rows[i * COLUMN_STRIDE + x];
                    float b1 = rows[i * COLUMN_STRIDE + x + 16];
                    float b2 = rows[i * COLUMN_STRIDE + x + 32];
                    float b3 = rows[i * COLUMN_STRIDE + x + 48];
                    score00 += a0 * b0;
                    score01 += a0 * b1;
                    score02 += a0 * b2;
                    score03 += a0 * b3;
                    score10 += a1 * b0;
                    score11 += a1 * b1;
                    score12 += a1 * b2;
                    score13 += a1 * b3;
                    score20 += a2 * b0;
                    score21 += a2 * b1;
                    score22 += a2 * b2;
                    score23 += a2 * b3;
                    score30 += a3 * b0;
                    score31 += a3 * b1;
                    score32 += a3 * b2;
                    score33 += a3 * b3;
                }
                context.localBarrier();
            }
            int distance = firstRow + y - firstColumn - x;
            scores[y * SCORE_STRIDE + x] = decayed(score00, slope, distance);
            scores[y * SCORE_STRIDE + x + 16] = decayed(score01, slope, distance - 16);
            scores[y * SCORE_STRIDE + x + 32] = decayed(score02, slope, distance - 32);
            scores[y * SCORE_STRIDE + x + 48] = decayed(score03, slope, distance - 48);
            scores[(y + 16) * SCORE_STRIDE + x] = decayed(score10, slope, distance + 16);
            scores[(y + 16) * SCORE_STRIDE + x + 16] = decayed(score11, slope, distance + 16 - 16);
            scores[(y + 16) * SCORE_STRIDE + x + 32] = decayed(score12, slope, distance + 16 - 32);
            scores[(y + 16) * SCORE_STRIDE + x + 48] = decayed(score13, slope, distance + 16 - 48);
            scores[(y + 32) * SCORE_STRIDE + x] = decayed(score20, slope, distance + 32);
            scores[(y + 32) * SCORE_STRIDE + x + 16] = decayed(score21, slope, distance + 32 - 16);
            scores[(y + 32) * SCORE_STRIDE + x + 32] = decayed(score22, slope, distance + 32 - 32);
            scores[(y + 32) * SCORE_STRIDE + x + 48] = decayed(score23, slope, distance + 32 - 48);
            scores[(y + 48) * SCORE_STRIDE + x] = decayed(score30, slope, distance + 48);
            scores[(y + 48) * SCORE_STRIDE + x + 16] = decayed(score31, slope, distance + 48 - 16);
            scores[(y + 48) * SCORE_STRIDE + x + 32] = decayed(score32, slope, distance + 48 - 32);
            scores[(y + 48) * SCORE_STRIDE + x + 48] = decayed(score33, slope, distance + 48 - 48);
            for (int from = 0; from < TILE; from += DEPTH) {
                for (int first = 0; first < DEPTH; first += LANES / TILE) {
                    int i = first + wideToken;
                    rows[i * COLUMN_STRIDE + wideChannel] = channel(
                            v,
                            start + firstColumn + from + i,
                            start + length,
                            firstValue + wideChannel,
                            head,
                            numHeads,
                            headDim);
                }
                context.localBarrier();
                for (int i = 0; i < DEPTH; i++) {
                    float a0 = scores[y * SCORE_STRIDE + from + i];
                    float a1 = scores[(y + 16) * SCORE_STRIDE + from + i];
                    float a2 = scores[(y + 32) * SCORE_STRIDE + from + i];
                    float a3 = scores[(y + 48) * SCORE_STRIDE + from + i];
                    float b0 = rows[i * COLUMN_STRIDE + x];
                    float b1 = rows[i * COLUMN_STRIDE + x + 16];
                    float b2 = rows[i * COLUMN_STRIDE + x + 32];
                    float b3 = rows[i * COLUMN_STRIDE + x + 48];
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
        }

        int firstOut = ((start + firstRow + y) * numHeads + head) * headDim + firstValue + x;
        int rowsLeft = length - firstRow - y;
        int valuesLeft = headDim - firstValue - x;
        int rowStride = 16 * numHeads * headDim;
        if (rowsLeft > 0) {
            storeRow(out, firstOut, valuesLeft, attentionScale, sum00, sum01, sum02, sum03);
        }
        if (rowsLeft > 16) {
            storeRow(out, firstOut + rowStride, valuesLeft, attentionScale, sum10, sum11, sum12, sum13);
        }
        if (rowsLeft > 32) {
            storeRow(out, firstOut + 2 * rowStride, valuesLeft, attentionScale, sum20, sum21, sum22, sum23);
        }
        if (rowsLeft > 48) {
            storeRow(out, firstOut + 3 * rowStride, valuesLeft, attentionScale, sum30, sum31, sum32, sum33);
        }
    }

    /** A channel of a head of a token, 0 from {@code end} on and past the last channel. */
    private static float channel(
            FloatArray array, int token, int end, int channel, int head, int numHeads, int headDim) {
        float value = 0f;
        if (token < end && channel < headDim) {
            value = array.get((token * numHeads + head) * headDim + channel);
        }
        return value;
    }

    /** {@code score} times {@code decay^distance}, 0 for a later token. */
    private static float decayed(float score, float slope, int distance) {
        float result = 0f;
        if (distance >= 0) {
            result = score * TornadoMath.exp(-slope * distance);
        }
        return result;
    }

    /** Writes four value channels, 16 apart, as far as they exist. */
    private static void storeRow(
            FloatArray out,
            int index,
            int valuesLeft,
            float attentionScale,
            float sum0,
            float sum1,
            float sum2,
            float sum3) {
        if (valuesLeft > 0) {
            out.set(index, attentionScale * sum0);
        }
        if (valuesLeft > 16) {
            out.set(index + 16, attentionScale * sum1);
        }
        if (valuesLeft > 32) {
            out.set(index + 32, attentionScale * sum2);
        }
        if (valuesLeft > 48) {
            out.set(index + 48, attentionScale * sum3);
        }
    }

    /** Adds the phase to a graph; the sizes are checked by {@link ChunkedPrefill#addTo}. */
    static void addTo(
            KernelGraph graph,
            String task,
            IntArray step,
            FloatArray q,
            FloatArray k,
            FloatArray v,
            FloatArray decaySlopes,
            FloatArray chunkStates,
            FloatArray out,
            int maxChunks,
            int chunkSize,
            int numHeads,
            int headDim,
            float attentionScale) {
        graph.taskGraph()
                .task(
                        task,
                        ChunkOutput::compute,
                        graph.context(),
                        step,
                        q,
                        k,
                        v,
                        decaySlopes,
                        chunkStates,
                        out,
                        chunkSize,
                        numHeads,
                        headDim,
                        attentionScale);
        long tiles = WorkGroups.covering(chunkSize, TILE) * WorkGroups.covering(headDim, TILE);
        graph.grid(task, WorkGroups.grid((long) maxChunks * numHeads * tiles, LANES));
    }
}
