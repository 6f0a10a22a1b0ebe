package sala.kernels.selection;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import sala.kernels.attention.AttentionArguments;
import sala.kernels.attention.QueryOperands;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.KeyCompression;
import sala.kernels.reference.SelectionRule;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * {@link DecodeSelectionF32} on tensor cores, with asynchronous copies: on CUDA. The formulas and the three tasks are the
 * same; keys and queries are multiplied as in {@link TensorPrefillSelection}, and the same blocks are chosen.
 *
 * <p>Windows pass in tiles of {@value #KEYS}, of which each of four warps computes 16. A work group has every so many tiles
 * up to the context, and the copies of two tiles are under way while a third is computed; past the context there is
 * nothing to do. The fine pass reads only the splits that have windows. Scores leave through global memory, where every lane
 * reads again what it wrote itself.
 *
 * <p>Heads of less than 128 channels are copied as if they had 128, the others repeating them, and multiplied as they are.
 * Launch: {@value #LANES} lanes a work group, in the coarse pass one per KV head and split, in the fine pass
 * {@code numWorkGroups} of the scratch. Ground truth: {@link sala.kernels.reference.BlockSelection}.
 */
public final class TensorDecodeSelection {
    private static final int WARPS = 4;
    private static final int LANES = WARPS * 32;
    /** Query heads of two fragments. */
    private static final int ROWS = QueryOperands.HEADS;
    /** Windows of a tile, 16 a warp. */
    private static final int KEYS = WARPS * 16;

    private static final int MAX_HEAD_DIM = AttentionArguments.MAX_HEAD_DIM;
    private static final int FRAGMENT_DEPTH = 16;
    private static final int FRAGMENT_FLOATS = 128;
    /** A lane's values of a fragment of sums lie at twice its number in the warp, at the next place, and so far on. */
    private static final int LOWER_ROWS = 64;
    /** A fragment of keys; the padding moves neighbours along the channels to other banks. */
    private static final int KEY_FRAGMENT_INTS = 128 + 8;
    /** 16 keys. */
    private static final int KEY_ROW_INTS = MAX_HEAD_DIM / FRAGMENT_DEPTH * KEY_FRAGMENT_INTS;

    private static final int TILE_INTS = WARPS * KEY_ROW_INTS;
    /** Tiles in local memory: one that is computed and one that comes. */
    private static final int TILES = 2;
    /** Eight heads of the queries, likewise padded. */
    private static final int QUERY_PANEL_INTS = MAX_HEAD_DIM * 4 + 4;

    private static final int QUERY_PANEL_BYTES = QUERY_PANEL_INTS * Integer.BYTES;
    /** Words of a key that are copied. */
    private static final int WORDS = MAX_HEAD_DIM / 2;

    private static final int KEYS_AT_A_TIME = LANES / WORDS;
    private static final int COPIES_OF_ROW = 16 / KEYS_AT_A_TIME;
    /** Of the lanes' maxima and sums of a head, and one place that moves heads to other banks. */
    private static final int COLUMN_STRIDE = LANES / 4 + 1;
    /** Lanes that join the splits of a head. */
    private static final int ROW_LANES = LANES / ROWS;
    /** Lanes of a warp that have heads of the same window. */
    private static final int LANES_OF_WINDOW = 4;
    /** Score of a window that is not seen; finite, since some devices compile without infinities. */
    private static final float MASKED = -1e30f;
    /** Above {@link #MASKED}, below every score. */
    private static final float VISIBLE = -0.5e30f;

    private static final float LARGEST_EXPONENT = 80f;

    private TensorDecodeSelection() {}

    /**
     * Adds the three tasks {@code task + "Coarse"}, {@code task + "Fine"} and {@code task + "Top"} to a graph.
     *
     * @param queries of the token, by a task before
     * @param fineKeys {@code [numKvHeads, fineCapacity, headDim]}, f16, with those that this call completes
     * @param coarseKeys {@code [numKvHeads, coarseCapacity, headDim]}, likewise
     * @param scratch written and read
     * @param tensorScratch the same; of its work groups the coarse pass has at most {@code scratch.numSplits} a KV head, and
     *     the fine pass all
     * @param selectedBlocks {@code [1, numKvHeads, maxSelected]}, ascending, padded with -1; every element is written
     * @param step see {@link Step}; of one token
     * @param shape heads; groups of at most 16 and a headDim of 32, 64 or 128
     * @param layout of the cache
     * @param rule window sizes, forced blocks, top-k
     * @throws IllegalArgumentException if an array is null or too small, the heads are others, or there are fewer work groups
     *     than KV heads
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            QueryOperands queries,
            HalfFloatArray fineKeys,
            HalfFloatArray coarseKeys,
            DecodeSelectionScratch scratch,
            TensorSelectionScratch tensorScratch,
            IntArray selectedBlocks,
            IntArray step,
            AttentionShape shape,
            CacheLayout layout,
            SelectionRule rule) {
        SelectionArguments.require(queries.q(), fineKeys, coarseKeys, selectedBlocks, step, shape, layout, rule, 1);
        queries.requireShape(shape);
        int numKvHeads = layout.numKvHeads();
        KernelArguments.requireAtLeast("numWorkGroups", numKvHeads, tensorScratch.numWorkGroups());
        scratch.requireShape(shape, layout, rule);
        int groupsPerKvHead = tensorScratch.numWorkGroups() / numKvHeads;
        int numSplits = Math.min(scratch.numSplits(), groupsPerKvHead);
        graph.taskGraph()
                .task(
                        task + "Coarse",
                        TensorDecodeSelection::scoreCoarse,
                        graph.context(),
                        queries.halfs(),
                        coarseKeys,
                        tensorScratch.results(),
                        scratch.maxima(),
                        scratch.sums(),
                        step,
                        shape.groupSize(),
                        layout.headDim(),
                        layout.capacity(),
                        rule.coarseKernelSize(),
                        rule.coarseKernelStride(),
                        numSplits);
        graph.grid(task + "Coarse", WorkGroups.grid((long) numKvHeads * numSplits, LANES));
        graph.taskGraph()
                .task(
                        task + "Fine",
                        TensorDecodeSelection::scoreFine,
                        graph.context(),
                        queries.halfs(),
                        fineKeys,
                        tensorScratch.results(),
                        scratch.maxima(),
                        scratch.sums(),
                        scratch.blockRanks(),
                        step,
                        shape.groupSize(),
                        layout.headDim(),
                        layout.capacity(),
                        rule.kernelSize(),
                        rule.kernelStride(),
                        rule.blockSize(),
                        rule.initBlocks(),
                        rule.localBlocks(),
                        numSplits,
                        groupsPerKvHead);
        graph.grid(task + "Fine", WorkGroups.grid((long) numKvHeads * groupsPerKvHead, LANES));
        TopBlocks.addTo(
                graph,
                task + "Top",
                scratch.blockRanks(),
                selectedBlocks,
                step,
                numKvHeads,
                rule.numBlocks(layout.capacity()),
                rule);
    }

    /** The coarse pass. Work groups: KV head, then split, the split varying fastest. See {@link #addTo} for the arrays. */
    public static void scoreCoarse(
            KernelContext context,
            HalfFloatArray operands,
            HalfFloatArray coarseKeys,
            FloatArray results,
            FloatArray maxima,
            FloatArray sums,
            IntArray step,
            int groupSize,
            int headDim,
            int capacity,
            int coarseKernelSize,
            int coarseKernelStride,
            int numSplits) {
        int[] tiles = context.allocateIntLocalArray(TILES * TILE_INTS);
        int[] queries = context.allocateIntLocalArray(4 * QUERY_PANEL_INTS);
        float[] columnMaxima = context.allocateFloatLocalArray(ROWS * COLUMN_STRIDE);
        float[] columnSums = context.allocateFloatLocalArray(ROWS * COLUMN_STRIDE);

        int lane = context.localIdx;
        int warp = lane / 32;
        int laneOfWarp = lane % 32;
        int split = context.groupIdx % numSplits;
        int kvHead = context.groupIdx / numSplits;
        int visible = KeyCompression.count(step.get(Step.POSITION) + 1, coarseKernelSize, coarseKernelStride);
        int windowCapacity = KeyCompression.count(capacity, coarseKernelSize, coarseKernelStride);
        int numTiles = (visible + KEYS - 1) / KEYS;
        int tilesOfSplit = (numTiles - split + numSplits - 1) / numSplits;
        int depthSteps = headDim / FRAGMENT_DEPTH;
        // A run-time bound: unrolled, the loops over them keep more addresses in registers than pays.
        int keyRows = visible < 0 ? 0 : KEYS / 16;
        // Copies: a word is two channels of a key, neighbouring lanes have neighbouring words.
        int firstKey = lane / WORDS;
        int word = lane % WORDS;
        int keySlot = word / 8 * KEY_FRAGMENT_INTS + firstKey * 8 + word % 8;
        int source = kvHead * windowCapacity * headDim + word * 2 % headDim;
        int warpScores = (context.groupIdx * WARPS + warp) * 2 * FRAGMENT_FLOATS;
        int own = warpScores + 2 * laneOfWarp;
        // A lane has of a fragment of scores the windows ownKey and ownKey + 8, the heads column and column + 1.
        int ownKey = warp * 16 + laneOfWarp / 4;
        int column = laneOfWarp % 4 * 2;

        int operandBase = kvHead * QueryOperands.HALFS;
        int queryWords = tilesOfSplit > 0 ? headDim * ROWS / 2 : 0;
        for (int i = lane; i < queryWords; i += LANES) {
            int target = i % 8 / 4 * QUERY_PANEL_INTS + i / 8 * 4 + i % 4;
            context.asyncCopyToLocal(queries, target, operands, operandBase + i * 2);
            context.asyncCopyToLocal(
                    queries, target + 2 * QUERY_PANEL_INTS, operands, operandBase + QueryOperands.LOW + i * 2);
        }
        // Windows past the end repeat the last one; they are masked.
        for (int ahead = 0; ahead < TILES; ahead++) {
            int first = (split + ahead * numSplits) * KEYS + firstKey;
            int rows = ahead < tilesOfSplit ? keyRows : 0;
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < COPIES_OF_ROW; i++) {
                    int window = TornadoMath.min(first + row * 16 + i * KEYS_AT_A_TIME, visible - 1);
                    context.asyncCopyToLocal(
                            tiles,
                            ahead * TILE_INTS + keySlot + row * KEY_ROW_INTS + i * KEYS_AT_A_TIME * 8,
                            coarseKeys,
                            source + window * headDim);
                }
            }
            context.asyncCopyCommit();
        }

        float max0 = MASKED; // of the heads column, column + 1, column + 8, column + 9
        float max1 = MASKED;
        float max8 = MASKED;
        float max9 = MASKED;
        float sum0 = 0f;
        float sum1 = 0f;
        float sum8 = 0f;
        float sum9 = 0f;
        for (int tile = 0; tile < tilesOfSplit; tile++) {
            // All but the newest group of copies, that of the next tile, have come.
            context.asyncCopyWaitGroup(1);
            context.localBarrier();
            int place = tile % TILES * TILE_INTS;
            int keyBytes = (place + warp * KEY_ROW_INTS) * Integer.BYTES;
            float[] scores0 = context.mmaFragment(0.0f);
            float[] scores8 = context.mmaFragment(0.0f);
            for (int depthStep = 0; depthStep < depthSteps; depthStep++) {
                int queryBytes = depthStep * FRAGMENT_DEPTH * 16;
                HalfFloat[] keys = context.mmaLoadA(
                        tiles, FRAGMENT_DEPTH, keyBytes + depthStep * KEY_FRAGMENT_INTS * Integer.BYTES);
                HalfFloat[] high0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes);
                HalfFloat[] high8 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_BYTES);
                HalfFloat[] low0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes + 2 * QUERY_PANEL_BYTES);
                HalfFloat[] low8 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes + 3 * QUERY_PANEL_BYTES);
                scores0 = context.mma(keys, low0, scores0, MMAShape.M16N8K16);
                scores8 = context.mma(keys, low8, scores8, MMAShape.M16N8K16);
                scores0 = context.mma(keys, high0, scores0, MMAShape.M16N8K16);
                scores8 = context.mma(keys, high8, scores8, MMAShape.M16N8K16);
            }
            context.mmaStore(scores0, results, warpScores / 8, 0, 8);
            context.mmaStore(scores8, results, warpScores / 8 + 16, 0, 8);
            context.localBarrier();
            int first = (split + (tile + TILES) * numSplits) * KEYS + firstKey;
            int rows = tile + TILES < tilesOfSplit ? keyRows : 0;
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < COPIES_OF_ROW; i++) {
                    int window = TornadoMath.min(first + row * 16 + i * KEYS_AT_A_TIME, visible - 1);
                    context.asyncCopyToLocal(
                            tiles,
                            place + keySlot + row * KEY_ROW_INTS + i * KEYS_AT_A_TIME * 8,
                            coarseKeys,
                            source + window * headDim);
                }
            }
            context.asyncCopyCommit();

            int ownWindow = (split + tile * numSplits) * KEYS + ownKey;
            float upper0 = seen(results, own, ownWindow, visible);
            float upper1 = seen(results, own + 1, ownWindow, visible);
            float upper8 = seen(results, own + FRAGMENT_FLOATS, ownWindow, visible);
            float upper9 = seen(results, own + FRAGMENT_FLOATS + 1, ownWindow, visible);
            float lower0 = seen(results, own + LOWER_ROWS, ownWindow + 8, visible);
            float lower1 = seen(results, own + LOWER_ROWS + 1, ownWindow + 8, visible);
            float lower8 = seen(results, own + FRAGMENT_FLOATS + LOWER_ROWS, ownWindow + 8, visible);
            float lower9 = seen(results, own + FRAGMENT_FLOATS + LOWER_ROWS + 1, ownWindow + 8, visible);
            float newMax0 = TornadoMath.max(max0, TornadoMath.max(upper0, lower0));
            float newMax1 = TornadoMath.max(max1, TornadoMath.max(upper1, lower1));
            float newMax8 = TornadoMath.max(max8, TornadoMath.max(upper8, lower8));
            float newMax9 = TornadoMath.max(max9, TornadoMath.max(upper9, lower9));
            sum0 = sum0 * TornadoMath.exp(max0 - newMax0) + numerator(upper0, newMax0) + numerator(lower0, newMax0);
            sum1 = sum1 * TornadoMath.exp(max1 - newMax1) + numerator(upper1, newMax1) + numerator(lower1, newMax1);
            sum8 = sum8 * TornadoMath.exp(max8 - newMax8) + numerator(upper8, newMax8) + numerator(lower8, newMax8);
            sum9 = sum9 * TornadoMath.exp(max9 - newMax9) + numerator(upper9, newMax9) + numerator(lower9, newMax9);
            max0 = newMax0;
            max1 = newMax1;
            max8 = newMax8;
            max9 = newMax9;
        }

        int ownColumn = column * COLUMN_STRIDE + warp * 8 + laneOfWarp / 4;
        columnMaxima[ownColumn] = max0;
        columnMaxima[ownColumn + COLUMN_STRIDE] = max1;
        columnMaxima[ownColumn + 8 * COLUMN_STRIDE] = max8;
        columnMaxima[ownColumn + 9 * COLUMN_STRIDE] = max9;
        columnSums[ownColumn] = sum0;
        columnSums[ownColumn + COLUMN_STRIDE] = sum1;
        columnSums[ownColumn + 8 * COLUMN_STRIDE] = sum8;
        columnSums[ownColumn + 9 * COLUMN_STRIDE] = sum9;
        context.localBarrier();
        if (lane < groupSize) {
            float max = MASKED;
            for (int i = 0; i < LANES / 4; i++) {
                max = TornadoMath.max(max, columnMaxima[lane * COLUMN_STRIDE + i]);
            }
            float sum = 0f;
            for (int i = 0; i < LANES / 4; i++) {
                sum += columnSums[lane * COLUMN_STRIDE + i]
                        * TornadoMath.exp(columnMaxima[lane * COLUMN_STRIDE + i] - max);
            }
            int partial = (kvHead * groupSize + lane) * numSplits + split;
            maxima.set(partial, max);
            sums.set(partial, sum);
        }
    }

    /**
     * The fine pass and the ranks. Work groups: KV head, then place among those that share its tiles, which varies fastest.
     *
     * @param numGroups work groups of a KV head
     */
    public static void scoreFine(
            KernelContext context,
            HalfFloatArray operands,
            HalfFloatArray fineKeys,
            FloatArray results,
            FloatArray maxima,
            FloatArray sums,
            IntArray blockRanks,
            IntArray step,
            int groupSize,
            int headDim,
            int capacity,
            int kernelSize,
            int kernelStride,
            int blockSize,
            int initBlocks,
            int localBlocks,
            int numSplits,
            int numGroups) {
        int[] tiles = context.allocateIntLocalArray(TILES * TILE_INTS);
        int[] queries = context.allocateIntLocalArray(4 * QUERY_PANEL_INTS);
        float[] laneMaxima = context.allocateFloatLocalArray(LANES);
        float[] laneSums = context.allocateFloatLocalArray(LANES);
        float[] rowMaxima = context.allocateFloatLocalArray(ROWS);
        float[] rowShares = context.allocateFloatLocalArray(ROWS);
        float[] windowScores = context.allocateFloatLocalArray(KEYS * LANES_OF_WINDOW);

        int lane = context.localIdx;
        int warp = lane / 32;
        int laneOfWarp = lane % 32;
        int group = context.groupIdx % numGroups;
        int kvHead = context.groupIdx / numGroups;
        int position = step.get(Step.POSITION);
        int currentBlock = position / blockSize;
        int visible = KeyCompression.count(position + 1, kernelSize, kernelStride);
        int coarseSize = kernelSize * SelectionRule.COARSE_FACTOR;
        int coarseStride = kernelStride * SelectionRule.COARSE_FACTOR;
        int visibleCoarse = KeyCompression.count(position + 1, coarseSize, coarseStride);
        int splits = TornadoMath.min(numSplits, (visibleCoarse + KEYS - 1) / KEYS);
        int windowCapacity = KeyCompression.count(capacity, kernelSize, kernelStride);
        int maxBlocks = (capacity + blockSize - 1) / blockSize;
        int stridesPerBlock = blockSize / kernelStride;
        int blocksPerTile = (KEYS - 1) / stridesPerBlock;
        int tileStride = blocksPerTile * stridesPerBlock;
        int numTiles = currentBlock / blocksPerTile + 1;
        int tilesOfGroup = (numTiles - group + numGroups - 1) / numGroups;
        int depthSteps = headDim / FRAGMENT_DEPTH;
        int keyRows = position < 0 ? 0 : KEYS / 16; // a run-time bound, as in the coarse pass
        int firstKey = lane / WORDS;
        int word = lane % WORDS;
        int keySlot = word / 8 * KEY_FRAGMENT_INTS + firstKey * 8 + word % 8;
        int source = kvHead * windowCapacity * headDim + word * 2 % headDim;
        int warpScores = (context.groupIdx * WARPS + warp) * 2 * FRAGMENT_FLOATS;
        int own = warpScores + 2 * laneOfWarp;
        int ownKey = warp * 16 + laneOfWarp / 4;
        int column = laneOfWarp % 4 * 2;

        int operandBase = kvHead * QueryOperands.HALFS;
        int queryWords = tilesOfGroup > 0 ? headDim * ROWS / 2 : 0;
        for (int i = lane; i < queryWords; i += LANES) {
            int target = i % 8 / 4 * QUERY_PANEL_INTS + i / 8 * 4 + i % 4;
            context.asyncCopyToLocal(queries, target, operands, operandBase + i * 2);
            context.asyncCopyToLocal(
                    queries, target + 2 * QUERY_PANEL_INTS, operands, operandBase + QueryOperands.LOW + i * 2);
        }
        // A tile begins with the last window of the block before. For windows that are not there others are copied;
        // they are masked.
        int lastWindow = TornadoMath.max(0, visible - 1);
        for (int ahead = 0; ahead < TILES; ahead++) {
            int first = (group + ahead * numGroups) * tileStride - 1 + firstKey;
            int rows = ahead < tilesOfGroup ? keyRows : 0;
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < COPIES_OF_ROW; i++) {
                    int window = TornadoMath.min(first + row * 16 + i * KEYS_AT_A_TIME, lastWindow);
                    context.asyncCopyToLocal(
                            tiles,
                            ahead * TILE_INTS + keySlot + row * KEY_ROW_INTS + i * KEYS_AT_A_TIME * 8,
                            fineKeys,
                            source + TornadoMath.max(0, window) * headDim);
                }
            }
            context.asyncCopyCommit();
        }

        // While they come: each lane joins every eighth split of a row; then one lane a row joins the eight results.
        int reducedRow = lane / ROW_LANES;
        int part = lane % ROW_LANES;
        float laneMax = MASKED;
        float laneSum = 0f;
        if (reducedRow < groupSize && tilesOfGroup > 0) {
            int partials = (kvHead * groupSize + reducedRow) * numSplits;
            for (int split = part; split < splits; split += ROW_LANES) {
                float splitMax = maxima.get(partials + split);
                float newMax = TornadoMath.max(laneMax, splitMax);
                laneSum = laneSum * TornadoMath.exp(laneMax - newMax)
                        + sums.get(partials + split) * TornadoMath.exp(splitMax - newMax);
                laneMax = newMax;
            }
        }
        laneMaxima[lane] = laneMax;
        laneSums[lane] = laneSum;
        context.localBarrier();
        if (lane < ROWS) {
            float max = MASKED;
            for (int i = 0; i < ROW_LANES; i++) {
                max = TornadoMath.max(max, laneMaxima[lane * ROW_LANES + i]);
            }
            float sum = 0f;
            for (int i = 0; i < ROW_LANES; i++) {
                sum += laneSums[lane * ROW_LANES + i] * TornadoMath.exp(laneMaxima[lane * ROW_LANES + i] - max);
            }
            // A row without a coarse window, and one past the group, scores 0.
            float share = 0f;
            if (sum > 0f) {
                share = 1f / sum;
            }
            rowMaxima[lane] = max;
            rowShares[lane] = share;
        }
        context.localBarrier();
        float max0 = rowMaxima[column];
        float max1 = rowMaxima[column + 1];
        float max8 = rowMaxima[column + 8];
        float max9 = rowMaxima[column + 9];
        float share0 = rowShares[column];
        float share1 = rowShares[column + 1];
        float share8 = rowShares[column + 8];
        float share9 = rowShares[column + 9];

        for (int tile = 0; tile < tilesOfGroup; tile++) {
            context.asyncCopyWaitGroup(1);
            context.localBarrier();
            int place = tile % TILES * TILE_INTS;
            int keyBytes = (place + warp * KEY_ROW_INTS) * Integer.BYTES;
            float[] scores0 = context.mmaFragment(0.0f);
            float[] scores8 = context.mmaFragment(0.0f);
            for (int depthStep = 0; depthStep < depthSteps; depthStep++) {
                int queryBytes = depthStep * FRAGMENT_DEPTH * 16;
                HalfFloat[] keys = context.mmaLoadA(
                        tiles, FRAGMENT_DEPTH, keyBytes + depthStep * KEY_FRAGMENT_INTS * Integer.BYTES);
                HalfFloat[] high0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes);
                HalfFloat[] high8 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_BYTES);
                HalfFloat[] low0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes + 2 * QUERY_PANEL_BYTES);
                HalfFloat[] low8 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes + 3 * QUERY_PANEL_BYTES);
                scores0 = context.mma(keys, low0, scores0, MMAShape.M16N8K16);
                scores8 = context.mma(keys, low8, scores8, MMAShape.M16N8K16);
                scores0 = context.mma(keys, high0, scores0, MMAShape.M16N8K16);
                scores8 = context.mma(keys, high8, scores8, MMAShape.M16N8K16);
            }
            context.mmaStore(scores0, results, warpScores / 8, 0, 8);
            context.mmaStore(scores8, results, warpScores / 8 + 16, 0, 8);
            int firstBlock = (group + tile * numGroups) * blocksPerTile;
            int ownWindow = firstBlock * stridesPerBlock - 1 + ownKey;
            float upper = probability(results.get(own) - max0, share0)
                    + probability(results.get(own + 1) - max1, share1)
                    + probability(results.get(own + FRAGMENT_FLOATS) - max8, share8)
                    + probability(results.get(own + FRAGMENT_FLOATS + 1) - max9, share9);
            float lower = probability(results.get(own + LOWER_ROWS) - max0, share0)
                    + probability(results.get(own + LOWER_ROWS + 1) - max1, share1)
                    + probability(results.get(own + FRAGMENT_FLOATS + LOWER_ROWS) - max8, share8)
                    + probability(results.get(own + FRAGMENT_FLOATS + LOWER_ROWS + 1) - max9, share9);
            windowScores[ownKey * LANES_OF_WINDOW + laneOfWarp % 4] = ofWindow(upper, ownWindow, visible);
            windowScores[(ownKey + 8) * LANES_OF_WINDOW + laneOfWarp % 4] = ofWindow(lower, ownWindow + 8, visible);
            context.localBarrier();
            int first = (group + (tile + TILES) * numGroups) * tileStride - 1 + firstKey;
            int rows = tile + TILES < tilesOfGroup ? keyRows : 0;
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < COPIES_OF_ROW; i++) {
                    int window = TornadoMath.min(first + row * 16 + i * KEYS_AT_A_TIME, lastWindow);
                    context.asyncCopyToLocal(
                            tiles,
                            place + keySlot + row * KEY_ROW_INTS + i * KEYS_AT_A_TIME * 8,
                            fineKeys,
                            source + window * headDim);
                }
            }
            context.asyncCopyCommit();
            int block = firstBlock + lane;
            if (lane < blocksPerTile && block <= currentBlock) {
                float blockScore = 0f;
                for (int i = 0; i <= stridesPerBlock; i++) {
                    int windowOfBlock = (lane * stridesPerBlock + i) * LANES_OF_WINDOW;
                    float windowScore = windowScores[windowOfBlock]
                            + windowScores[windowOfBlock + 1]
                            + windowScores[windowOfBlock + 2]
                            + windowScores[windowOfBlock + 3];
                    blockScore = TornadoMath.max(blockScore, windowScore);
                }
                blockRanks.set(
                        kvHead * maxBlocks + block,
                        BlockRank.of(blockScore, block, currentBlock, initBlocks, localBlocks));
            }
        }
    }

    /** A score of the coarse pass, masked if the window is past the context. */
    private static float seen(FloatArray results, int index, int window, int visible) {
        float score = results.get(index);
        return window < visible ? score : MASKED;
    }

    private static float numerator(float score, float max) {
        float result = 0f;
        if (score > VISIBLE) {
            result = TornadoMath.exp(score - max);
        }
        return result;
    }

    private static float probability(float exponent, float share) {
        return TornadoMath.exp(TornadoMath.min(exponent, LARGEST_EXPONENT)) * share;
    }

    /** The score of a window, 0 if it does not exist or is not seen. */
    private static float ofWindow(float score, int window, int visible) {
        float result = 0f;
        if (window >= 0 && window < visible) {
            result = score;
        }
        return result;
    }
}
