package sala.kernels.attention;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
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
 * {@link DenseAttentionF16} of many tokens on tensor cores, with asynchronous copies: on CUDA.
 *
 * <pre>
 *   out[t, h] = sum over j &lt;= position + t of softmax_j(attentionScale q[t, h] . keys[g, j]) values[g, j],
 *   g = h / groupSize
 * </pre>
 *
 * <p>A work group computes {@value #ROWS} rows, a row being a token and a query head of one KV head, and each of its four
 * warps 16 of them by itself: {@code scores = keys q^T} of a tile of {@value #KEYS} keys, then the numerators of the
 * softmax, then {@code numerators values}. The sums stay in fragments over all tiles. A fragment can be neither scaled nor
 * read, and two things follow.
 *
 * <p>Scores leave through global memory, where every lane reads again what it wrote itself, so that nobody waits. It has
 * of 16 keys two, the i-th and the one eight later; keys are laid down so that those are neighbours in the cache, and their
 * numerators make a word of the next operand. A numerator's bits in f16 are computed by arithmetic, see {@link HalfWords}.
 *
 * <p>A row's numerators are relative to a reference instead of the largest score seen so far. A run of tiles has one
 * reference; it ends when a score is so far above it that its numerator would not fit f16. Then the sums leave, and the
 * next run starts with the largest score up to there, {@value #LIFT} binary digits above the reference. All but hostile
 * scores make one run. The denominators are products with a column of ones, so that they are sums of the rounded
 * numerators.
 *
 * <p>Queries, already scaled, and numerators are rounded to f16; sums are f32. Fewer than 128 channels are computed as if
 * the others were 0. Launch: {@value #LANES} lanes a work group, the last rows, which see most keys, first. Ground truth:
 * {@link sala.kernels.reference.DenseAttention}.
 */
public final class TensorDenseAttention {
    private static final int WARPS = 4;
    private static final int LANES = WARPS * 32;
    /** Rows of a work group, 16 a warp. */
    private static final int ROWS = WARPS * 16;
    /** Keys of a tile: two fragments. */
    private static final int KEYS = 32;

    private static final int MAX_HEAD_DIM = AttentionArguments.MAX_HEAD_DIM;
    private static final int FRAGMENT_DEPTH = 16;
    private static final int FRAGMENT_INTS = 128;
    /** A lane's values of a fragment of sums lie at twice its number in the warp, at the next place, and so far on. */
    private static final int LOWER_ROWS = 64;

    /** A fragment of keys, 16 channels; the padding moves neighbours along the channels to other banks. */
    private static final int KEY_FRAGMENT_INTS = FRAGMENT_INTS + 8;

    private static final int KEY_FRAGMENT_BYTES = KEY_FRAGMENT_INTS * Integer.BYTES;
    /** 16 keys. */
    private static final int KEY_ROW_INTS = MAX_HEAD_DIM / FRAGMENT_DEPTH * KEY_FRAGMENT_INTS;

    private static final int KEY_TILE_INTS = KEYS / 16 * KEY_ROW_INTS;
    /** Eight channels of a tile's values; the padding moves neighbours to other banks. */
    private static final int VALUE_PANEL_INTS = KEYS * 4 + 4;

    private static final int VALUE_PANEL_BYTES = VALUE_PANEL_INTS * Integer.BYTES;
    private static final int VALUE_TILE_INTS = MAX_HEAD_DIM / 8 * VALUE_PANEL_INTS;
    /** 16 keys of values, or 16 channels of queries, of which eight make a row. */
    private static final int DEPTH_BYTES = FRAGMENT_DEPTH * 16;

    /** Channels of the queries that pass through the tile of keys together. */
    private static final int QUERY_CHANNELS = MAX_HEAD_DIM / 2;

    private static final int QUERY_PANEL_BYTES = QUERY_CHANNELS * 16;
    private static final int QUERY_ROUND_INTS = ROWS / 8 * QUERY_PANEL_BYTES / Integer.BYTES;

    /** Numerators of a warp. */
    private static final int WEIGHT_INTS = KEYS / FRAGMENT_DEPTH * FRAGMENT_INTS;

    /** Scores of a warp. */
    private static final int SCORE_FLOATS = KEYS / 8 * FRAGMENT_INTS;
    /** Sums of a warp, eight channels a fragment, then the denominators. */
    private static final int OUTPUT_FLOATS = (MAX_HEAD_DIM / 8 + 1) * FRAGMENT_INTS;

    private static final int WARP_FLOATS = SCORE_FLOATS + OUTPUT_FLOATS;

    /** 1 and 1 in f16. */
    private static final int TWO_ONES = 0x3c003c00;
    /** Score of a key that a row does not see; finite, since some devices compile without infinities. */
    private static final float MASKED = -1e30f;
    /** Binary logarithm of the numerator of a run's first largest score: what f16 has to spare below and above is shared out. */
    private static final float LIFT = 8f;

    private static final float LN_2 = 0.6931472f;
    private static final float LOG2_E = 1.442695f;

    static final int SCRATCH_FLOATS = WARPS * WARP_FLOATS;
    static final int SCRATCH_HALFS = ROWS * MAX_HEAD_DIM;

    private TensorDenseAttention() {}

    /** Whether the kernel has this head dim. */
    public static boolean supports(int headDim) {
        return headDim == 32 || headDim == 64 || headDim == 128;
    }

    /** Work groups of a launch. */
    static int numWorkGroups(AttentionShape shape, int tokenCapacity) {
        return Math.multiplyExact(
                Math.ceilDiv(Math.multiplyExact(tokenCapacity, shape.groupSize()), ROWS), shape.numKvHeads());
    }

    /**
     * Adds attention of many tokens to a graph.
     *
     * @param q {@code [tokenCapacity, numHeads, headDim]}, f32
     * @param keys {@code [numKvHeads, capacity, headDim]}, f16, those of the call appended
     * @param values as keys
     * @param out {@code [tokenCapacity, numHeads, headDim]}, f32; the call's tokens are written
     * @param scratch for as many tokens
     * @param step see {@link Step}
     * @param shape heads; a headDim of 32, 64 or 128
     * @param layout of the cache
     * @param tokenCapacity most tokens of a call
     * @throws IllegalArgumentException if an array is null or too small, or the head dim is another
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray q,
            HalfFloatArray keys,
            HalfFloatArray values,
            FloatArray out,
            TensorDenseScratch scratch,
            IntArray step,
            AttentionShape shape,
            CacheLayout layout,
            int tokenCapacity) {
        AttentionArguments.requireHeads(shape, layout);
        KernelArguments.requireOneOf("headDim", shape.headDim(), 32, 64, 128);
        AttentionArguments.requireArrays(q, keys, values, out, step, shape, layout, tokenCapacity);
        scratch.requireShape(shape, tokenCapacity);
        graph.taskGraph()
                .task(
                        task,
                        TensorDenseAttention::attend,
                        graph.context(),
                        q,
                        keys,
                        values,
                        out,
                        scratch.results(),
                        scratch.queries(),
                        step,
                        shape.groupSize(),
                        shape.numKvHeads(),
                        shape.headDim(),
                        layout.capacity(),
                        (float) shape.attentionScale());
        graph.grid(task, WorkGroups.grid(numWorkGroups(shape, tokenCapacity), LANES));
    }

    /** The kernel; see {@link #addTo} for the arrays. */
    public static void attend(
            KernelContext context,
            FloatArray q,
            HalfFloatArray keys,
            HalfFloatArray values,
            FloatArray out,
            FloatArray scratch,
            HalfFloatArray queries,
            IntArray step,
            int groupSize,
            int numKvHeads,
            int headDim,
            int capacity,
            float attentionScale) {
        int[] keyTile = context.allocateIntLocalArray(KEY_TILE_INTS);
        int[] valueTile = context.allocateIntLocalArray(VALUE_TILE_INTS);
        int[] weights = context.allocateIntLocalArray(WARPS * WEIGHT_INTS); // numerators, two of a row a word
        int[] ones = context.allocateIntLocalArray(FRAGMENT_DEPTH * 4);
        float[] laneMaxima = context.allocateFloatLocalArray(ROWS * 8);
        float[] references = context.allocateFloatLocalArray(ROWS);
        float[] rescale = context.allocateFloatLocalArray(ROWS);
        float[] misfits = context.allocateFloatLocalArray(WARPS); // lanes whose numerators do not fit

        int lane = context.localIdx;
        int warp = lane / 32;
        int laneOfWarp = lane % 32;
        int numTokens = step.get(Step.NUM_TOKENS);
        int cacheLength = step.get(Step.POSITION);
        int numHeads = groupSize * numKvHeads;
        int numRows = numTokens * groupSize;
        int item = (numRows + ROWS - 1) / ROWS * numKvHeads - 1 - context.groupIdx;
        // A work group past the call: no tiles, and no row is written.
        int active = item < 0 ? 0 : 1;
        int kvHead = item < 0 ? 0 : item % numKvHeads;
        int firstRow = item < 0 ? numRows : item / numKvHeads * ROWS;
        int lastToken = TornadoMath.min((firstRow + ROWS - 1) / groupSize, numTokens - 1);
        int lastKey = cacheLength + lastToken;
        int numTiles = active * (lastKey / KEYS + 1);
        int firstPosition = cacheLength + TornadoMath.min(firstRow / groupSize, numTokens - 1);

        // Copies: a word is two channels of a key, neighbouring lanes have neighbouring words.
        int keyWords = headDim / 2;
        int firstKey = lane / keyWords;
        int keysAtATime = LANES / keyWords;
        int word = lane % keyWords;
        int laneSource = kvHead * capacity * headDim + firstKey * headDim + word * 2;
        int keySlot = word / 8 * KEY_FRAGMENT_INTS + firstKey % 2 * LOWER_ROWS + firstKey / 2 * 8 + word % 8;
        int valueSlot = word / 4 * VALUE_PANEL_INTS + firstKey * 4 + word % 4;
        int copiesOfFragment = 16 / keysAtATime;
        // A run-time bound: unrolled, the loops over them keep more addresses in registers than pays.
        int fragments = active * KEYS / 16;
        // A lane has of a fragment of scores the keys 2 keyPair and 2 keyPair + 1, the queries column and column + 1.
        int keyPair = laneOfWarp / 4;
        int column = laneOfWarp % 4 * 2;
        int warpRow = warp * 16;
        int row = warpRow + column;
        int warpWeights = warp * WEIGHT_INTS;
        int firstWeight = warpWeights + column * 8 + keyPair;
        int warpScratch = (context.groupIdx * WARPS + warp) * WARP_FLOATS;
        int warpFragments = warpScratch / 8; // rows of eight, as fragments are stored
        int warpOutputs = (warpScratch + SCORE_FLOATS) / 8;
        int own = warpScratch + 2 * laneOfWarp;

        int queryBase = context.groupIdx * SCRATCH_HALFS;
        for (int i = lane; i < active * SCRATCH_HALFS; i += LANES) {
            int queryRow = i / MAX_HEAD_DIM;
            int channel = i % MAX_HEAD_DIM;
            float query = 0f;
            if (channel < headDim && firstRow + queryRow < numRows) {
                int token = (firstRow + queryRow) / groupSize;
                int head = kvHead * groupSize + firstRow + queryRow - token * groupSize;
                query = attentionScale * LOG2_E * q.get((token * numHeads + head) * headDim + channel);
            }
            int panel = channel / QUERY_CHANNELS * (ROWS / 8) + queryRow / 8;
            queries.set(
                    queryBase + (panel * QUERY_CHANNELS + channel % QUERY_CHANNELS) * 8 + queryRow % 8,
                    new HalfFloat(query));
        }
        for (int i = lane; i < FRAGMENT_DEPTH * 4; i += LANES) {
            ones[i] = TWO_ONES;
        }
        context.globalBarrier();
        int queryBytes = 2 * warp * QUERY_PANEL_BYTES;
        for (int i = lane; i < QUERY_ROUND_INTS; i += LANES) {
            context.asyncCopyToLocal(keyTile, i, queries, queryBase + i * 2);
        }
        context.asyncCopyCommit();
        context.asyncCopyWaitGroup(0);
        context.localBarrier();
        HalfFloat[] query00 = context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes);
        HalfFloat[] query01 = context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_BYTES);
        HalfFloat[] query10 = context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + 1 * DEPTH_BYTES);
        HalfFloat[] query11 =
                context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_BYTES + 1 * DEPTH_BYTES);
        HalfFloat[] query20 = context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + 2 * DEPTH_BYTES);
        HalfFloat[] query21 =
                context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_BYTES + 2 * DEPTH_BYTES);
        HalfFloat[] query30 = context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + 3 * DEPTH_BYTES);
        HalfFloat[] query31 =
                context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_BYTES + 3 * DEPTH_BYTES);
        context.localBarrier();
        for (int i = lane; i < QUERY_ROUND_INTS; i += LANES) {
            context.asyncCopyToLocal(keyTile, i, queries, queryBase + QUERY_ROUND_INTS * 2 + i * 2);
        }
        context.asyncCopyCommit();
        context.asyncCopyWaitGroup(0);
        context.localBarrier();
        HalfFloat[] query40 = context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes);
        HalfFloat[] query41 = context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_BYTES);
        HalfFloat[] query50 = context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + 1 * DEPTH_BYTES);
        HalfFloat[] query51 =
                context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_BYTES + 1 * DEPTH_BYTES);
        HalfFloat[] query60 = context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + 2 * DEPTH_BYTES);
        HalfFloat[] query61 =
                context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_BYTES + 2 * DEPTH_BYTES);
        HalfFloat[] query70 = context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + 3 * DEPTH_BYTES);
        HalfFloat[] query71 =
                context.mmaLoadB(keyTile, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_BYTES + 3 * DEPTH_BYTES);
        HalfFloat[] one = context.mmaLoadB(ones, FRAGMENT_DEPTH, 0);
        context.localBarrier();
        // What no copy writes must be 0; and the first pass of the loop below finds a tile of zeros before the first
        // one.
        for (int i = lane; i < KEY_TILE_INTS; i += LANES) {
            keyTile[i] = 0;
        }
        for (int i = lane; i < VALUE_TILE_INTS; i += LANES) {
            valueTile[i] = 0;
        }
        for (int i = lane; i < WARPS * WEIGHT_INTS; i += LANES) {
            weights[i] = 0;
        }
        if (lane < ROWS) {
            references[lane] = MASKED;
        }
        context.localBarrier();
        // In place of a key past the last one, that one is loaded again; its scores are masked.
        for (int fragment = 0; fragment < fragments; fragment++) {
            for (int i = 0; i < copiesOfFragment; i++) {
                int key = TornadoMath.min(fragment * 16 + i * keysAtATime, lastKey - firstKey);
                int target = fragment * KEY_ROW_INTS + i * keysAtATime * 4 + keySlot;
                context.asyncCopyToLocal(keyTile, target, keys, laneSource + key * headDim);
            }
        }
        context.asyncCopyCommit();

        float reference00 = MASKED;
        float reference01 = MASKED;
        float reference10 = MASKED;
        float reference11 = MASKED;
        float before0 = 0f; // what earlier sums of the rows keyPair and keyPair + 8 are scaled by
        float before1 = 0f;
        float sum0 = 0f;
        float sum1 = 0f;
        int runs = 0;
        int tile = -1; // the one whose numerators and values lie in local memory
        int tilesLeft = active * (numTiles + 1);
        while (tilesLeft > 0) {
            float[] out0 = context.mmaFragment(0.0f);
            float[] out1 = context.mmaFragment(0.0f);
            float[] out2 = context.mmaFragment(0.0f);
            float[] out3 = context.mmaFragment(0.0f);
            float[] out4 = context.mmaFragment(0.0f);
            float[] out5 = context.mmaFragment(0.0f);
            float[] out6 = context.mmaFragment(0.0f);
            float[] out7 = context.mmaFragment(0.0f);
            float[] out8 = context.mmaFragment(0.0f);
            float[] out9 = context.mmaFragment(0.0f);
            float[] out10 = context.mmaFragment(0.0f);
            float[] out11 = context.mmaFragment(0.0f);
            float[] out12 = context.mmaFragment(0.0f);
            float[] out13 = context.mmaFragment(0.0f);
            float[] out14 = context.mmaFragment(0.0f);
            float[] out15 = context.mmaFragment(0.0f);
            float[] sums = context.mmaFragment(0.0f);
            int tilesOfRun = tilesLeft;
            while (tilesOfRun > 0) {
                HalfFloat[] weight0 = context.mmaLoadA(weights, FRAGMENT_DEPTH, warpWeights * Integer.BYTES);
                sums = context.mma(weight0, one, sums, MMAShape.M16N8K16);
                HalfFloat[] value0x0 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 0);
                out0 = context.mma(weight0, value0x0, out0, MMAShape.M16N8K16);
                HalfFloat[] value0x1 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, VALUE_PANEL_BYTES);
                out1 = context.mma(weight0, value0x1, out1, MMAShape.M16N8K16);
                HalfFloat[] value0x2 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 2 * VALUE_PANEL_BYTES);
                out2 = context.mma(weight0, value0x2, out2, MMAShape.M16N8K16);
                HalfFloat[] value0x3 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 3 * VALUE_PANEL_BYTES);
                out3 = context.mma(weight0, value0x3, out3, MMAShape.M16N8K16);
                HalfFloat[] value0x4 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 4 * VALUE_PANEL_BYTES);
                out4 = context.mma(weight0, value0x4, out4, MMAShape.M16N8K16);
                HalfFloat[] value0x5 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 5 * VALUE_PANEL_BYTES);
                out5 = context.mma(weight0, value0x5, out5, MMAShape.M16N8K16);
                HalfFloat[] value0x6 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 6 * VALUE_PANEL_BYTES);
                out6 = context.mma(weight0, value0x6, out6, MMAShape.M16N8K16);
                HalfFloat[] value0x7 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 7 * VALUE_PANEL_BYTES);
                out7 = context.mma(weight0, value0x7, out7, MMAShape.M16N8K16);
                HalfFloat[] value0x8 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 8 * VALUE_PANEL_BYTES);
                out8 = context.mma(weight0, value0x8, out8, MMAShape.M16N8K16);
                HalfFloat[] value0x9 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 9 * VALUE_PANEL_BYTES);
                out9 = context.mma(weight0, value0x9, out9, MMAShape.M16N8K16);
                HalfFloat[] value0x10 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 10 * VALUE_PANEL_BYTES);
                out10 = context.mma(weight0, value0x10, out10, MMAShape.M16N8K16);
                HalfFloat[] value0x11 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 11 * VALUE_PANEL_BYTES);
                out11 = context.mma(weight0, value0x11, out11, MMAShape.M16N8K16);
                HalfFloat[] value0x12 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 12 * VALUE_PANEL_BYTES);
                out12 = context.mma(weight0, value0x12, out12, MMAShape.M16N8K16);
                HalfFloat[] value0x13 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 13 * VALUE_PANEL_BYTES);
                out13 = context.mma(weight0, value0x13, out13, MMAShape.M16N8K16);
                HalfFloat[] value0x14 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 14 * VALUE_PANEL_BYTES);
                out14 = context.mma(weight0, value0x14, out14, MMAShape.M16N8K16);
                HalfFloat[] value0x15 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 15 * VALUE_PANEL_BYTES);
                out15 = context.mma(weight0, value0x15, out15, MMAShape.M16N8K16);
                HalfFloat[] weight1 = context.mmaLoadA(
                        weights, FRAGMENT_DEPTH, warpWeights * Integer.BYTES + FRAGMENT_INTS * Integer.BYTES);
                sums = context.mma(weight1, one, sums, MMAShape.M16N8K16);
                HalfFloat[] value1x0 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, DEPTH_BYTES);
                out0 = context.mma(weight1, value1x0, out0, MMAShape.M16N8K16);
                HalfFloat[] value1x1 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, VALUE_PANEL_BYTES + DEPTH_BYTES);
                out1 = context.mma(weight1, value1x1, out1, MMAShape.M16N8K16);
                HalfFloat[] value1x2 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 2 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out2 = context.mma(weight1, value1x2, out2, MMAShape.M16N8K16);
                HalfFloat[] value1x3 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 3 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out3 = context.mma(weight1, value1x3, out3, MMAShape.M16N8K16);
                HalfFloat[] value1x4 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 4 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out4 = context.mma(weight1, value1x4, out4, MMAShape.M16N8K16);
                HalfFloat[] value1x5 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 5 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out5 = context.mma(weight1, value1x5, out5, MMAShape.M16N8K16);
                HalfFloat[] value1x6 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 6 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out6 = context.mma(weight1, value1x6, out6, MMAShape.M16N8K16);
                HalfFloat[] value1x7 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 7 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out7 = context.mma(weight1, value1x7, out7, MMAShape.M16N8K16);
                HalfFloat[] value1x8 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 8 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out8 = context.mma(weight1, value1x8, out8, MMAShape.M16N8K16);
                HalfFloat[] value1x9 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 9 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out9 = context.mma(weight1, value1x9, out9, MMAShape.M16N8K16);
                HalfFloat[] value1x10 =
                        context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 10 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out10 = context.mma(weight1, value1x10, out10, MMAShape.M16N8K16);
                HalfFloat[] value1x11 =
                        context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 11 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out11 = context.mma(weight1, value1x11, out11, MMAShape.M16N8K16);
                HalfFloat[] value1x12 =
                        context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 12 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out12 = context.mma(weight1, value1x12, out12, MMAShape.M16N8K16);
                HalfFloat[] value1x13 =
                        context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 13 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out13 = context.mma(weight1, value1x13, out13, MMAShape.M16N8K16);
                HalfFloat[] value1x14 =
                        context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 14 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out14 = context.mma(weight1, value1x14, out14, MMAShape.M16N8K16);
                HalfFloat[] value1x15 =
                        context.mmaLoadB(valueTile, FRAGMENT_DEPTH, 15 * VALUE_PANEL_BYTES + DEPTH_BYTES);
                out15 = context.mma(weight1, value1x15, out15, MMAShape.M16N8K16);
                context.asyncCopyWaitGroup(0);
                context.localBarrier();
                // Past the last tile, it is computed once more.
                int nextKey = TornadoMath.min(tile + 1, numTiles - 1) * KEYS;
                if (nextKey + KEYS - 1 <= lastKey) {
                    for (int fragment = 0; fragment < fragments; fragment++) {
                        int target = fragment * FRAGMENT_DEPTH * 4 + valueSlot;
                        int source = laneSource + (nextKey + fragment * 16) * headDim;
                        for (int i = 0; i < copiesOfFragment; i++) {
                            context.asyncCopyToLocal(
                                    valueTile,
                                    target + i * keysAtATime * 4,
                                    values,
                                    source + i * keysAtATime * headDim);
                        }
                    }
                } else {
                    for (int fragment = 0; fragment < fragments; fragment++) {
                        int target = fragment * FRAGMENT_DEPTH * 4 + valueSlot;
                        for (int i = 0; i < copiesOfFragment; i++) {
                            int key = TornadoMath.min(nextKey + fragment * 16 + i * keysAtATime, lastKey - firstKey);
                            context.asyncCopyToLocal(
                                    valueTile, target + i * keysAtATime * 4, values, laneSource + key * headDim);
                        }
                    }
                }
                context.asyncCopyCommit();
                float[] score00 = context.mmaFragment(0.0f);
                float[] score01 = context.mmaFragment(0.0f);
                float[] score10 = context.mmaFragment(0.0f);
                float[] score11 = context.mmaFragment(0.0f);
                HalfFloat[] key00 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 0);
                score00 = context.mma(key00, query00, score00, MMAShape.M16N8K16);
                score01 = context.mma(key00, query01, score01, MMAShape.M16N8K16);
                HalfFloat[] key10 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 8 * KEY_FRAGMENT_BYTES);
                score10 = context.mma(key10, query00, score10, MMAShape.M16N8K16);
                score11 = context.mma(key10, query01, score11, MMAShape.M16N8K16);
                HalfFloat[] key01 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 1 * KEY_FRAGMENT_BYTES);
                score00 = context.mma(key01, query10, score00, MMAShape.M16N8K16);
                score01 = context.mma(key01, query11, score01, MMAShape.M16N8K16);
                HalfFloat[] key11 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 9 * KEY_FRAGMENT_BYTES);
                score10 = context.mma(key11, query10, score10, MMAShape.M16N8K16);
                score11 = context.mma(key11, query11, score11, MMAShape.M16N8K16);
                HalfFloat[] key02 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 2 * KEY_FRAGMENT_BYTES);
                score00 = context.mma(key02, query20, score00, MMAShape.M16N8K16);
                score01 = context.mma(key02, query21, score01, MMAShape.M16N8K16);
                HalfFloat[] key12 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 10 * KEY_FRAGMENT_BYTES);
                score10 = context.mma(key12, query20, score10, MMAShape.M16N8K16);
                score11 = context.mma(key12, query21, score11, MMAShape.M16N8K16);
                HalfFloat[] key03 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 3 * KEY_FRAGMENT_BYTES);
                score00 = context.mma(key03, query30, score00, MMAShape.M16N8K16);
                score01 = context.mma(key03, query31, score01, MMAShape.M16N8K16);
                HalfFloat[] key13 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 11 * KEY_FRAGMENT_BYTES);
                score10 = context.mma(key13, query30, score10, MMAShape.M16N8K16);
                score11 = context.mma(key13, query31, score11, MMAShape.M16N8K16);
                HalfFloat[] key04 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 4 * KEY_FRAGMENT_BYTES);
                score00 = context.mma(key04, query40, score00, MMAShape.M16N8K16);
                score01 = context.mma(key04, query41, score01, MMAShape.M16N8K16);
                HalfFloat[] key14 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 12 * KEY_FRAGMENT_BYTES);
                score10 = context.mma(key14, query40, score10, MMAShape.M16N8K16);
                score11 = context.mma(key14, query41, score11, MMAShape.M16N8K16);
                HalfFloat[] key05 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 5 * KEY_FRAGMENT_BYTES);
                score00 = context.mma(key05, query50, score00, MMAShape.M16N8K16);
                score01 = context.mma(key05, query51, score01, MMAShape.M16N8K16);
                HalfFloat[] key15 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 13 * KEY_FRAGMENT_BYTES);
                score10 = context.mma(key15, query50, score10, MMAShape.M16N8K16);
                score11 = context.mma(key15, query51, score11, MMAShape.M16N8K16);
                HalfFloat[] key06 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 6 * KEY_FRAGMENT_BYTES);
                score00 = context.mma(key06, query60, score00, MMAShape.M16N8K16);
                score01 = context.mma(key06, query61, score01, MMAShape.M16N8K16);
                HalfFloat[] key16 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 14 * KEY_FRAGMENT_BYTES);
                score10 = context.mma(key16, query60, score10, MMAShape.M16N8K16);
                score11 = context.mma(key16, query61, score11, MMAShape.M16N8K16);
                HalfFloat[] key07 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 7 * KEY_FRAGMENT_BYTES);
                score00 = context.mma(key07, query70, score00, MMAShape.M16N8K16);
                score01 = context.mma(key07, query71, score01, MMAShape.M16N8K16);
                HalfFloat[] key17 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, 15 * KEY_FRAGMENT_BYTES);
                score10 = context.mma(key17, query70, score10, MMAShape.M16N8K16);
                score11 = context.mma(key17, query71, score11, MMAShape.M16N8K16);
                context.mmaStore(score00, scratch, warpFragments, 0, 8);
                context.mmaStore(score01, scratch, warpFragments + 16, 0, 8);
                context.mmaStore(score10, scratch, warpFragments + 32, 0, 8);
                context.mmaStore(score11, scratch, warpFragments + 48, 0, 8);
                int maskedFragments = nextKey + KEYS - 1 > firstPosition ? 4 : 0;
                for (int fragment = 0; fragment < maskedFragments; fragment++) {
                    int key = nextKey + fragment / 2 * 16 + keyPair * 2;
                    int maskedRow = firstRow + row + fragment % 2 * 8;
                    int position0 = cacheLength + TornadoMath.min(maskedRow / groupSize, numTokens - 1);
                    int position1 = cacheLength + TornadoMath.min((maskedRow + 1) / groupSize, numTokens - 1);
                    int index = own + fragment * FRAGMENT_INTS;
                    if (key > position0) {
                        scratch.set(index, MASKED);
                    }
                    if (key > position1) {
                        scratch.set(index + 1, MASKED);
                    }
                    if (key + 1 > position0) {
                        scratch.set(index + LOWER_ROWS, MASKED);
                    }
                    if (key + 1 > position1) {
                        scratch.set(index + LOWER_ROWS + 1, MASKED);
                    }
                }
                float x000 = scratch.get(own) - reference00;
                float x001 = scratch.get(own + 1) - reference01;
                float x002 = scratch.get(own + LOWER_ROWS) - reference00;
                float x003 = scratch.get(own + LOWER_ROWS + 1) - reference01;
                float x010 = scratch.get(own + FRAGMENT_INTS) - reference10;
                float x011 = scratch.get(own + FRAGMENT_INTS + 1) - reference11;
                float x012 = scratch.get(own + FRAGMENT_INTS + LOWER_ROWS) - reference10;
                float x013 = scratch.get(own + FRAGMENT_INTS + LOWER_ROWS + 1) - reference11;
                float x100 = scratch.get(own + 2 * FRAGMENT_INTS) - reference00;
                float x101 = scratch.get(own + 2 * FRAGMENT_INTS + 1) - reference01;
                float x102 = scratch.get(own + 2 * FRAGMENT_INTS + LOWER_ROWS) - reference00;
                float x103 = scratch.get(own + 2 * FRAGMENT_INTS + LOWER_ROWS + 1) - reference01;
                float x110 = scratch.get(own + 3 * FRAGMENT_INTS) - reference10;
                float x111 = scratch.get(own + 3 * FRAGMENT_INTS + 1) - reference11;
                float x112 = scratch.get(own + 3 * FRAGMENT_INTS + LOWER_ROWS) - reference10;
                float x113 = scratch.get(own + 3 * FRAGMENT_INTS + LOWER_ROWS + 1) - reference11;
                weights[firstWeight] = HalfWords.powers(x000, x002);
                weights[firstWeight + 8] = HalfWords.powers(x001, x003);
                weights[firstWeight + LOWER_ROWS] = HalfWords.powers(x010, x012);
                weights[firstWeight + LOWER_ROWS + 8] = HalfWords.powers(x011, x013);
                weights[firstWeight + FRAGMENT_INTS] = HalfWords.powers(x100, x102);
                weights[firstWeight + FRAGMENT_INTS + 8] = HalfWords.powers(x101, x103);
                weights[firstWeight + FRAGMENT_INTS + LOWER_ROWS] = HalfWords.powers(x110, x112);
                weights[firstWeight + FRAGMENT_INTS + LOWER_ROWS + 8] = HalfWords.powers(x111, x113);
                float largest = TornadoMath.max(
                        TornadoMath.max(
                                TornadoMath.max(TornadoMath.max(x000, x001), TornadoMath.max(x002, x003)),
                                TornadoMath.max(TornadoMath.max(x010, x011), TornadoMath.max(x012, x013))),
                        TornadoMath.max(
                                TornadoMath.max(TornadoMath.max(x100, x101), TornadoMath.max(x102, x103)),
                                TornadoMath.max(TornadoMath.max(x110, x111), TornadoMath.max(x112, x113))));
                float lanesOfMisfits = context.simdSum(largest > HalfWords.LARGEST_POWER ? 1f : 0f);
                if (laneOfWarp == 0) {
                    misfits[warp] = lanesOfMisfits;
                }
                context.asyncCopyWaitGroup(0);
                context.localBarrier();
                int keyAfter = TornadoMath.min(tile + 2, numTiles - 1) * KEYS;
                if (keyAfter + KEYS - 1 <= lastKey) {
                    for (int fragment = 0; fragment < fragments; fragment++) {
                        int target = fragment * KEY_ROW_INTS + keySlot;
                        int source = laneSource + (keyAfter + fragment * 16) * headDim;
                        for (int i = 0; i < copiesOfFragment; i++) {
                            context.asyncCopyToLocal(
                                    keyTile, target + i * keysAtATime * 4, keys, source + i * keysAtATime * headDim);
                        }
                    }
                } else {
                    for (int fragment = 0; fragment < fragments; fragment++) {
                        int target = fragment * KEY_ROW_INTS + keySlot;
                        for (int i = 0; i < copiesOfFragment; i++) {
                            int key = TornadoMath.min(keyAfter + fragment * 16 + i * keysAtATime, lastKey - firstKey);
                            context.asyncCopyToLocal(
                                    keyTile, target + i * keysAtATime * 4, keys, laneSource + key * headDim);
                        }
                    }
                }
                context.asyncCopyCommit();
                tile++;
                // Without a branch, or what the loop carries does not compile.
                int fits = 1 - (int) TornadoMath.min(misfits[0] + misfits[1] + misfits[2] + misfits[3], 1f);
                tilesOfRun = fits * (numTiles - tile);
            }
            tilesLeft = numTiles - tile;

            context.mmaStore(out0, scratch, warpOutputs, 0, 8);
            context.mmaStore(out1, scratch, warpOutputs + 16, 0, 8);
            context.mmaStore(out2, scratch, warpOutputs + 32, 0, 8);
            context.mmaStore(out3, scratch, warpOutputs + 48, 0, 8);
            context.mmaStore(out4, scratch, warpOutputs + 64, 0, 8);
            context.mmaStore(out5, scratch, warpOutputs + 80, 0, 8);
            context.mmaStore(out6, scratch, warpOutputs + 96, 0, 8);
            context.mmaStore(out7, scratch, warpOutputs + 112, 0, 8);
            context.mmaStore(out8, scratch, warpOutputs + 128, 0, 8);
            context.mmaStore(out9, scratch, warpOutputs + 144, 0, 8);
            context.mmaStore(out10, scratch, warpOutputs + 160, 0, 8);
            context.mmaStore(out11, scratch, warpOutputs + 176, 0, 8);
            context.mmaStore(out12, scratch, warpOutputs + 192, 0, 8);
            context.mmaStore(out13, scratch, warpOutputs + 208, 0, 8);
            context.mmaStore(out14, scratch, warpOutputs + 224, 0, 8);
            context.mmaStore(out15, scratch, warpOutputs + 240, 0, 8);
            context.mmaStore(sums, scratch, warpOutputs + 256, 0, 8);
            int ownOutput = own + SCORE_FLOATS;
            sum0 = before0 * sum0 + scratch.get(ownOutput + MAX_HEAD_DIM / 8 * FRAGMENT_INTS);
            sum1 = before1 * sum1 + scratch.get(ownOutput + MAX_HEAD_DIM / 8 * FRAGMENT_INTS + LOWER_ROWS);
            // The tile of zeros made a run of its own, which nothing was before.
            int row0 = firstRow + warpRow + keyPair;
            int row1 = row0 + 8;
            int index0 = outputIndex(row0, groupSize, numHeads, kvHead, headDim) + column;
            int index1 = outputIndex(row1, groupSize, numHeads, kvHead, headDim) + column;
            float scale0 = tilesLeft > 0 ? 1f : 1f / sum0;
            float scale1 = tilesLeft > 0 ? 1f : 1f / sum1;
            for (int panel = 0; panel < headDim / 8; panel++) {
                int from = ownOutput + panel * FRAGMENT_INTS;
                int to0 = index0 + panel * 8;
                int to1 = index1 + panel * 8;
                if (row0 < numRows) {
                    out.set(to0, scale0 * (scratch.get(from) + before0 * earlier(out, to0, runs)));
                    out.set(to0 + 1, scale0 * (scratch.get(from + 1) + before0 * earlier(out, to0 + 1, runs)));
                }
                if (row1 < numRows) {
                    int lower = from + LOWER_ROWS;
                    out.set(to1, scale1 * (scratch.get(lower) + before1 * earlier(out, to1, runs)));
                    out.set(to1 + 1, scale1 * (scratch.get(lower + 1) + before1 * earlier(out, to1 + 1, runs)));
                }
            }
            runs++;

            float s000 = scratch.get(own);
            float s001 = scratch.get(own + 1);
            float s002 = scratch.get(own + LOWER_ROWS);
            float s003 = scratch.get(own + LOWER_ROWS + 1);
            float s010 = scratch.get(own + FRAGMENT_INTS);
            float s011 = scratch.get(own + FRAGMENT_INTS + 1);
            float s012 = scratch.get(own + FRAGMENT_INTS + LOWER_ROWS);
            float s013 = scratch.get(own + FRAGMENT_INTS + LOWER_ROWS + 1);
            float s100 = scratch.get(own + 2 * FRAGMENT_INTS);
            float s101 = scratch.get(own + 2 * FRAGMENT_INTS + 1);
            float s102 = scratch.get(own + 2 * FRAGMENT_INTS + LOWER_ROWS);
            float s103 = scratch.get(own + 2 * FRAGMENT_INTS + LOWER_ROWS + 1);
            float s110 = scratch.get(own + 3 * FRAGMENT_INTS);
            float s111 = scratch.get(own + 3 * FRAGMENT_INTS + 1);
            float s112 = scratch.get(own + 3 * FRAGMENT_INTS + LOWER_ROWS);
            float s113 = scratch.get(own + 3 * FRAGMENT_INTS + LOWER_ROWS + 1);
            laneMaxima[row * 8 + keyPair] = TornadoMath.max(TornadoMath.max(s000, s002), TornadoMath.max(s100, s102));
            laneMaxima[(row + 1) * 8 + keyPair] =
                    TornadoMath.max(TornadoMath.max(s001, s003), TornadoMath.max(s101, s103));
            laneMaxima[(row + 8) * 8 + keyPair] =
                    TornadoMath.max(TornadoMath.max(s010, s012), TornadoMath.max(s110, s112));
            laneMaxima[(row + 9) * 8 + keyPair] =
                    TornadoMath.max(TornadoMath.max(s011, s013), TornadoMath.max(s111, s113));
            context.localBarrier();
            if (lane < ROWS) {
                float max = laneMaxima[lane * 8];
                for (int i = 1; i < 8; i++) {
                    max = TornadoMath.max(max, laneMaxima[lane * 8 + i]);
                }
                float former = references[lane];
                float reference = TornadoMath.max(former, max - LIFT);
                references[lane] = reference;
                rescale[lane] = TornadoMath.exp((former - reference) * LN_2);
            }
            context.localBarrier();
            reference00 = references[row];
            reference01 = references[row + 1];
            reference10 = references[row + 8];
            reference11 = references[row + 9];
            before0 = rescale[warpRow + keyPair];
            before1 = rescale[warpRow + keyPair + 8];
            weights[firstWeight] = HalfWords.powers(s000 - reference00, s002 - reference00);
            weights[firstWeight + 8] = HalfWords.powers(s001 - reference01, s003 - reference01);
            weights[firstWeight + LOWER_ROWS] = HalfWords.powers(s010 - reference10, s012 - reference10);
            weights[firstWeight + LOWER_ROWS + 8] = HalfWords.powers(s011 - reference11, s013 - reference11);
            weights[firstWeight + FRAGMENT_INTS] = HalfWords.powers(s100 - reference00, s102 - reference00);
            weights[firstWeight + FRAGMENT_INTS + 8] = HalfWords.powers(s101 - reference01, s103 - reference01);
            weights[firstWeight + FRAGMENT_INTS + LOWER_ROWS] =
                    HalfWords.powers(s110 - reference10, s112 - reference10);
            weights[firstWeight + FRAGMENT_INTS + LOWER_ROWS + 8] =
                    HalfWords.powers(s111 - reference11, s113 - reference11);
            context.localBarrier();
        }
        context.asyncCopyWaitGroup(0);
    }

    /** Index of the first channel of a row; of a row past the call, of no use. */
    private static int outputIndex(int row, int groupSize, int numHeads, int kvHead, int headDim) {
        int token = row / groupSize;
        return (token * numHeads + kvHead * groupSize + row - token * groupSize) * headDim;
    }

    /** What the runs before this one have summed; before the first one {@code out} may hold anything. */
    private static float earlier(FloatArray out, int index, int runs) {
        float earlier = 0f;
        if (runs > 0) {
            earlier = out.get(index);
        }
        return earlier;
    }
}
