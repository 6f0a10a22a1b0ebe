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
 * Attention of one token on tensor cores, dense or block-sparse, with asynchronous copies: on CUDA. Groups of up to
 * {@value #ROWS} query heads.
 *
 * <pre>
 *   out[h] = sum over j of softmax_j(attentionScale q[h] . keys[g, j]) values[g, j],   g = h / groupSize,
 *            j &lt;= position, and block-sparse: floor(j / blockSize) in selectedBlocks[g]
 * </pre>
 *
 * <p>Keys pass in tiles of {@value #KEYS}; every {@code numSplits}th tile is a work group's, and {@link SplitCombine} joins
 * the work groups' partial results. A tile's keys and values are asked for at once. Each of four warps computes the scores of
 * 16 keys and all heads, {@code scores = keys q^T}; then, of 32 channels each, {@code numerators values}.
 *
 * <p>Scores leave through global memory, where every lane reads again what it wrote itself, as in
 * {@link TensorDenseAttention}. Sums stay in fragments, which cannot be scaled, so a row's numerators are relative to one
 * reference: {@value #HEADROOM} binary digits above the largest score of the first tile. Should a later score be so large that
 * its numerator does not fit f16, all tiles pass again, relative to the largest score of all, which is known by then.
 *
 * <p>Queries are two numbers in f16 each, whose sum has 22 digits. Numerators are rounded to f16; sums are f32, the
 * denominators those of the rounded numerators. Fewer than 128 channels are computed as if the others' queries were 0.
 * Launch: {@value #LANES} lanes a work group, one per KV head and split. Ground truth:
 * {@link sala.kernels.reference.DenseAttention}, {@link sala.kernels.reference.SparseAttention}.
 */
public final class TensorDecodeAttention {
    private static final int WARPS = 4;
    private static final int LANES = WARPS * 32;
    /** Query heads of a group, as a fragment has them. */
    static final int ROWS = 16;
    /** Keys of a tile, 16 a warp. */
    private static final int KEYS = WARPS * 16;

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

    /** Eight channels of a tile's values; the padding moves neighbours to other banks. */
    private static final int VALUE_PANEL_INTS = KEYS * 4 + 4;

    private static final int VALUE_PANEL_BYTES = VALUE_PANEL_INTS * Integer.BYTES;
    /** 16 keys of values, or 16 channels of queries, of which eight make a row. */
    private static final int DEPTH_BYTES = FRAGMENT_DEPTH * 16;

    /** Eight heads. */
    private static final int QUERY_PANEL_INTS = MAX_HEAD_DIM * 4;

    private static final int QUERY_PANEL_BYTES = QUERY_PANEL_INTS * Integer.BYTES;
    /** One of the two numbers that make a query. */
    private static final int QUERY_PART_INTS = ROWS / 8 * QUERY_PANEL_INTS;

    /** Words of a key, or of a value, that are copied: channels past the last one repeat others. */
    private static final int WORDS = MAX_HEAD_DIM / 2;

    private static final int KEYS_AT_A_TIME = LANES / WORDS;
    private static final int COPIES_OF_ROW = 16 / KEYS_AT_A_TIME;

    /** Lane maxima of a row, and one place that moves rows to other banks. */
    private static final int MAXIMA_STRIDE = KEYS / 2 + 1;

    /** Scores of a warp: two fragments, of eight heads each. */
    private static final int WARP_FLOATS = ROWS / 8 * FRAGMENT_INTS;

    static final int SCORE_FLOATS = WARPS * WARP_FLOATS;

    /** 1 and 1 in f16. */
    private static final int TWO_ONES = 0x3c003c00;
    /** Score of a key that is not seen; finite, since some devices compile without infinities. */
    private static final float MASKED = -1e30f;
    /** Above {@link #MASKED}, below every score. */
    private static final float VISIBLE = -0.5e30f;
    /**
     * Binary logarithm of what the reference is above the largest score: a later score may be larger by a factor of 2^23,
     * and numerators of a 64th of the largest still have all digits of f16.
     */
    private static final float HEADROOM = 8f;

    private static final float LN_2 = 0.6931472f;
    private static final float LOG2_E = 1.442695f;

    private TensorDecodeAttention() {}

    /** Whether the kernel has these heads. */
    public static boolean supports(AttentionShape shape) {
        return TensorDenseAttention.supports(shape.headDim()) && shape.groupSize() <= ROWS;
    }

    /**
     * Splits of a KV head where all positions are seen: half of the work groups that occupy the device, which is faster than all
     * of them.
     *
     * @param workGroups that occupy the device, four a multiprocessor
     */
    public static int denseSplits(AttentionShape shape, int workGroups) {
        return Math.ceilDiv(workGroups, 2 * shape.numKvHeads());
    }

    /** Tiles of a block list: as many splits read all of it at once. */
    public static int numTiles(int blockSize, int maxSelected) {
        return Math.ceilDiv(Math.multiplyExact(blockSize, maxSelected), KEYS);
    }

    /**
     * Adds attention of one token to all positions up to its own. Two tasks, {@code task} and {@code task + "Combine"}.
     *
     * @param q {@code [numHeads, headDim]}, f32
     * @param keys {@code [numKvHeads, capacity, headDim]}, f16, that of the token appended
     * @param values as keys
     * @param scratch for these heads
     * @param out {@code [numHeads, headDim]}, f32
     * @param step see {@link Step}; of one token
     * @param shape heads; groups of at most 16 and a headDim of 32, 64 or 128
     * @param layout of the cache
     * @throws IllegalArgumentException if an array is null or too small, or the kernel has no such heads
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray q,
            HalfFloatArray keys,
            HalfFloatArray values,
            TensorDecodeScratch scratch,
            FloatArray out,
            IntArray step,
            AttentionShape shape,
            CacheLayout layout) {
        addTasks(graph, task, q, keys, values, scratch.noBlocks(), scratch, out, step, shape, layout, 0, 0);
    }

    /**
     * Adds attention of one token to its selected blocks.
     *
     * @param selectedBlocks {@code [numKvHeads, maxSelected]}, ascending, padded with -1; none past the token's own
     * @param blockSize tokens of a block; a multiple of 64 is copied fastest
     * @param maxSelected length of a block list; see {@link #addTo} for the other arguments
     */
    public static void addSparseTo(
            KernelGraph graph,
            String task,
            FloatArray q,
            HalfFloatArray keys,
            HalfFloatArray values,
            IntArray selectedBlocks,
            TensorDecodeScratch scratch,
            FloatArray out,
            IntArray step,
            AttentionShape shape,
            CacheLayout layout,
            int blockSize,
            int maxSelected) {
        KernelArguments.requireAtLeast("blockSize", 1, blockSize);
        KernelArguments.requireAtLeast("maxSelected", 1, maxSelected);
        KernelArguments.requireShape(
                "selectedBlocks", selectedBlocks, "[numKvHeads, maxSelected]", shape.numKvHeads(), maxSelected);
        addTasks(
                graph,
                task,
                q,
                keys,
                values,
                selectedBlocks,
                scratch,
                out,
                step,
                shape,
                layout,
                blockSize,
                maxSelected);
    }

    private static void addTasks(
            KernelGraph graph,
            String task,
            FloatArray q,
            HalfFloatArray keys,
            HalfFloatArray values,
            IntArray selectedBlocks,
            TensorDecodeScratch scratch,
            FloatArray out,
            IntArray step,
            AttentionShape shape,
            CacheLayout layout,
            int blockSize,
            int maxSelected) {
        AttentionArguments.requireHeads(shape, layout);
        KernelArguments.requireOneOf("headDim", shape.headDim(), 32, 64, 128);
        if (shape.groupSize() > ROWS) {
            throw new IllegalArgumentException(
                    "groupSize: expected at most %d, found %d".formatted(ROWS, shape.groupSize()));
        }
        AttentionArguments.requireArrays(q, keys, values, out, step, shape, layout, 1);
        scratch.requireShape(shape);
        int numSplits = scratch.partials().numSplits();
        graph.taskGraph()
                .task(
                        task,
                        TensorDecodeAttention::attend,
                        graph.context(),
                        q,
                        keys,
                        values,
                        selectedBlocks,
                        scratch.partials().results(),
                        scratch.scores(),
                        step,
                        shape.groupSize(),
                        shape.headDim(),
                        layout.capacity(),
                        blockSize,
                        maxSelected,
                        numSplits,
                        (float) shape.attentionScale());
        graph.grid(task, WorkGroups.grid(Math.multiplyExact(shape.numKvHeads(), numSplits), LANES));
        SplitCombine.addTo(graph, task + "Combine", scratch.partials(), out, step, shape, 1);
    }

    /**
     * The kernel. Work groups: KV head, then split, the split varying fastest.
     *
     * @param blockSize 0 for all positions up to the token's own
     */
    public static void attend(
            KernelContext context,
            FloatArray q,
            HalfFloatArray keys,
            HalfFloatArray values,
            IntArray selectedBlocks,
            FloatArray results,
            FloatArray scores,
            IntArray step,
            int groupSize,
            int headDim,
            int capacity,
            int blockSize,
            int maxSelected,
            int numSplits,
            float attentionScale) {
        int[] queries = context.allocateIntLocalArray(2 * QUERY_PART_INTS);
        int[] keyTile = context.allocateIntLocalArray(WARPS * KEY_ROW_INTS);
        int[] valueTile = context.allocateIntLocalArray(MAX_HEAD_DIM / 8 * VALUE_PANEL_INTS);
        int[] weights = context.allocateIntLocalArray(WARPS * FRAGMENT_INTS); // numerators, two of a row a word
        int[] ones = context.allocateIntLocalArray(FRAGMENT_DEPTH * 4);
        int[] positions = context.allocateIntLocalArray(KEYS); // of a tile that is not whole; -1 for keys not seen
        float[] laneMaxima = context.allocateFloatLocalArray(ROWS * MAXIMA_STRIDE);
        float[] references = context.allocateFloatLocalArray(ROWS);
        float[] misfits = context.allocateFloatLocalArray(WARPS); // lanes whose numerators do not fit

        int lane = context.localIdx;
        int warp = lane / 32;
        int laneOfWarp = lane % 32;
        int split = context.groupIdx % numSplits;
        int kvHead = context.groupIdx / numSplits;
        int position = step.get(Step.POSITION);
        int dense = blockSize < 1 ? 1 : 0;
        int size = TornadoMath.max(blockSize, 1);
        int runsOfKeys = dense + (size % KEYS < 1 ? 1 : 0); // whether a tile's positions follow each other
        int numSlots = dense > 0 ? position + 1 : maxSelected * size;
        int numTiles = (numSlots + KEYS - 1) / KEYS;
        int tilesOfSplit = (numTiles - split + numSplits - 1) / numSplits;
        int blockList = kvHead * maxSelected;
        // A run-time bound: unrolled, the loops over them keep more addresses in registers than pays.
        int keyRows = position < 0 ? 0 : KEYS / 16;

        // Copies: a word is two channels of a key, neighbouring lanes have neighbouring words.
        int firstKey = lane / WORDS;
        int word = lane % WORDS;
        int cacheRow = kvHead * capacity;
        int laneChannel = word * 2 % headDim;
        int keySlot = word / 8 * KEY_FRAGMENT_INTS + firstKey * LOWER_ROWS + word % 8;
        int valueSlot = word / 4 * VALUE_PANEL_INTS + firstKey * 4 + word % 4;
        // A lane has of a fragment of scores the keys 2 keyPair and 2 keyPair + 1, the heads column and column + 1.
        int keyPair = laneOfWarp / 4;
        int column = laneOfWarp % 4 * 2;
        int laneKey = warp * 16 + keyPair * 2;
        int laneMaximum = column * MAXIMA_STRIDE + warp * 8 + keyPair;
        int firstWeight = warp * FRAGMENT_INTS + column * 8 + keyPair;
        int warpScores = (context.groupIdx * WARPS + warp) * WARP_FLOATS;
        int own = warpScores + 2 * laneOfWarp;
        int keyBytes = warp * KEY_ROW_INTS * Integer.BYTES;
        int valueBytes = warp * 4 * VALUE_PANEL_BYTES;
        int resultStride = headDim + SplitPartials.EXTRA;
        int resultRow = context.groupIdx * ROWS;

        if (lane < FRAGMENT_DEPTH * 4) {
            ones[lane] = TWO_ONES;
        }
        if (lane < ROWS) {
            references[lane] = MASKED; // of a split without keys
        }
        context.localBarrier();
        float highest0 = MASKED; // scores of the heads column, column + 1, column + 8, column + 9
        float highest1 = MASKED;
        float highest8 = MASKED;
        float highest9 = MASKED;
        int passes = 1;
        for (int pass = 0; pass < passes; pass++) {
            float[] out0 = context.mmaFragment(0.0f);
            float[] out1 = context.mmaFragment(0.0f);
            float[] out2 = context.mmaFragment(0.0f);
            float[] out3 = context.mmaFragment(0.0f);
            float[] sums = context.mmaFragment(0.0f);
            for (int tile = 0; tile < tilesOfSplit; tile++) {
                int slot = (split + tile * numSplits) * KEYS;
                int first = slot;
                if (dense < 1) {
                    int block = selectedBlocks.get(blockList + slot / size);
                    first = block < 0 ? position + 1 : block * size + slot % size;
                }
                int whole = (runsOfKeys > 0 ? 1 : 0) * (first + KEYS - 1 <= position ? 1 : 0);
                if (whole > 0) {
                    int source = (cacheRow + first + firstKey) * headDim + laneChannel;
                    for (int row = 0; row < keyRows; row++) {
                        for (int i = 0; i < COPIES_OF_ROW; i++) {
                            context.asyncCopyToLocal(
                                    keyTile,
                                    keySlot + row * KEY_ROW_INTS + i * 8,
                                    keys,
                                    source + (row * 16 + i * KEYS_AT_A_TIME) * headDim);
                        }
                    }
                    context.asyncCopyCommit();
                    for (int row = 0; row < keyRows; row++) {
                        for (int i = 0; i < COPIES_OF_ROW; i++) {
                            context.asyncCopyToLocal(
                                    valueTile,
                                    valueSlot + row * FRAGMENT_DEPTH * 4 + i * 8,
                                    values,
                                    source + (row * 16 + i * KEYS_AT_A_TIME) * headDim);
                        }
                    }
                    context.asyncCopyCommit();
                } else {
                    if (lane < KEYS) {
                        int keyPosition = first + lane;
                        if (runsOfKeys < 1) {
                            keyPosition = positionOf(selectedBlocks, blockList, slot + lane, numSlots, size);
                        }
                        positions[lane] = keyPosition > position ? -1 : keyPosition;
                    }
                    context.localBarrier();
                    // In place of a key that is not seen, position 0 is loaded; its score is masked.
                    for (int row = 0; row < keyRows; row++) {
                        for (int i = 0; i < COPIES_OF_ROW; i++) {
                            int key = TornadoMath.max(0, positions[row * 16 + i * KEYS_AT_A_TIME + firstKey]);
                            int source = (cacheRow + key) * headDim + laneChannel;
                            context.asyncCopyToLocal(keyTile, keySlot + row * KEY_ROW_INTS + i * 8, keys, source);
                        }
                    }
                    context.asyncCopyCommit();
                    for (int row = 0; row < keyRows; row++) {
                        for (int i = 0; i < COPIES_OF_ROW; i++) {
                            int key = TornadoMath.max(0, positions[row * 16 + i * KEYS_AT_A_TIME + firstKey]);
                            int source = (cacheRow + key) * headDim + laneChannel;
                            context.asyncCopyToLocal(
                                    valueTile, valueSlot + row * FRAGMENT_DEPTH * 4 + i * 8, values, source);
                        }
                    }
                    context.asyncCopyCommit();
                }
                if (pass + tile < 1) {
                    // While the first tile comes. A lane has a channel of all heads.
                    float factor = attentionScale * LOG2_E;
                    int vector = kvHead * groupSize * headDim + lane;
                    int heads = lane < headDim ? groupSize : 0;
                    float query0 = factor * query(q, vector, 0, heads);
                    float query1 = factor * query(q, vector + headDim, 1, heads);
                    float query2 = factor * query(q, vector + 2 * headDim, 2, heads);
                    float query3 = factor * query(q, vector + 3 * headDim, 3, heads);
                    float query4 = factor * query(q, vector + 4 * headDim, 4, heads);
                    float query5 = factor * query(q, vector + 5 * headDim, 5, heads);
                    float query6 = factor * query(q, vector + 6 * headDim, 6, heads);
                    float query7 = factor * query(q, vector + 7 * headDim, 7, heads);
                    float query8 = factor * query(q, vector + 8 * headDim, 8, heads);
                    float query9 = factor * query(q, vector + 9 * headDim, 9, heads);
                    float query10 = factor * query(q, vector + 10 * headDim, 10, heads);
                    float query11 = factor * query(q, vector + 11 * headDim, 11, heads);
                    float query12 = factor * query(q, vector + 12 * headDim, 12, heads);
                    float query13 = factor * query(q, vector + 13 * headDim, 13, heads);
                    float query14 = factor * query(q, vector + 14 * headDim, 14, heads);
                    float query15 = factor * query(q, vector + 15 * headDim, 15, heads);
                    int bits0 = HalfWords.bits(query0);
                    int bits1 = HalfWords.bits(query1);
                    queries[lane * 4] = bits0 | bits1 << 16;
                    queries[QUERY_PART_INTS + lane * 4] = HalfWords.bits(query0 - HalfWords.value(bits0))
                            | HalfWords.bits(query1 - HalfWords.value(bits1)) << 16;
                    int bits2 = HalfWords.bits(query2);
                    int bits3 = HalfWords.bits(query3);
                    queries[lane * 4 + 1] = bits2 | bits3 << 16;
                    queries[QUERY_PART_INTS + lane * 4 + 1] = HalfWords.bits(query2 - HalfWords.value(bits2))
                            | HalfWords.bits(query3 - HalfWords.value(bits3)) << 16;
                    int bits4 = HalfWords.bits(query4);
                    int bits5 = HalfWords.bits(query5);
                    queries[lane * 4 + 2] = bits4 | bits5 << 16;
                    queries[QUERY_PART_INTS + lane * 4 + 2] = HalfWords.bits(query4 - HalfWords.value(bits4))
                            | HalfWords.bits(query5 - HalfWords.value(bits5)) << 16;
                    int bits6 = HalfWords.bits(query6);
                    int bits7 = HalfWords.bits(query7);
                    queries[lane * 4 + 3] = bits6 | bits7 << 16;
                    queries[QUERY_PART_INTS + lane * 4 + 3] = HalfWords.bits(query6 - HalfWords.value(bits6))
                            | HalfWords.bits(query7 - HalfWords.value(bits7)) << 16;
                    int bits8 = HalfWords.bits(query8);
                    int bits9 = HalfWords.bits(query9);
                    queries[lane * 4 + QUERY_PANEL_INTS] = bits8 | bits9 << 16;
                    queries[QUERY_PART_INTS + lane * 4 + QUERY_PANEL_INTS] =
                            HalfWords.bits(query8 - HalfWords.value(bits8))
                                    | HalfWords.bits(query9 - HalfWords.value(bits9)) << 16;
                    int bits10 = HalfWords.bits(query10);
                    int bits11 = HalfWords.bits(query11);
                    queries[lane * 4 + 1 + QUERY_PANEL_INTS] = bits10 | bits11 << 16;
                    queries[QUERY_PART_INTS + lane * 4 + 1 + QUERY_PANEL_INTS] =
                            HalfWords.bits(query10 - HalfWords.value(bits10))
                                    | HalfWords.bits(query11 - HalfWords.value(bits11)) << 16;
                    int bits12 = HalfWords.bits(query12);
                    int bits13 = HalfWords.bits(query13);
                    queries[lane * 4 + 2 + QUERY_PANEL_INTS] = bits12 | bits13 << 16;
                    queries[QUERY_PART_INTS + lane * 4 + 2 + QUERY_PANEL_INTS] =
                            HalfWords.bits(query12 - HalfWords.value(bits12))
                                    | HalfWords.bits(query13 - HalfWords.value(bits13)) << 16;
                    int bits14 = HalfWords.bits(query14);
                    int bits15 = HalfWords.bits(query15);
                    queries[lane * 4 + 3 + QUERY_PANEL_INTS] = bits14 | bits15 << 16;
                    queries[QUERY_PART_INTS + lane * 4 + 3 + QUERY_PANEL_INTS] =
                            HalfWords.bits(query14 - HalfWords.value(bits14))
                                    | HalfWords.bits(query15 - HalfWords.value(bits15)) << 16;
                }
                context.asyncCopyWaitGroup(1);
                context.localBarrier();
                float[] score0 = context.mmaFragment(0.0f);
                float[] score1 = context.mmaFragment(0.0f);
                HalfFloat[] key0 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, keyBytes);
                HalfFloat[] query0a0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, 0);
                score0 = context.mma(key0, query0a0, score0, MMAShape.M16N8K16);
                HalfFloat[] query0a1 = context.mmaLoadB(queries, FRAGMENT_DEPTH, 1 * QUERY_PANEL_BYTES);
                score1 = context.mma(key0, query0a1, score1, MMAShape.M16N8K16);
                HalfFloat[] query0b0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, 2 * QUERY_PANEL_BYTES);
                score0 = context.mma(key0, query0b0, score0, MMAShape.M16N8K16);
                HalfFloat[] query0b1 = context.mmaLoadB(queries, FRAGMENT_DEPTH, 3 * QUERY_PANEL_BYTES);
                score1 = context.mma(key0, query0b1, score1, MMAShape.M16N8K16);
                HalfFloat[] key1 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, keyBytes + 1 * KEY_FRAGMENT_BYTES);
                HalfFloat[] query1a0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, 1 * DEPTH_BYTES);
                score0 = context.mma(key1, query1a0, score0, MMAShape.M16N8K16);
                HalfFloat[] query1a1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 1 * QUERY_PANEL_BYTES + 1 * DEPTH_BYTES);
                score1 = context.mma(key1, query1a1, score1, MMAShape.M16N8K16);
                HalfFloat[] query1b0 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 2 * QUERY_PANEL_BYTES + 1 * DEPTH_BYTES);
                score0 = context.mma(key1, query1b0, score0, MMAShape.M16N8K16);
                HalfFloat[] query1b1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 3 * QUERY_PANEL_BYTES + 1 * DEPTH_BYTES);
                score1 = context.mma(key1, query1b1, score1, MMAShape.M16N8K16);
                HalfFloat[] key2 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, keyBytes + 2 * KEY_FRAGMENT_BYTES);
                HalfFloat[] query2a0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, 2 * DEPTH_BYTES);
                score0 = context.mma(key2, query2a0, score0, MMAShape.M16N8K16);
                HalfFloat[] query2a1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 1 * QUERY_PANEL_BYTES + 2 * DEPTH_BYTES);
                score1 = context.mma(key2, query2a1, score1, MMAShape.M16N8K16);
                HalfFloat[] query2b0 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 2 * QUERY_PANEL_BYTES + 2 * DEPTH_BYTES);
                score0 = context.mma(key2, query2b0, score0, MMAShape.M16N8K16);
                HalfFloat[] query2b1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 3 * QUERY_PANEL_BYTES + 2 * DEPTH_BYTES);
                score1 = context.mma(key2, query2b1, score1, MMAShape.M16N8K16);
                HalfFloat[] key3 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, keyBytes + 3 * KEY_FRAGMENT_BYTES);
                HalfFloat[] query3a0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, 3 * DEPTH_BYTES);
                score0 = context.mma(key3, query3a0, score0, MMAShape.M16N8K16);
                HalfFloat[] query3a1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 1 * QUERY_PANEL_BYTES + 3 * DEPTH_BYTES);
                score1 = context.mma(key3, query3a1, score1, MMAShape.M16N8K16);
                HalfFloat[] query3b0 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 2 * QUERY_PANEL_BYTES + 3 * DEPTH_BYTES);
                score0 = context.mma(key3, query3b0, score0, MMAShape.M16N8K16);
                HalfFloat[] query3b1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 3 * QUERY_PANEL_BYTES + 3 * DEPTH_BYTES);
                score1 = context.mma(key3, query3b1, score1, MMAShape.M16N8K16);
                HalfFloat[] key4 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, keyBytes + 4 * KEY_FRAGMENT_BYTES);
                HalfFloat[] query4a0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, 4 * DEPTH_BYTES);
                score0 = context.mma(key4, query4a0, score0, MMAShape.M16N8K16);
                HalfFloat[] query4a1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 1 * QUERY_PANEL_BYTES + 4 * DEPTH_BYTES);
                score1 = context.mma(key4, query4a1, score1, MMAShape.M16N8K16);
                HalfFloat[] query4b0 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 2 * QUERY_PANEL_BYTES + 4 * DEPTH_BYTES);
                score0 = context.mma(key4, query4b0, score0, MMAShape.M16N8K16);
                HalfFloat[] query4b1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 3 * QUERY_PANEL_BYTES + 4 * DEPTH_BYTES);
                score1 = context.mma(key4, query4b1, score1, MMAShape.M16N8K16);
                HalfFloat[] key5 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, keyBytes + 5 * KEY_FRAGMENT_BYTES);
                HalfFloat[] query5a0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, 5 * DEPTH_BYTES);
                score0 = context.mma(key5, query5a0, score0, MMAShape.M16N8K16);
                HalfFloat[] query5a1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 1 * QUERY_PANEL_BYTES + 5 * DEPTH_BYTES);
                score1 = context.mma(key5, query5a1, score1, MMAShape.M16N8K16);
                HalfFloat[] query5b0 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 2 * QUERY_PANEL_BYTES + 5 * DEPTH_BYTES);
                score0 = context.mma(key5, query5b0, score0, MMAShape.M16N8K16);
                HalfFloat[] query5b1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 3 * QUERY_PANEL_BYTES + 5 * DEPTH_BYTES);
                score1 = context.mma(key5, query5b1, score1, MMAShape.M16N8K16);
                HalfFloat[] key6 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, keyBytes + 6 * KEY_FRAGMENT_BYTES);
                HalfFloat[] query6a0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, 6 * DEPTH_BYTES);
                score0 = context.mma(key6, query6a0, score0, MMAShape.M16N8K16);
                HalfFloat[] query6a1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 1 * QUERY_PANEL_BYTES + 6 * DEPTH_BYTES);
                score1 = context.mma(key6, query6a1, score1, MMAShape.M16N8K16);
                HalfFloat[] query6b0 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 2 * QUERY_PANEL_BYTES + 6 * DEPTH_BYTES);
                score0 = context.mma(key6, query6b0, score0, MMAShape.M16N8K16);
                HalfFloat[] query6b1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 3 * QUERY_PANEL_BYTES + 6 * DEPTH_BYTES);
                score1 = context.mma(key6, query6b1, score1, MMAShape.M16N8K16);
                HalfFloat[] key7 = context.mmaLoadA(keyTile, FRAGMENT_DEPTH, keyBytes + 7 * KEY_FRAGMENT_BYTES);
                HalfFloat[] query7a0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, 7 * DEPTH_BYTES);
                score0 = context.mma(key7, query7a0, score0, MMAShape.M16N8K16);
                HalfFloat[] query7a1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 1 * QUERY_PANEL_BYTES + 7 * DEPTH_BYTES);
                score1 = context.mma(key7, query7a1, score1, MMAShape.M16N8K16);
                HalfFloat[] query7b0 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 2 * QUERY_PANEL_BYTES + 7 * DEPTH_BYTES);
                score0 = context.mma(key7, query7b0, score0, MMAShape.M16N8K16);
                HalfFloat[] query7b1 =
                        context.mmaLoadB(queries, FRAGMENT_DEPTH, 3 * QUERY_PANEL_BYTES + 7 * DEPTH_BYTES);
                score1 = context.mma(key7, query7b1, score1, MMAShape.M16N8K16);
                context.mmaStore(score0, scores, warpScores / 8, 0, 8);
                context.mmaStore(score1, scores, warpScores / 8 + 16, 0, 8);
                float unseen0 = 0f;
                float unseen1 = 0f;
                if (whole < 1) {
                    unseen0 = positions[laneKey] < 0 ? MASKED : 0f;
                    unseen1 = positions[laneKey + 1] < 0 ? MASKED : 0f;
                }
                float even0 = scores.get(own) + unseen0;
                float even1 = scores.get(own + 1) + unseen0;
                float odd0 = scores.get(own + LOWER_ROWS) + unseen1;
                float odd1 = scores.get(own + LOWER_ROWS + 1) + unseen1;
                float even8 = scores.get(own + FRAGMENT_INTS) + unseen0;
                float even9 = scores.get(own + FRAGMENT_INTS + 1) + unseen0;
                float odd8 = scores.get(own + FRAGMENT_INTS + LOWER_ROWS) + unseen1;
                float odd9 = scores.get(own + FRAGMENT_INTS + LOWER_ROWS + 1) + unseen1;
                highest0 = TornadoMath.max(highest0, TornadoMath.max(even0, odd0));
                highest1 = TornadoMath.max(highest1, TornadoMath.max(even1, odd1));
                highest8 = TornadoMath.max(highest8, TornadoMath.max(even8, odd8));
                highest9 = TornadoMath.max(highest9, TornadoMath.max(even9, odd9));
                if (tile < 1) {
                    laneMaxima[laneMaximum] = highest0;
                    laneMaxima[laneMaximum + MAXIMA_STRIDE] = highest1;
                    laneMaxima[laneMaximum + 8 * MAXIMA_STRIDE] = highest8;
                    laneMaxima[laneMaximum + 9 * MAXIMA_STRIDE] = highest9;
                    context.localBarrier();
                    if (lane < ROWS) {
                        float max = VISIBLE;
                        for (int i = 0; i < KEYS / 2; i++) {
                            max = TornadoMath.max(max, laneMaxima[lane * MAXIMA_STRIDE + i]);
                        }
                        references[lane] = max + HEADROOM;
                    }
                    context.localBarrier();
                }
                float reference0 = references[column];
                float reference1 = references[column + 1];
                float reference8 = references[column + 8];
                float reference9 = references[column + 9];
                weights[firstWeight] = HalfWords.powers(even0 - reference0, odd0 - reference0);
                weights[firstWeight + 8] = HalfWords.powers(even1 - reference1, odd1 - reference1);
                weights[firstWeight + LOWER_ROWS] = HalfWords.powers(even8 - reference8, odd8 - reference8);
                weights[firstWeight + LOWER_ROWS + 8] = HalfWords.powers(even9 - reference9, odd9 - reference9);
                context.asyncCopyWaitGroup(0);
                context.localBarrier();
                HalfFloat[] one = context.mmaLoadB(ones, FRAGMENT_DEPTH, 0);
                HalfFloat[] weight0 = context.mmaLoadA(weights, FRAGMENT_DEPTH, 0);
                sums = context.mma(weight0, one, sums, MMAShape.M16N8K16);
                HalfFloat[] value0x0 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, valueBytes);
                out0 = context.mma(weight0, value0x0, out0, MMAShape.M16N8K16);
                HalfFloat[] value0x1 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, valueBytes + 1 * VALUE_PANEL_BYTES);
                out1 = context.mma(weight0, value0x1, out1, MMAShape.M16N8K16);
                HalfFloat[] value0x2 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, valueBytes + 2 * VALUE_PANEL_BYTES);
                out2 = context.mma(weight0, value0x2, out2, MMAShape.M16N8K16);
                HalfFloat[] value0x3 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, valueBytes + 3 * VALUE_PANEL_BYTES);
                out3 = context.mma(weight0, value0x3, out3, MMAShape.M16N8K16);
                HalfFloat[] weight1 = context.mmaLoadA(weights, FRAGMENT_DEPTH, 1 * FRAGMENT_INTS * Integer.BYTES);
                sums = context.mma(weight1, one, sums, MMAShape.M16N8K16);
                HalfFloat[] value1x0 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, valueBytes + 1 * DEPTH_BYTES);
                out0 = context.mma(weight1, value1x0, out0, MMAShape.M16N8K16);
                HalfFloat[] value1x1 = context.mmaLoadB(
                        valueTile, FRAGMENT_DEPTH, valueBytes + 1 * VALUE_PANEL_BYTES + 1 * DEPTH_BYTES);
                out1 = context.mma(weight1, value1x1, out1, MMAShape.M16N8K16);
                HalfFloat[] value1x2 = context.mmaLoadB(
                        valueTile, FRAGMENT_DEPTH, valueBytes + 2 * VALUE_PANEL_BYTES + 1 * DEPTH_BYTES);
                out2 = context.mma(weight1, value1x2, out2, MMAShape.M16N8K16);
                HalfFloat[] value1x3 = context.mmaLoadB(
                        valueTile, FRAGMENT_DEPTH, valueBytes + 3 * VALUE_PANEL_BYTES + 1 * DEPTH_BYTES);
                out3 = context.mma(weight1, value1x3, out3, MMAShape.M16N8K16);
                HalfFloat[] weight2 = context.mmaLoadA(weights, FRAGMENT_DEPTH, 2 * FRAGMENT_INTS * Integer.BYTES);
                sums = context.mma(weight2, one, sums, MMAShape.M16N8K16);
                HalfFloat[] value2x0 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, valueBytes + 2 * DEPTH_BYTES);
                out0 = context.mma(weight2, value2x0, out0, MMAShape.M16N8K16);
                HalfFloat[] value2x1 = context.mmaLoadB(
                        valueTile, FRAGMENT_DEPTH, valueBytes + 1 * VALUE_PANEL_BYTES + 2 * DEPTH_BYTES);
                out1 = context.mma(weight2, value2x1, out1, MMAShape.M16N8K16);
                HalfFloat[] value2x2 = context.mmaLoadB(
                        valueTile, FRAGMENT_DEPTH, valueBytes + 2 * VALUE_PANEL_BYTES + 2 * DEPTH_BYTES);
                out2 = context.mma(weight2, value2x2, out2, MMAShape.M16N8K16);
                HalfFloat[] value2x3 = context.mmaLoadB(
                        valueTile, FRAGMENT_DEPTH, valueBytes + 3 * VALUE_PANEL_BYTES + 2 * DEPTH_BYTES);
                out3 = context.mma(weight2, value2x3, out3, MMAShape.M16N8K16);
                HalfFloat[] weight3 = context.mmaLoadA(weights, FRAGMENT_DEPTH, 3 * FRAGMENT_INTS * Integer.BYTES);
                sums = context.mma(weight3, one, sums, MMAShape.M16N8K16);
                HalfFloat[] value3x0 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, valueBytes + 3 * DEPTH_BYTES);
                out0 = context.mma(weight3, value3x0, out0, MMAShape.M16N8K16);
                HalfFloat[] value3x1 = context.mmaLoadB(
                        valueTile, FRAGMENT_DEPTH, valueBytes + 1 * VALUE_PANEL_BYTES + 3 * DEPTH_BYTES);
                out1 = context.mma(weight3, value3x1, out1, MMAShape.M16N8K16);
                HalfFloat[] value3x2 = context.mmaLoadB(
                        valueTile, FRAGMENT_DEPTH, valueBytes + 2 * VALUE_PANEL_BYTES + 3 * DEPTH_BYTES);
                out2 = context.mma(weight3, value3x2, out2, MMAShape.M16N8K16);
                HalfFloat[] value3x3 = context.mmaLoadB(
                        valueTile, FRAGMENT_DEPTH, valueBytes + 3 * VALUE_PANEL_BYTES + 3 * DEPTH_BYTES);
                out3 = context.mma(weight3, value3x3, out3, MMAShape.M16N8K16);
                context.localBarrier();
            }
            if (warp * 32 < headDim) {
                context.mmaStore(out0, results, resultRow, warp * 32, resultStride);
                context.mmaStore(out1, results, resultRow, warp * 32 + 8, resultStride);
                context.mmaStore(out2, results, resultRow, warp * 32 + 16, resultStride);
                context.mmaStore(out3, results, resultRow, warp * 32 + 24, resultStride);
            }
            if (warp < 1) {
                context.mmaStore(sums, results, resultRow, headDim + SplitPartials.SUM, resultStride);
            }
            float above0 = TornadoMath.max(highest0 - references[column], highest1 - references[column + 1]);
            float above8 = TornadoMath.max(highest8 - references[column + 8], highest9 - references[column + 9]);
            float misfit = TornadoMath.max(above0, above8) > HalfWords.LARGEST_POWER ? 1f : 0f;
            float lanesOfMisfits = context.simdSum(misfit);
            if (laneOfWarp == 0) {
                misfits[warp] = lanesOfMisfits;
            }
            context.localBarrier();
            passes = misfits[0] + misfits[1] + misfits[2] + misfits[3] > 0f ? 2 : passes;
        }
        if (lane < ROWS) {
            results.set((resultRow + lane) * resultStride + headDim + SplitPartials.REFERENCE, references[lane] * LN_2);
        }
    }

    /** Position of a slot of the block list, -1 for padding. */
    private static int positionOf(IntArray selectedBlocks, int blockList, int slot, int numSlots, int blockSize) {
        int position = -1;
        if (slot < numSlots) {
            int block = selectedBlocks.get(blockList + slot / blockSize);
            position = block < 0 ? -1 : block * blockSize + slot % blockSize;
        }
        return position;
    }

    /** A channel of a query, 0 of heads past the group's. */
    private static float query(FloatArray q, int index, int head, int heads) {
        float query = 0f;
        if (head < heads) {
            query = q.get(index);
        }
        return query;
    }
}
