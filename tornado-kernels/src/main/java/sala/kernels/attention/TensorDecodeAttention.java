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
 * the work groups' partial results. A tile's values are asked for before its scores are computed, the keys of the next tile before
 * its values are multiplied. Each of four warps computes the scores of 16 keys and all heads, {@code scores = keys q^T}; then, of 32
 * channels each, {@code numerators values}.
 *
 * <p>Scores leave through global memory, where every lane reads again what it wrote itself, as in
 * {@link TensorDenseAttention}. Sums stay in fragments, which cannot be scaled, so a row's numerators are relative to one
 * reference: {@value #HEADROOM} binary digits above the largest score of the first tile. Should a later score be so large that
 * its numerator does not fit f16, all tiles pass again, relative to the largest score of all, which is known by then.
 *
 * <p>Queries are two numbers in f16 each, whose sum has 22 digits. Numerators are rounded to f16; sums are f32, the
 * denominators those of the rounded numerators. Fewer than 128 channels are copied as 128, the others repeating them.
 * Launch: {@value #LANES} lanes a work group, one per KV head and split. Ground truth:
 * {@link sala.kernels.reference.DenseAttention}, {@link sala.kernels.reference.SparseAttention}.
 */
public final class TensorDecodeAttention {
    private static final int WARPS = 4;
    private static final int LANES = WARPS * 32;
    /** Query heads of a group, as a fragment has them. */
    static final int ROWS = QueryOperands.HEADS;
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

    /** Eight heads of the queries, likewise padded. */
    private static final int QUERY_PANEL_INTS = MAX_HEAD_DIM * 4 + 4;

    private static final int QUERY_PANEL_BYTES = QUERY_PANEL_INTS * Integer.BYTES;

    /** Words of a key, or of a value, that are copied: channels past the last one repeat others. */
    private static final int WORDS = MAX_HEAD_DIM / 2;

    private static final int KEYS_AT_A_TIME = LANES / WORDS;
    private static final int COPIES_OF_ROW = 16 / KEYS_AT_A_TIME;
    /** From a copy to the next: a key has four words of eight channels of values, and every other one four of a row of keys. */
    private static final int COPY_INTS = KEYS_AT_A_TIME * 4;

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
     * Splits of a KV head where all positions are seen: half of the work groups that occupy the device. With all of them short
     * contexts take longer, and the rounded numerators of 64K tokens lose more.
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
     * @param queries of the token, by a task before
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
            QueryOperands queries,
            HalfFloatArray keys,
            HalfFloatArray values,
            TensorDecodeScratch scratch,
            FloatArray out,
            IntArray step,
            AttentionShape shape,
            CacheLayout layout) {
        addTasks(graph, task, queries, keys, values, scratch.noBlocks(), scratch, out, step, shape, layout, 0, 0);
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
            QueryOperands queries,
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
                queries,
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
            QueryOperands queries,
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
        queries.requireShape(shape);
        AttentionArguments.requireArrays(queries.q(), keys, values, out, step, shape, layout, 1);
        scratch.requireShape(shape);
        int numSplits = scratch.partials().numSplits();
        graph.taskGraph()
                .task(
                        task,
                        TensorDecodeAttention::attend,
                        graph.context(),
                        queries.halfs(),
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
                        numSplits);
        graph.grid(task, WorkGroups.grid(Math.multiplyExact(shape.numKvHeads(), numSplits), LANES));
        SplitCombine.addTo(graph, task + "Combine", scratch.partials(), out, step, shape, 1, blockSize < 1 ? KEYS : 0);
    }

    /**
     * The kernel. Work groups: KV head, then split, the split varying fastest.
     *
     * @param blockSize 0 for all positions up to the token's own
     */
    public static void attend(
            KernelContext context,
            HalfFloatArray operands,
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
            int numSplits) {
        int[] queries = context.allocateIntLocalArray(4 * QUERY_PANEL_INTS);
        int[] keyTile = context.allocateIntLocalArray(WARPS * KEY_ROW_INTS);
        int[] valueTile = context.allocateIntLocalArray(MAX_HEAD_DIM / 8 * VALUE_PANEL_INTS);
        int[] weights = context.allocateIntLocalArray(WARPS * FRAGMENT_INTS); // numerators, two of a row a word
        int[] ones = context.allocateIntLocalArray(FRAGMENT_DEPTH * 4);
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
        int depthSteps = headDim / FRAGMENT_DEPTH;
        // A run-time bound: unrolled, the loops over them keep more addresses in registers than pays.
        int keyRows = position < 0 ? 0 : KEYS / 16;

        // Copies: a word is two channels of a key, neighbouring lanes have neighbouring words. The even ones of 16 keys
        // are the upper half of a fragment.
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
        int operandBase = kvHead * QueryOperands.HALFS;

        if (lane < FRAGMENT_DEPTH * 4) {
            ones[lane] = TWO_ONES;
        }
        if (lane < ROWS) {
            references[lane] = MASKED; // of a split without keys
        }
        // A split without a tile of the context is not read either; one without blocks of a list is, and stores zeros.
        int idle = dense * (tilesOfSplit < 1 ? 1 : 0);
        int queryWords = idle > 0 ? 0 : headDim * ROWS / 2;
        for (int i = lane; i < queryWords; i += LANES) {
            int target = i % 8 / 4 * QUERY_PANEL_INTS + i / 8 * 4 + i % 4;
            context.asyncCopyToLocal(queries, target, operands, operandBase + i * 2);
            context.asyncCopyToLocal(
                    queries, target + 2 * QUERY_PANEL_INTS, operands, operandBase + QueryOperands.LOW + i * 2);
        }
        context.localBarrier();
        float highest0 = MASKED; // scores of the heads column, column + 1, column + 8, column + 9
        float highest1 = MASKED;
        float highest8 = MASKED;
        float highest9 = MASKED;
        int passes = 1 - idle;
        for (int pass = 0; pass < passes; pass++) {
            float[] out0 = context.mmaFragment(0.0f);
            float[] out1 = context.mmaFragment(0.0f);
            float[] out2 = context.mmaFragment(0.0f);
            float[] out3 = context.mmaFragment(0.0f);
            float[] sums = context.mmaFragment(0.0f);
            int slot = split * KEYS;
            int first = slot;
            int whole = 0; // whether all keys of the tile follow each other and are seen
            int source = 0; // of the lane's first key, if so
            if (tilesOfSplit > 0) {
                if (dense < 1) {
                    int block = selectedBlocks.get(blockList + slot / size);
                    first = block < 0 ? position + 1 : block * size + slot % size;
                }
                whole = runsOfKeys * (first + KEYS - 1 <= position ? 1 : 0);
                source = (cacheRow + first + firstKey) * headDim + laneChannel;
                if (whole > 0) {
                    for (int row = 0; row < keyRows; row++) {
                        for (int i = 0; i < COPIES_OF_ROW; i++) {
                            context.asyncCopyToLocal(
                                    keyTile,
                                    keySlot + row * KEY_ROW_INTS + i * COPY_INTS,
                                    keys,
                                    source + (row * 16 + i * KEYS_AT_A_TIME) * headDim);
                        }
                    }
                } else {
                    for (int row = 0; row < keyRows; row++) {
                        for (int i = 0; i < COPIES_OF_ROW; i++) {
                            int key = row * 16 + i * KEYS_AT_A_TIME + firstKey;
                            int loaded = TornadoMath.min(first + key, position);
                            if (runsOfKeys < 1) {
                                loaded = loadedOf(
                                        positionOf(selectedBlocks, blockList, slot + key, numSlots, size), position);
                            }
                            context.asyncCopyToLocal(
                                    keyTile,
                                    keySlot + row * KEY_ROW_INTS + i * COPY_INTS,
                                    keys,
                                    (cacheRow + loaded) * headDim + laneChannel);
                        }
                    }
                }
            }
            context.asyncCopyCommit();
            for (int tile = 0; tile < tilesOfSplit; tile++) {
                if (whole > 0) {
                    for (int row = 0; row < keyRows; row++) {
                        for (int i = 0; i < COPIES_OF_ROW; i++) {
                            context.asyncCopyToLocal(
                                    valueTile,
                                    valueSlot + row * FRAGMENT_DEPTH * 4 + i * COPY_INTS,
                                    values,
                                    source + (row * 16 + i * KEYS_AT_A_TIME) * headDim);
                        }
                    }
                } else {
                    for (int row = 0; row < keyRows; row++) {
                        for (int i = 0; i < COPIES_OF_ROW; i++) {
                            int key = row * 16 + i * KEYS_AT_A_TIME + firstKey;
                            int loaded = TornadoMath.min(first + key, position);
                            if (runsOfKeys < 1) {
                                loaded = loadedOf(
                                        positionOf(selectedBlocks, blockList, slot + key, numSlots, size), position);
                            }
                            context.asyncCopyToLocal(
                                    valueTile,
                                    valueSlot + row * FRAGMENT_DEPTH * 4 + i * COPY_INTS,
                                    values,
                                    (cacheRow + loaded) * headDim + laneChannel);
                        }
                    }
                }
                context.asyncCopyCommit();
                context.asyncCopyWaitGroup(1);
                context.localBarrier();
                float[] scores0 = context.mmaFragment(0.0f);
                float[] scores8 = context.mmaFragment(0.0f);
                for (int depthStep = 0; depthStep < depthSteps; depthStep++) {
                    int queryBytes = depthStep * DEPTH_BYTES;
                    HalfFloat[] key =
                            context.mmaLoadA(keyTile, FRAGMENT_DEPTH, keyBytes + depthStep * KEY_FRAGMENT_BYTES);
                    HalfFloat[] high0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes);
                    HalfFloat[] high8 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_BYTES);
                    HalfFloat[] low0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes + 2 * QUERY_PANEL_BYTES);
                    HalfFloat[] low8 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes + 3 * QUERY_PANEL_BYTES);
                    scores0 = context.mma(key, low0, scores0, MMAShape.M16N8K16);
                    scores8 = context.mma(key, low8, scores8, MMAShape.M16N8K16);
                    scores0 = context.mma(key, high0, scores0, MMAShape.M16N8K16);
                    scores8 = context.mma(key, high8, scores8, MMAShape.M16N8K16);
                }
                context.mmaStore(scores0, scores, warpScores / 8, 0, 8);
                context.mmaStore(scores8, scores, warpScores / 8 + 16, 0, 8);
                int position0 = first + laneKey;
                int position1 = position0 + 1;
                if (runsOfKeys < 1) {
                    position0 = positionOf(selectedBlocks, blockList, slot + laneKey, numSlots, size);
                    position1 = positionOf(selectedBlocks, blockList, slot + laneKey + 1, numSlots, size);
                }
                float unseen0 = mask(position0, position);
                float unseen1 = mask(position1, position);
                float even0 = LOG2_E * scores.get(own) + unseen0;
                float even1 = LOG2_E * scores.get(own + 1) + unseen0;
                float odd0 = LOG2_E * scores.get(own + LOWER_ROWS) + unseen1;
                float odd1 = LOG2_E * scores.get(own + LOWER_ROWS + 1) + unseen1;
                float even8 = LOG2_E * scores.get(own + FRAGMENT_INTS) + unseen0;
                float even9 = LOG2_E * scores.get(own + FRAGMENT_INTS + 1) + unseen0;
                float odd8 = LOG2_E * scores.get(own + FRAGMENT_INTS + LOWER_ROWS) + unseen1;
                float odd9 = LOG2_E * scores.get(own + FRAGMENT_INTS + LOWER_ROWS + 1) + unseen1;
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
                // All warps have multiplied the keys: the next ones come while values are multiplied.
                slot += numSplits * KEYS;
                first = slot;
                if (tile + 1 < tilesOfSplit) {
                    if (dense < 1) {
                        int block = selectedBlocks.get(blockList + slot / size);
                        first = block < 0 ? position + 1 : block * size + slot % size;
                    }
                    whole = runsOfKeys * (first + KEYS - 1 <= position ? 1 : 0);
                    source = (cacheRow + first + firstKey) * headDim + laneChannel;
                    if (whole > 0) {
                        for (int row = 0; row < keyRows; row++) {
                            for (int i = 0; i < COPIES_OF_ROW; i++) {
                                context.asyncCopyToLocal(
                                        keyTile,
                                        keySlot + row * KEY_ROW_INTS + i * COPY_INTS,
                                        keys,
                                        source + (row * 16 + i * KEYS_AT_A_TIME) * headDim);
                            }
                        }
                    } else {
                        for (int row = 0; row < keyRows; row++) {
                            for (int i = 0; i < COPIES_OF_ROW; i++) {
                                int key = row * 16 + i * KEYS_AT_A_TIME + firstKey;
                                int loaded = TornadoMath.min(first + key, position);
                                if (runsOfKeys < 1) {
                                    loaded = loadedOf(
                                            positionOf(selectedBlocks, blockList, slot + key, numSlots, size),
                                            position);
                                }
                                context.asyncCopyToLocal(
                                        keyTile,
                                        keySlot + row * KEY_ROW_INTS + i * COPY_INTS,
                                        keys,
                                        (cacheRow + loaded) * headDim + laneChannel);
                            }
                        }
                    }
                }
                context.asyncCopyCommit();
                HalfFloat[] one = context.mmaLoadB(ones, FRAGMENT_DEPTH, 0);
                for (int keyStep = 0; keyStep < KEYS / 16; keyStep++) {
                    int depthBytes = valueBytes + keyStep * DEPTH_BYTES;
                    HalfFloat[] weight =
                            context.mmaLoadA(weights, FRAGMENT_DEPTH, keyStep * FRAGMENT_INTS * Integer.BYTES);
                    HalfFloat[] value0 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, depthBytes);
                    HalfFloat[] value1 = context.mmaLoadB(valueTile, FRAGMENT_DEPTH, depthBytes + VALUE_PANEL_BYTES);
                    HalfFloat[] value2 =
                            context.mmaLoadB(valueTile, FRAGMENT_DEPTH, depthBytes + 2 * VALUE_PANEL_BYTES);
                    HalfFloat[] value3 =
                            context.mmaLoadB(valueTile, FRAGMENT_DEPTH, depthBytes + 3 * VALUE_PANEL_BYTES);
                    sums = context.mma(weight, one, sums, MMAShape.M16N8K16);
                    out0 = context.mma(weight, value0, out0, MMAShape.M16N8K16);
                    out1 = context.mma(weight, value1, out1, MMAShape.M16N8K16);
                    out2 = context.mma(weight, value2, out2, MMAShape.M16N8K16);
                    out3 = context.mma(weight, value3, out3, MMAShape.M16N8K16);
                }
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
            // No numerator of the first tile is too large.
            if (tilesOfSplit > 1) {
                float above0 = TornadoMath.max(highest0 - references[column], highest1 - references[column + 1]);
                float above8 = TornadoMath.max(highest8 - references[column + 8], highest9 - references[column + 9]);
                float above = TornadoMath.max(above0, above8);
                float misfit = above > HalfWords.LARGEST_POWER ? 1f : 0f;
                float lanesOfMisfits = context.simdSum(misfit);
                if (laneOfWarp == 0) {
                    misfits[warp] = lanesOfMisfits;
                }
                context.localBarrier();
                float allMisfits = 0f;
                for (int i = 0; i < WARPS; i++) {
                    allMisfits += misfits[i];
                }
                passes = allMisfits > 0f ? 2 : passes;
            }
        }
        if (lane < ROWS) {
            results.set((resultRow + lane) * resultStride + headDim + SplitPartials.REFERENCE, references[lane] * LN_2);
        }
    }

    /** What is loaded for a position: one that is not seen is replaced, and its score is masked. */
    private static int loadedOf(int position, int last) {
        return TornadoMath.max(0, TornadoMath.min(position, last));
    }

    /** What is added to the score of a position. */
    private static float mask(int position, int last) {
        float mask = 0f;
        if (position < 0) {
            mask = MASKED;
        }
        if (position > last) {
            mask = MASKED;
        }
        return mask;
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
}
