package sala.kernels.sparse;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import sala.kernels.attention.AttentionArguments;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * {@link SparseAttentionF16} of many tokens on tensor cores, with asynchronous copies: on CUDA.
 *
 * <pre>
 *   out[t, h] = sum over j of softmax_j(attentionScale q[t, h] . keys[g, j]) values[g, j],   g = h / groupSize,
 *               j &lt;= position + t and floor(j / blockSize) in selectedBlocks[t, g]
 * </pre>
 *
 * <p>A work group takes the heads of a KV head of one token after another, up to {@value #ROWS} at a time, which are the
 * rows of a fragment. Keys pass in segments of {@value #SEGMENT}: first {@code scores = keys q^T} of all its tiles, then
 * the numerators of the softmax, then {@code numerators values}. A fragment cannot be scaled, so the sum over the segments
 * is kept in {@code out} and scaled there when a larger score appears. The denominators are products with a column of
 * ones, so that they are sums of the rounded numerators. Queries, already scaled, and numerators are rounded to f16; sums
 * are f32.
 *
 * <p>Launch: {@code scratch.numWorkGroups} of {@value #LANES} lanes, a few for each processor of the device: of a tile of
 * {@value #KEYS} keys each of four warps computes the scores of 16, and a quarter of the channels. Ground truth:
 * {@link sala.kernels.reference.SparseAttention}.
 */
public final class TensorSparseAttention {
    private static final int LANES = 128;
    /** Query heads of a fragment. */
    private static final int ROWS = 16;
    /** Keys of a tile. */
    private static final int KEYS = 64;
    /** Keys between two corrections of the running maximum. */
    private static final int SEGMENT = 256;

    private static final int MAX_HEAD_DIM = AttentionArguments.MAX_HEAD_DIM;
    private static final int FRAGMENT_DEPTH = 16;
    private static final int FRAGMENT_INTS = 128;
    /** A fragment of keys; the padding moves neighbours along the channels to other banks. */
    private static final int KEY_FRAGMENT_INTS = FRAGMENT_INTS + 8;
    /** Eight channels of a tile's values; the padding moves neighbours to other banks. */
    private static final int VALUE_PANEL_INTS = KEYS * 4 + 4;

    private static final int VALUE_PANEL_BYTES = VALUE_PANEL_INTS * Integer.BYTES;
    /** The keys of a fragment of values. */
    private static final int DEPTH_BYTES = FRAGMENT_DEPTH * 16;
    /** Eight heads of the queries, likewise. */
    private static final int QUERY_PANEL_INTS = MAX_HEAD_DIM * 4 + 4;
    /** The larger of the tiles of keys and of values. */
    private static final int TILE_INTS = KEYS / 16 * (MAX_HEAD_DIM / FRAGMENT_DEPTH) * KEY_FRAGMENT_INTS;

    private static final int WEIGHT_INTS = KEYS / FRAGMENT_DEPTH * FRAGMENT_INTS;
    /** 2 more than a multiple of 32, so that 16 rows of two neighbouring keys meet 32 banks. */
    private static final int SCORE_STRIDE = SEGMENT + 2;
    /** A row of weighted values: the channels, then 8 times the denominator. */
    private static final int RESULT_STRIDE = MAX_HEAD_DIM + 8;

    /** 1 and 1 in f16. */
    private static final int TWO_ONES = 0x3c003c00;
    /** Score of a key that a row does not see; finite, since some devices compile without infinities. */
    private static final float MASKED = -1e30f;
    /** Above {@link #MASKED}, below every score. */
    private static final float VISIBLE = -0.5e30f;

    static final int SCRATCH_FLOATS = SEGMENT * ROWS + ROWS * RESULT_STRIDE;
    static final int SCRATCH_HALFS = MAX_HEAD_DIM * ROWS + SEGMENT * ROWS;

    private TensorSparseAttention() {}

    /** Whether the kernel has this head dim. */
    public static boolean supports(int headDim) {
        return headDim == 32 || headDim == 64 || headDim == 128;
    }

    /**
     * Adds attention of many tokens to a graph.
     *
     * @param q {@code [tokenCapacity, numHeads, headDim]}, f32
     * @param keys {@code [numKvHeads, capacity, headDim]}, f16, those of the call appended
     * @param values as keys
     * @param selectedBlocks {@code [tokenCapacity, numKvHeads, maxSelected]}, ascending, padded with -1; at least one
     *     block, none past the token's own
     * @param out {@code [tokenCapacity, numHeads, headDim]}, f32; the call's tokens are written
     * @param scratch of the work groups
     * @param step see {@link Step}
     * @param shape heads; a headDim of 32, 64 or 128
     * @param layout of the cache
     * @param blockSize tokens of a block
     * @param maxSelected length of a block list
     * @param tokenCapacity most tokens of a call
     * @throws IllegalArgumentException if an array is null or too small, or the head dim is another
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray q,
            HalfFloatArray keys,
            HalfFloatArray values,
            IntArray selectedBlocks,
            FloatArray out,
            TensorAttentionScratch scratch,
            IntArray step,
            AttentionShape shape,
            CacheLayout layout,
            int blockSize,
            int maxSelected,
            int tokenCapacity) {
        AttentionArguments.requireHeads(shape, layout);
        KernelArguments.requireOneOf("headDim", shape.headDim(), 32, 64, 128);
        AttentionArguments.requireArrays(q, keys, values, out, step, shape, layout, tokenCapacity);
        KernelArguments.requireAtLeast("blockSize", 1, blockSize);
        KernelArguments.requireAtLeast("maxSelected", 1, maxSelected);
        KernelArguments.requireShape(
                "selectedBlocks",
                selectedBlocks,
                "[tokenCapacity, numKvHeads, maxSelected]",
                tokenCapacity,
                shape.numKvHeads(),
                maxSelected);
        graph.taskGraph()
                .task(
                        task,
                        TensorSparseAttention::attend,
                        graph.context(),
                        q,
                        keys,
                        values,
                        selectedBlocks,
                        out,
                        scratch.results(),
                        scratch.operands(),
                        step,
                        shape.groupSize(),
                        shape.numKvHeads(),
                        shape.headDim(),
                        layout.capacity(),
                        blockSize,
                        maxSelected,
                        scratch.numWorkGroups(),
                        (float) shape.attentionScale());
        graph.grid(task, WorkGroups.grid(scratch.numWorkGroups(), LANES));
    }

    /** The kernel; see {@link #addTo} for the arrays. */
    public static void attend(
            KernelContext context,
            FloatArray q,
            HalfFloatArray keys,
            HalfFloatArray values,
            IntArray selectedBlocks,
            FloatArray out,
            FloatArray results,
            HalfFloatArray operands,
            IntArray step,
            int groupSize,
            int numKvHeads,
            int headDim,
            int capacity,
            int blockSize,
            int maxSelected,
            int numWorkGroups,
            float attentionScale) {
        int[] tile = context.allocateIntLocalArray(TILE_INTS); // of keys, then of values
        int[] queries = context.allocateIntLocalArray(2 * QUERY_PANEL_INTS);
        int[] weights = context.allocateIntLocalArray(WEIGHT_INTS); // numerators of a tile
        int[] ones = context.allocateIntLocalArray(FRAGMENT_DEPTH * 4);
        int[] positions = context.allocateIntLocalArray(SEGMENT); // of the segment's keys, -1 for those not seen
        float[] scores = context.allocateFloatLocalArray(ROWS * SCORE_STRIDE);
        float[] laneMaxima = context.allocateFloatLocalArray(LANES);
        float[] rowMaxima = context.allocateFloatLocalArray(ROWS);
        float[] rescale = context.allocateFloatLocalArray(ROWS);
        float[] rowSums = context.allocateFloatLocalArray(ROWS);

        int lane = context.localIdx;
        int workGroup = context.groupIdx;
        int warp = lane / 32;
        int numHeads = groupSize * numKvHeads;
        int headTiles = (groupSize + ROWS - 1) / ROWS;
        int numItems = step.get(Step.NUM_TOKENS) * numKvHeads * headTiles;
        int depthSteps = headDim / FRAGMENT_DEPTH;
        // Copies: a word is two channels of a key, neighbouring lanes have neighbouring words.
        int keyWords = headDim / 2;
        int firstKey = lane / keyWords;
        int keysAtATime = LANES / keyWords;
        int word = lane % keyWords;
        int keySlot = word / 8 * KEY_FRAGMENT_INTS + word % 8;
        int keyTileRow = depthSteps * KEY_FRAGMENT_INTS; // of 16 keys
        int valueSlot = word / 4 * VALUE_PANEL_INTS + word % 4;
        // Outputs: a warp has 32 channels; one that finds none left computes the first again and keeps nothing.
        int warpChannel = warp * 32 < headDim ? warp * 32 : 0;
        int valueBytes = warpChannel / 8 * VALUE_PANEL_BYTES;
        int firstRowOfLane = lane / headDim;
        int rowsAtATime = LANES / headDim;
        int channel = lane % headDim;
        int scoreBase = workGroup * SCRATCH_FLOATS;
        int resultBase = scoreBase + SEGMENT * ROWS;
        int queryBase = workGroup * SCRATCH_HALFS;
        int weightBase = queryBase + MAX_HEAD_DIM * ROWS;

        for (int i = lane; i < FRAGMENT_DEPTH * 4; i += LANES) {
            ones[i] = TWO_ONES;
        }
        for (int item = workGroup; item < numItems; item += numWorkGroups) {
            int firstHead = item % headTiles * ROWS;
            int kvHead = item / headTiles % numKvHeads;
            int token = item / headTiles / numKvHeads;
            int position = step.get(Step.POSITION) + token;
            int firstVector = token * numHeads + kvHead * groupSize + firstHead;
            int numRows = TornadoMath.min(ROWS, groupSize - firstHead);
            int cacheRow = kvHead * capacity;
            int blockList = (token * numKvHeads + kvHead) * maxSelected;
            int endSlot = blocksOf(selectedBlocks, blockList, maxSelected) * blockSize;

            for (int row = firstRowOfLane; row < ROWS; row += rowsAtATime) {
                float query = 0f;
                if (row < numRows) {
                    query = attentionScale * q.get((firstVector + row) * headDim + channel);
                }
                operands.set(queryBase + channel * ROWS + row, new HalfFloat(query));
            }
            if (lane < ROWS) {
                rowMaxima[lane] = MASKED;
                rowSums[lane] = 0f;
            }
            context.globalBarrier();
            for (int i = lane; i < headDim * ROWS / 2; i += LANES) {
                int target = i % 8 / 4 * QUERY_PANEL_INTS + i / 8 * 4 + i % 4;
                context.asyncCopyToLocal(queries, target, operands, queryBase + i * 2);
            }
            context.asyncCopyCommit();

            for (int firstSlot = 0; firstSlot < endSlot; firstSlot += SEGMENT) {
                for (int i = lane; i < SEGMENT; i += LANES) {
                    int slot = firstSlot + i;
                    int keyPosition = -1;
                    if (slot < endSlot) {
                        keyPosition = selectedBlocks.get(blockList + slot / blockSize) * blockSize + slot % blockSize;
                    }
                    if (keyPosition > position) {
                        keyPosition = -1;
                    }
                    positions[i] = keyPosition;
                }
                context.localBarrier();
                int numTiles = (TornadoMath.min(SEGMENT, endSlot - firstSlot) + KEYS - 1) / KEYS;
                int numSlots = numTiles * KEYS;
                for (int keyTile = 0; keyTile < numTiles; keyTile++) {
                    // In place of a key that is not seen, position 0 is loaded; its score is masked.
                    for (int key = firstKey; key < KEYS; key += keysAtATime) {
                        int row = cacheRow + TornadoMath.max(0, positions[keyTile * KEYS + key]);
                        int target = key / 16 * keyTileRow + key % 16 * 8 + keySlot;
                        context.asyncCopyToLocal(tile, target, keys, row * headDim + word * 2);
                    }
                    context.asyncCopyCommit();
                    context.asyncCopyWaitGroup(0);
                    context.localBarrier();
                    float[] scores0 = context.mmaFragment(0.0f);
                    float[] scores1 = context.mmaFragment(0.0f);
                    for (int depthStep = 0; depthStep < depthSteps; depthStep++) {
                        int keyBytes = (warp * depthSteps + depthStep) * KEY_FRAGMENT_INTS * Integer.BYTES;
                        int queryBytes = depthStep * FRAGMENT_DEPTH * 16;
                        HalfFloat[] keyFragment = context.mmaLoadA(tile, FRAGMENT_DEPTH, keyBytes);
                        HalfFloat[] query0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes);
                        HalfFloat[] query1 = context.mmaLoadB(
                                queries, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_INTS * Integer.BYTES);
                        scores0 = context.mma(keyFragment, query0, scores0, MMAShape.M16N8K16);
                        scores1 = context.mma(keyFragment, query1, scores1, MMAShape.M16N8K16);
                    }
                    int tileRow = keyTile * KEYS + warp * 16;
                    context.mmaStore(scores0, results, tileRow, scoreBase, ROWS);
                    context.mmaStore(scores1, results, tileRow, scoreBase + 8, ROWS);
                    context.localBarrier();
                }
                context.globalBarrier();

                float laneMax = MASKED;
                for (int keyTile = 0; keyTile < numTiles; keyTile++) {
                    // A lane has a row and every eighth key of the tile.
                    int from = scoreBase + keyTile * KEYS * ROWS + lane;
                    int key = keyTile * KEYS + lane / ROWS;
                    float score0 = results.get(from);
                    float score1 = results.get(from + LANES);
                    float score2 = results.get(from + 2 * LANES);
                    float score3 = results.get(from + 3 * LANES);
                    float score4 = results.get(from + 4 * LANES);
                    float score5 = results.get(from + 5 * LANES);
                    float score6 = results.get(from + 6 * LANES);
                    float score7 = results.get(from + 7 * LANES);
                    score0 = positions[key] < 0 ? MASKED : score0;
                    score1 = positions[key + 8] < 0 ? MASKED : score1;
                    score2 = positions[key + 16] < 0 ? MASKED : score2;
                    score3 = positions[key + 24] < 0 ? MASKED : score3;
                    score4 = positions[key + 32] < 0 ? MASKED : score4;
                    score5 = positions[key + 40] < 0 ? MASKED : score5;
                    score6 = positions[key + 48] < 0 ? MASKED : score6;
                    score7 = positions[key + 56] < 0 ? MASKED : score7;
                    int to = lane % ROWS * SCORE_STRIDE + key;
                    scores[to] = score0;
                    scores[to + 8] = score1;
                    scores[to + 16] = score2;
                    scores[to + 24] = score3;
                    scores[to + 32] = score4;
                    scores[to + 40] = score5;
                    scores[to + 48] = score6;
                    scores[to + 56] = score7;
                    float near = TornadoMath.max(TornadoMath.max(score0, score1), TornadoMath.max(score2, score3));
                    float far = TornadoMath.max(TornadoMath.max(score4, score5), TornadoMath.max(score6, score7));
                    laneMax = TornadoMath.max(laneMax, TornadoMath.max(near, far));
                }
                laneMaxima[lane] = laneMax;
                context.localBarrier();
                if (lane < ROWS) {
                    float before = rowMaxima[lane];
                    float max = before;
                    for (int i = lane; i < LANES; i += ROWS) {
                        max = TornadoMath.max(max, laneMaxima[i]);
                    }
                    rowMaxima[lane] = max;
                    rescale[lane] = TornadoMath.exp(before - max);
                }
                context.localBarrier();
                for (int key = lane; key < numSlots; key += LANES) {
                    int target = weightBase + key / 16 * 256 + key % 16;
                    for (int row = 0; row < ROWS; row++) {
                        float score = scores[row * SCORE_STRIDE + key];
                        float numerator = 0f;
                        if (score > VISIBLE) {
                            numerator = TornadoMath.exp(score - rowMaxima[row]);
                        }
                        operands.set(target + row * 16, new HalfFloat(numerator));
                    }
                }
                context.globalBarrier();

                float[] out0 = context.mmaFragment(0.0f);
                float[] out1 = context.mmaFragment(0.0f);
                float[] out2 = context.mmaFragment(0.0f);
                float[] out3 = context.mmaFragment(0.0f);
                float[] sums = context.mmaFragment(0.0f);
                for (int keyTile = 0; keyTile < numTiles; keyTile++) {
                    for (int key = firstKey; key < KEYS; key += keysAtATime) {
                        int row = cacheRow + TornadoMath.max(0, positions[keyTile * KEYS + key]);
                        context.asyncCopyToLocal(tile, key * 4 + valueSlot, values, row * headDim + word * 2);
                    }
                    for (int i = lane; i < WEIGHT_INTS; i += LANES) {
                        context.asyncCopyToLocal(weights, i, operands, weightBase + (keyTile * WEIGHT_INTS + i) * 2);
                    }
                    context.asyncCopyCommit();
                    context.asyncCopyWaitGroup(0);
                    context.localBarrier();
                    // Written out, since a fragment is carried by one loop only.
                    HalfFloat[] one = context.mmaLoadB(ones, FRAGMENT_DEPTH, 0);
                    HalfFloat[] weight0 = context.mmaLoadA(weights, FRAGMENT_DEPTH, 0);
                    HalfFloat[] value00 = context.mmaLoadB(tile, FRAGMENT_DEPTH, valueBytes);
                    HalfFloat[] value01 = context.mmaLoadB(tile, FRAGMENT_DEPTH, valueBytes + VALUE_PANEL_BYTES);
                    HalfFloat[] value02 = context.mmaLoadB(tile, FRAGMENT_DEPTH, valueBytes + 2 * VALUE_PANEL_BYTES);
                    HalfFloat[] value03 = context.mmaLoadB(tile, FRAGMENT_DEPTH, valueBytes + 3 * VALUE_PANEL_BYTES);
                    out0 = context.mma(weight0, value00, out0, MMAShape.M16N8K16);
                    out1 = context.mma(weight0, value01, out1, MMAShape.M16N8K16);
                    out2 = context.mma(weight0, value02, out2, MMAShape.M16N8K16);
                    out3 = context.mma(weight0, value03, out3, MMAShape.M16N8K16);
                    sums = context.mma(weight0, one, sums, MMAShape.M16N8K16);
                    HalfFloat[] weight1 = context.mmaLoadA(weights, FRAGMENT_DEPTH, FRAGMENT_INTS * Integer.BYTES);
                    HalfFloat[] value10 = context.mmaLoadB(tile, FRAGMENT_DEPTH, valueBytes + DEPTH_BYTES);
                    HalfFloat[] value11 =
                            context.mmaLoadB(tile, FRAGMENT_DEPTH, valueBytes + DEPTH_BYTES + VALUE_PANEL_BYTES);
                    HalfFloat[] value12 =
                            context.mmaLoadB(tile, FRAGMENT_DEPTH, valueBytes + DEPTH_BYTES + 2 * VALUE_PANEL_BYTES);
                    HalfFloat[] value13 =
                            context.mmaLoadB(tile, FRAGMENT_DEPTH, valueBytes + DEPTH_BYTES + 3 * VALUE_PANEL_BYTES);
                    out0 = context.mma(weight1, value10, out0, MMAShape.M16N8K16);
                    out1 = context.mma(weight1, value11, out1, MMAShape.M16N8K16);
                    out2 = context.mma(weight1, value12, out2, MMAShape.M16N8K16);
                    out3 = context.mma(weight1, value13, out3, MMAShape.M16N8K16);
                    sums = context.mma(weight1, one, sums, MMAShape.M16N8K16);
                    HalfFloat[] weight2 = context.mmaLoadA(weights, FRAGMENT_DEPTH, 2 * FRAGMENT_INTS * Integer.BYTES);
                    HalfFloat[] value20 = context.mmaLoadB(tile, FRAGMENT_DEPTH, valueBytes + 2 * DEPTH_BYTES);
                    HalfFloat[] value21 =
                            context.mmaLoadB(tile, FRAGMENT_DEPTH, valueBytes + 2 * DEPTH_BYTES + VALUE_PANEL_BYTES);
                    HalfFloat[] value22 = context.mmaLoadB(
                            tile, FRAGMENT_DEPTH, valueBytes + 2 * DEPTH_BYTES + 2 * VALUE_PANEL_BYTES);
                    HalfFloat[] value23 = context.mmaLoadB(
                            tile, FRAGMENT_DEPTH, valueBytes + 2 * DEPTH_BYTES + 3 * VALUE_PANEL_BYTES);
                    out0 = context.mma(weight2, value20, out0, MMAShape.M16N8K16);
                    out1 = context.mma(weight2, value21, out1, MMAShape.M16N8K16);
                    out2 = context.mma(weight2, value22, out2, MMAShape.M16N8K16);
                    out3 = context.mma(weight2, value23, out3, MMAShape.M16N8K16);
                    sums = context.mma(weight2, one, sums, MMAShape.M16N8K16);
                    HalfFloat[] weight3 = context.mmaLoadA(weights, FRAGMENT_DEPTH, 3 * FRAGMENT_INTS * Integer.BYTES);
                    HalfFloat[] value30 = context.mmaLoadB(tile, FRAGMENT_DEPTH, valueBytes + 3 * DEPTH_BYTES);
                    HalfFloat[] value31 =
                            context.mmaLoadB(tile, FRAGMENT_DEPTH, valueBytes + 3 * DEPTH_BYTES + VALUE_PANEL_BYTES);
                    HalfFloat[] value32 = context.mmaLoadB(
                            tile, FRAGMENT_DEPTH, valueBytes + 3 * DEPTH_BYTES + 2 * VALUE_PANEL_BYTES);
                    HalfFloat[] value33 = context.mmaLoadB(
                            tile, FRAGMENT_DEPTH, valueBytes + 3 * DEPTH_BYTES + 3 * VALUE_PANEL_BYTES);
                    out0 = context.mma(weight3, value30, out0, MMAShape.M16N8K16);
                    out1 = context.mma(weight3, value31, out1, MMAShape.M16N8K16);
                    out2 = context.mma(weight3, value32, out2, MMAShape.M16N8K16);
                    out3 = context.mma(weight3, value33, out3, MMAShape.M16N8K16);
                    sums = context.mma(weight3, one, sums, MMAShape.M16N8K16);
                    context.localBarrier();
                }
                if (warp * 32 < headDim) {
                    context.mmaStore(out0, results, 0, resultBase + warpChannel, RESULT_STRIDE);
                    context.mmaStore(out1, results, 0, resultBase + warpChannel + 8, RESULT_STRIDE);
                    context.mmaStore(out2, results, 0, resultBase + warpChannel + 16, RESULT_STRIDE);
                    context.mmaStore(out3, results, 0, resultBase + warpChannel + 24, RESULT_STRIDE);
                }
                if (warp < 1) {
                    context.mmaStore(sums, results, 0, resultBase + MAX_HEAD_DIM, RESULT_STRIDE);
                }
                context.globalBarrier();

                int numBefore = firstSlot > 0 ? numRows : 0; // rows that have a sum already
                for (int row0 = firstRowOfLane; row0 < ROWS; row0 += 4 * rowsAtATime) {
                    int row1 = row0 + rowsAtATime;
                    int row2 = row1 + rowsAtATime;
                    int row3 = row2 + rowsAtATime;
                    float sum0 = results.get(resultBase + row0 * RESULT_STRIDE + channel);
                    float sum1 = results.get(resultBase + row1 * RESULT_STRIDE + channel);
                    float sum2 = results.get(resultBase + row2 * RESULT_STRIDE + channel);
                    float sum3 = results.get(resultBase + row3 * RESULT_STRIDE + channel);
                    float before0 = before(out, (firstVector + row0) * headDim + channel, row0, numBefore);
                    float before1 = before(out, (firstVector + row1) * headDim + channel, row1, numBefore);
                    float before2 = before(out, (firstVector + row2) * headDim + channel, row2, numBefore);
                    float before3 = before(out, (firstVector + row3) * headDim + channel, row3, numBefore);
                    if (row0 < numRows) {
                        out.set((firstVector + row0) * headDim + channel, sum0 + rescale[row0] * before0);
                    }
                    if (row1 < numRows) {
                        out.set((firstVector + row1) * headDim + channel, sum1 + rescale[row1] * before1);
                    }
                    if (row2 < numRows) {
                        out.set((firstVector + row2) * headDim + channel, sum2 + rescale[row2] * before2);
                    }
                    if (row3 < numRows) {
                        out.set((firstVector + row3) * headDim + channel, sum3 + rescale[row3] * before3);
                    }
                }
                if (lane < ROWS) {
                    rowSums[lane] = rescale[lane] * rowSums[lane]
                            + results.get(resultBase + lane * RESULT_STRIDE + MAX_HEAD_DIM);
                }
                context.localBarrier();
            }
            for (int row = firstRowOfLane; row < numRows; row += rowsAtATime) {
                int index = (firstVector + row) * headDim + channel;
                out.set(index, out.get(index) / rowSums[row]);
            }
            context.localBarrier();
        }
    }

    private static float before(FloatArray out, int index, int row, int numBefore) {
        float before = 0f;
        if (row < numBefore) {
            before = out.get(index);
        }
        return before;
    }

    /** Blocks of a list: all before its padding. */
    private static int blocksOf(IntArray selectedBlocks, int blockList, int maxSelected) {
        int low = 0;
        int high = maxSelected;
        while (low < high) {
            int middle = (low + high) / 2;
            if (selectedBlocks.get(blockList + middle) >= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
