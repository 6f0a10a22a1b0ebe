package sala.kernels.selection;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.attention.AttentionArguments;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.KeyCompression;
import sala.kernels.reference.SelectionRule;
import sala.kernels.storage.Storage;
import sala.kernels.storage.StorageType;
import sala.kernels.storage.StorageVariants;
import sala.kernels.storage.Stored;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Block selection of a call's tokens, each at its absolute position, in one task. A fixed number of work groups takes
 * the tiles of tokens in turn; a tile has as many tokens as give {@value #ROWS} query heads of a KV head, which share the
 * loaded compressed keys. Scores exist for one tile of windows at a time; what is kept is a row of block ranks for each
 * token in work.
 *
 * <pre>
 *   m[h], d[h] = maximum and sum of exp(c q[t, h] . coarseKeys[g, j] - m[h]) over the visible windows
 *   s[j]       = sum over the group of exp(c q[t, h] . fineKeys[g, j] - m[h]) / d[h]
 *   rank[b]    = bf16 of the max of s[j],  r b - 1 &lt;= j &lt;= r b + r - 1,  r = blockSize / kernelStride
 *   selectedBlocks[t, g] = the forced blocks and those of the highest ranks, the lower index first among equals
 * </pre>
 *
 * <p>Visible windows end at or before the token; a token that sees no coarse window scores 0 everywhere. Exponents and
 * small scores are cut as in {@link DecodeSelectionF32}; the list is made as in {@link TopBlocks}.
 *
 * <p>Launch: {@code numWorkGroups} of {@value #LANES} lanes, a few for each processor of the device. Ground truth:
 * {@link sala.kernels.reference.BlockSelection}.
 */
@StorageVariants(StorageType.F16)
public final class PrefillSelectionF32 {
    private static final int LANES = 128;
    private static final int ROWS = 16;
    private static final int KEYS = 64;
    private static final int QUERY_STRIDE = AttentionArguments.MAX_HEAD_DIM;
    /** Loads that a lane has in flight. */
    private static final int BATCH = 8;
    /** Head dims of which a tile is a whole number of batches. */
    private static final int BATCH_MULTIPLE = BATCH * LANES / KEYS;
    /** 8 more than a multiple of 32, so that four rows of eight lanes meet 32 banks. */
    private static final int SCORE_STRIDE = KEYS + 8;
    /** Where the sums of the columns stand in a row of scores, after the 32 maxima. */
    private static final int COLUMN_SUMS = 36;
    /** Lanes that reduce a row. */
    private static final int ROW_LANES = LANES / ROWS;
    /** Score of a window that a row does not see; finite, since some devices compile without infinities. */
    private static final float MASKED = -1e30f;
    /** Above {@link #MASKED}, below every score. */
    private static final float VISIBLE = -0.5e30f;

    private static final float LARGEST_EXPONENT = 80f;

    private PrefillSelectionF32() {}

    /**
     * Elements of {@code blockRanks}: a row for each token of a tile and work group.
     *
     * @param numWorkGroups as given to {@link #addTo}
     */
    public static int scratchLength(AttentionShape shape, CacheLayout layout, SelectionRule rule, int numWorkGroups) {
        int rows = Math.multiplyExact(numWorkGroups, tokensPerTile(shape.groupSize()));
        return Math.multiplyExact(rows, rule.numBlocks(layout.capacity()));
    }

    /**
     * Adds the operation to a graph.
     *
     * @param q {@code [tokenCapacity, numHeads, headDim]}, f32
     * @param fineKeys {@code [numKvHeads, fineCapacity, headDim]}, with those that this call completes
     * @param coarseKeys {@code [numKvHeads, coarseCapacity, headDim]}, likewise
     * @param blockRanks scratch of {@link #scratchLength} elements
     * @param selectedBlocks {@code [tokenCapacity, numKvHeads, maxSelected]}, ascending, padded with -1; the call's tokens
     *     are written
     * @param step see {@link Step}
     * @param shape heads
     * @param layout of the cache
     * @param rule window sizes, forced blocks, top-k
     * @param tokenCapacity most tokens of a call
     * @param numWorkGroups at work at a time
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray q,
            @Stored FloatArray fineKeys,
            @Stored FloatArray coarseKeys,
            IntArray blockRanks,
            IntArray selectedBlocks,
            IntArray step,
            AttentionShape shape,
            CacheLayout layout,
            SelectionRule rule,
            int tokenCapacity,
            int numWorkGroups) {
        SelectionArguments.require(q, fineKeys, coarseKeys, selectedBlocks, step, shape, layout, rule, tokenCapacity);
        KernelArguments.requireAtLeast("numWorkGroups", 1, numWorkGroups);
        KernelArguments.requireShape(
                "blockRanks",
                blockRanks,
                "[numWorkGroups, tokensPerTile, maxBlocks]",
                numWorkGroups,
                tokensPerTile(shape.groupSize()),
                rule.numBlocks(layout.capacity()));
        graph.taskGraph()
                .task(
                        task,
                        PrefillSelectionF32::selectBlocks,
                        graph.context(),
                        q,
                        fineKeys,
                        coarseKeys,
                        blockRanks,
                        selectedBlocks,
                        step,
                        shape.groupSize(),
                        layout.numKvHeads(),
                        layout.headDim(),
                        layout.capacity(),
                        rule.kernelSize(),
                        rule.kernelStride(),
                        rule.blockSize(),
                        rule.initBlocks(),
                        rule.localBlocks(),
                        rule.effectiveTopK(),
                        numWorkGroups,
                        (float) shape.attentionScale());
        WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(numWorkGroups, LANES));
        grid.setLocalWork(LANES, 1, 1);
        graph.grid(task, grid);
    }

    static int tokensPerTile(int groupSize) {
        return groupSize < ROWS ? ROWS / groupSize : 1;
    }

    /** The kernel; see {@link #addTo} for the arrays. */
    public static void selectBlocks(
            KernelContext context,
            FloatArray q,
            @Stored FloatArray fineKeys,
            @Stored FloatArray coarseKeys,
            IntArray blockRanks,
            IntArray selectedBlocks,
            IntArray step,
            int groupSize,
            int numKvHeads,
            int headDim,
            int capacity,
            int kernelSize,
            int kernelStride,
            int blockSize,
            int initBlocks,
            int localBlocks,
            int effectiveTopK,
            int numWorkGroups,
            float attentionScale) {
        float[] queries = context.allocateFloatLocalArray(ROWS * QUERY_STRIDE);
        float[] tile = context.allocateFloatLocalArray(KEYS * (AttentionArguments.MAX_HEAD_DIM + 1));
        float[] scores = context.allocateFloatLocalArray(ROWS * SCORE_STRIDE);
        float[] rowMaxima = context.allocateFloatLocalArray(SelectionArguments.MAX_GROUP_SIZE);
        float[] rowShares = context.allocateFloatLocalArray(SelectionArguments.MAX_GROUP_SIZE);
        int[] laneAbove = context.allocateIntLocalArray(LANES);
        int[] laneEqual = context.allocateIntLocalArray(LANES);

        int lane = context.localIdx;
        int workGroup = context.groupIdx;
        int quarterRow = lane / 32 * 4; // first of the four rows of this lane's quarter
        int column = lane % 32;
        int reducedRow = lane / ROW_LANES;
        int part = lane % ROW_LANES;
        int cacheLength = step.get(Step.POSITION);
        int numTokens = step.get(Step.NUM_TOKENS);
        int numHeads = groupSize * numKvHeads;
        int tokensPerTile = tokensPerTile(groupSize);
        // Not a constant: TornadoVM fails on what remains of the conditions of a loop that it unrolls in full.
        int headTiles = numTokens > 0 ? (groupSize + ROWS - 1) / ROWS : 0;
        int maxBlocks = (capacity + blockSize - 1) / blockSize;
        int maxSelected = BlockRank.maxSelected(initBlocks, localBlocks, effectiveTopK);
        int firstRanks = workGroup * tokensPerTile * maxBlocks;
        int coarseCapacity = KeyCompression.count(
                capacity, kernelSize * SelectionRule.COARSE_FACTOR, kernelStride * SelectionRule.COARSE_FACTOR);
        int fineCapacity = KeyCompression.count(capacity, kernelSize, kernelStride);
        int stridesPerBlock = blockSize / kernelStride;
        int blocksPerTile = (KEYS - 1) / stridesPerBlock;
        int keyStride = headDim + 1; // odd for every usual headDim, so that a channel of 32 keys lies in 32 banks
        int batched = headDim % BATCH_MULTIPLE == 0 ? KEYS * headDim : 0;
        int numTiles = (numTokens + tokensPerTile - 1) / tokensPerTile * numKvHeads;

        for (int tokenTile = workGroup; tokenTile < numTiles; tokenTile += numWorkGroups) {
            int kvHead = tokenTile % numKvHeads;
            int firstToken = tokenTile / numKvHeads * tokensPerTile;
            int endToken = TornadoMath.min(numTokens, firstToken + tokensPerTile);
            int lastPosition = cacheLength + endToken - 1;

            // Coarse pass: maximum and share (one over the sum) of every row.
            for (int headTile = 0; headTile < headTiles; headTile++) {
                for (int i = lane; i < ROWS * headDim; i += LANES) {
                    int rowInTile = i / headDim;
                    int channel = i % headDim;
                    int row = headTile * ROWS + rowInTile;
                    int token = firstToken + row / groupSize;
                    float query = 0f;
                    if (token < endToken) {
                        int head = kvHead * groupSize + row % groupSize;
                        query = attentionScale * q.get((token * numHeads + head) * headDim + channel);
                    }
                    queries[rowInTile * QUERY_STRIDE + channel] = query;
                }
                int row0 = headTile * ROWS + quarterRow;
                int visible0 = visible(
                        firstToken + row0 / groupSize,
                        endToken,
                        cacheLength,
                        kernelSize * SelectionRule.COARSE_FACTOR,
                        kernelStride * SelectionRule.COARSE_FACTOR);
                int visible1 = visible(
                        firstToken + (row0 + 1) / groupSize,
                        endToken,
                        cacheLength,
                        kernelSize * SelectionRule.COARSE_FACTOR,
                        kernelStride * SelectionRule.COARSE_FACTOR);
                int visible2 = visible(
                        firstToken + (row0 + 2) / groupSize,
                        endToken,
                        cacheLength,
                        kernelSize * SelectionRule.COARSE_FACTOR,
                        kernelStride * SelectionRule.COARSE_FACTOR);
                int visible3 = visible(
                        firstToken + (row0 + 3) / groupSize,
                        endToken,
                        cacheLength,
                        kernelSize * SelectionRule.COARSE_FACTOR,
                        kernelStride * SelectionRule.COARSE_FACTOR);
                int endWindow = KeyCompression.count(
                        lastPosition + 1,
                        kernelSize * SelectionRule.COARSE_FACTOR,
                        kernelStride * SelectionRule.COARSE_FACTOR);
                float max0 = MASKED;
                float max1 = MASKED;
                float max2 = MASKED;
                float max3 = MASKED;
                float sum0 = 0f;
                float sum1 = 0f;
                float sum2 = 0f;
                float sum3 = 0f;
                for (int tileWindow = 0; tileWindow < endWindow; tileWindow += KEYS) {
                    int tileBase = (kvHead * coarseCapacity + tileWindow) * headDim;
                    // Windows past the end repeat an element of the last one; they are masked.
                    int lastElement = (endWindow - tileWindow) * headDim - 1;
                    for (int i = lane; i < batched; i += BATCH * LANES) {
                        float value0 = Storage.load(coarseKeys, tileBase + TornadoMath.min(i, lastElement));
                        float value1 = Storage.load(coarseKeys, tileBase + TornadoMath.min(i + LANES, lastElement));
                        float value2 = Storage.load(coarseKeys, tileBase + TornadoMath.min(i + 2 * LANES, lastElement));
                        float value3 = Storage.load(coarseKeys, tileBase + TornadoMath.min(i + 3 * LANES, lastElement));
                        float value4 = Storage.load(coarseKeys, tileBase + TornadoMath.min(i + 4 * LANES, lastElement));
                        float value5 = Storage.load(coarseKeys, tileBase + TornadoMath.min(i + 5 * LANES, lastElement));
                        float value6 = Storage.load(coarseKeys, tileBase + TornadoMath.min(i + 6 * LANES, lastElement));
                        float value7 = Storage.load(coarseKeys, tileBase + TornadoMath.min(i + 7 * LANES, lastElement));
                        tile[i + i / headDim] = value0;
                        tile[i + LANES + (i + LANES) / headDim] = value1;
                        tile[i + 2 * LANES + (i + 2 * LANES) / headDim] = value2;
                        tile[i + 3 * LANES + (i + 3 * LANES) / headDim] = value3;
                        tile[i + 4 * LANES + (i + 4 * LANES) / headDim] = value4;
                        tile[i + 5 * LANES + (i + 5 * LANES) / headDim] = value5;
                        tile[i + 6 * LANES + (i + 6 * LANES) / headDim] = value6;
                        tile[i + 7 * LANES + (i + 7 * LANES) / headDim] = value7;
                    }
                    for (int i = batched + lane; i < KEYS * headDim; i += LANES) {
                        tile[i + i / headDim] = Storage.load(coarseKeys, tileBase + TornadoMath.min(i, lastElement));
                    }
                    context.localBarrier();

                    float score00 = 0f;
                    float score01 = 0f;
                    float score10 = 0f;
                    float score11 = 0f;
                    float score20 = 0f;
                    float score21 = 0f;
                    float score30 = 0f;
                    float score31 = 0f;
                    for (int channel = 0; channel < headDim; channel++) {
                        float key0 = tile[column * keyStride + channel];
                        float key1 = tile[(column + 32) * keyStride + channel];
                        float query0 = queries[quarterRow * QUERY_STRIDE + channel];
                        float query1 = queries[(quarterRow + 1) * QUERY_STRIDE + channel];
                        float query2 = queries[(quarterRow + 2) * QUERY_STRIDE + channel];
                        float query3 = queries[(quarterRow + 3) * QUERY_STRIDE + channel];
                        score00 += query0 * key0;
                        score01 += query0 * key1;
                        score10 += query1 * key0;
                        score11 += query1 * key1;
                        score20 += query2 * key0;
                        score21 += query2 * key1;
                        score30 += query3 * key0;
                        score31 += query3 * key1;
                    }
                    int window0 = tileWindow + column;
                    int window1 = window0 + 32;
                    score00 = window0 < visible0 ? score00 : MASKED;
                    score10 = window0 < visible1 ? score10 : MASKED;
                    score20 = window0 < visible2 ? score20 : MASKED;
                    score30 = window0 < visible3 ? score30 : MASKED;
                    score01 = window1 < visible0 ? score01 : MASKED;
                    score11 = window1 < visible1 ? score11 : MASKED;
                    score21 = window1 < visible2 ? score21 : MASKED;
                    score31 = window1 < visible3 ? score31 : MASKED;
                    float newMax0 = TornadoMath.max(max0, TornadoMath.max(score00, score01));
                    float newMax1 = TornadoMath.max(max1, TornadoMath.max(score10, score11));
                    float newMax2 = TornadoMath.max(max2, TornadoMath.max(score20, score21));
                    float newMax3 = TornadoMath.max(max3, TornadoMath.max(score30, score31));
                    sum0 = sum0 * TornadoMath.exp(max0 - newMax0)
                            + numerator(score00, newMax0)
                            + numerator(score01, newMax0);
                    sum1 = sum1 * TornadoMath.exp(max1 - newMax1)
                            + numerator(score10, newMax1)
                            + numerator(score11, newMax1);
                    sum2 = sum2 * TornadoMath.exp(max2 - newMax2)
                            + numerator(score20, newMax2)
                            + numerator(score21, newMax2);
                    sum3 = sum3 * TornadoMath.exp(max3 - newMax3)
                            + numerator(score30, newMax3)
                            + numerator(score31, newMax3);
                    max0 = newMax0;
                    max1 = newMax1;
                    max2 = newMax2;
                    max3 = newMax3;
                    context.localBarrier();
                }
                scores[quarterRow * SCORE_STRIDE + column] = max0;
                scores[(quarterRow + 1) * SCORE_STRIDE + column] = max1;
                scores[(quarterRow + 2) * SCORE_STRIDE + column] = max2;
                scores[(quarterRow + 3) * SCORE_STRIDE + column] = max3;
                scores[quarterRow * SCORE_STRIDE + COLUMN_SUMS + column] = sum0;
                scores[(quarterRow + 1) * SCORE_STRIDE + COLUMN_SUMS + column] = sum1;
                scores[(quarterRow + 2) * SCORE_STRIDE + COLUMN_SUMS + column] = sum2;
                scores[(quarterRow + 3) * SCORE_STRIDE + COLUMN_SUMS + column] = sum3;
                context.localBarrier();
                if (lane < ROWS) {
                    float max = MASKED;
                    for (int i = 0; i < 32; i++) {
                        max = TornadoMath.max(max, scores[lane * SCORE_STRIDE + i]);
                    }
                    float sum = 0f;
                    for (int i = 0; i < 32; i++) {
                        sum += scores[lane * SCORE_STRIDE + COLUMN_SUMS + i]
                                * TornadoMath.exp(scores[lane * SCORE_STRIDE + i] - max);
                    }
                    // A row without a coarse window scores 0.
                    float share = 0f;
                    if (sum > 0f) {
                        share = 1f / sum;
                    }
                    rowMaxima[headTile * ROWS + lane] = max;
                    rowShares[headTile * ROWS + lane] = share;
                }
                context.localBarrier();
            }

            // Fine pass, a tile of blocks at a time; each begins with the last window of the block before.
            int lastBlock = lastPosition / blockSize;
            int endFine = KeyCompression.count(lastPosition + 1, kernelSize, kernelStride);
            for (int firstBlock = 0; firstBlock <= lastBlock; firstBlock += blocksPerTile) {
                int firstWindow = firstBlock * stridesPerBlock - 1;
                int tileBase = (kvHead * fineCapacity + firstWindow) * headDim;
                int tileWindows = TornadoMath.min(blocksPerTile * stridesPerBlock + 1, endFine - firstWindow);
                // Windows before the first and past the last repeat an element of a window that exists; they are
                // masked.
                int firstElement = firstWindow < 0 ? headDim : 0;
                int lastElement = tileWindows * headDim - 1;
                for (int i = lane; i < batched; i += BATCH * LANES) {
                    float value0 = Storage.load(
                            fineKeys, tileBase + TornadoMath.max(firstElement, TornadoMath.min(i, lastElement)));
                    float value1 = Storage.load(
                            fineKeys,
                            tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + LANES, lastElement)));
                    float value2 = Storage.load(
                            fineKeys,
                            tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + 2 * LANES, lastElement)));
                    float value3 = Storage.load(
                            fineKeys,
                            tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + 3 * LANES, lastElement)));
                    float value4 = Storage.load(
                            fineKeys,
                            tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + 4 * LANES, lastElement)));
                    float value5 = Storage.load(
                            fineKeys,
                            tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + 5 * LANES, lastElement)));
                    float value6 = Storage.load(
                            fineKeys,
                            tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + 6 * LANES, lastElement)));
                    float value7 = Storage.load(
                            fineKeys,
                            tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + 7 * LANES, lastElement)));
                    tile[i + i / headDim] = value0;
                    tile[i + LANES + (i + LANES) / headDim] = value1;
                    tile[i + 2 * LANES + (i + 2 * LANES) / headDim] = value2;
                    tile[i + 3 * LANES + (i + 3 * LANES) / headDim] = value3;
                    tile[i + 4 * LANES + (i + 4 * LANES) / headDim] = value4;
                    tile[i + 5 * LANES + (i + 5 * LANES) / headDim] = value5;
                    tile[i + 6 * LANES + (i + 6 * LANES) / headDim] = value6;
                    tile[i + 7 * LANES + (i + 7 * LANES) / headDim] = value7;
                }
                for (int i = batched + lane; i < KEYS * headDim; i += LANES) {
                    tile[i + i / headDim] = Storage.load(
                            fineKeys, tileBase + TornadoMath.max(firstElement, TornadoMath.min(i, lastElement)));
                }
                float windowScore = 0f; // of window firstWindow + lane, where a token has several tiles of heads
                for (int headTile = 0; headTile < headTiles; headTile++) {
                    // One tile of heads stays from the coarse pass; several take turns.
                    int reloaded = headTiles > 1 ? ROWS * headDim : 0;
                    for (int i = lane; i < reloaded; i += LANES) {
                        int rowInTile = i / headDim;
                        int channel = i % headDim;
                        int head = headTile * ROWS + rowInTile;
                        float query = 0f;
                        if (head < groupSize) {
                            query = attentionScale
                                    * q.get((firstToken * numHeads + kvHead * groupSize + head) * headDim + channel);
                        }
                        queries[rowInTile * QUERY_STRIDE + channel] = query;
                    }
                    context.localBarrier();

                    float score00 = 0f;
                    float score01 = 0f;
                    float score10 = 0f;
                    float score11 = 0f;
                    float score20 = 0f;
                    float score21 = 0f;
                    float score30 = 0f;
                    float score31 = 0f;
                    for (int channel = 0; channel < headDim; channel++) {
                        float key0 = tile[column * keyStride + channel];
                        float key1 = tile[(column + 32) * keyStride + channel];
                        float query0 = queries[quarterRow * QUERY_STRIDE + channel];
                        float query1 = queries[(quarterRow + 1) * QUERY_STRIDE + channel];
                        float query2 = queries[(quarterRow + 2) * QUERY_STRIDE + channel];
                        float query3 = queries[(quarterRow + 3) * QUERY_STRIDE + channel];
                        score00 += query0 * key0;
                        score01 += query0 * key1;
                        score10 += query1 * key0;
                        score11 += query1 * key1;
                        score20 += query2 * key0;
                        score21 += query2 * key1;
                        score30 += query3 * key0;
                        score31 += query3 * key1;
                    }
                    scores[quarterRow * SCORE_STRIDE + column] = score00;
                    scores[quarterRow * SCORE_STRIDE + column + 32] = score01;
                    scores[(quarterRow + 1) * SCORE_STRIDE + column] = score10;
                    scores[(quarterRow + 1) * SCORE_STRIDE + column + 32] = score11;
                    scores[(quarterRow + 2) * SCORE_STRIDE + column] = score20;
                    scores[(quarterRow + 2) * SCORE_STRIDE + column + 32] = score21;
                    scores[(quarterRow + 3) * SCORE_STRIDE + column] = score30;
                    scores[(quarterRow + 3) * SCORE_STRIDE + column + 32] = score31;
                    context.localBarrier();

                    int row = headTile * ROWS + reducedRow;
                    int visible =
                            visible(firstToken + row / groupSize, endToken, cacheLength, kernelSize, kernelStride);
                    float max = rowMaxima[row];
                    float share = rowShares[row];
                    for (int key = part; key < KEYS; key += ROW_LANES) {
                        float exponent =
                                TornadoMath.min(scores[reducedRow * SCORE_STRIDE + key] - max, LARGEST_EXPONENT);
                        int window = firstWindow + key;
                        float probability = 0f;
                        if (window >= 0 && window < visible) {
                            probability = TornadoMath.exp(exponent) * share;
                        }
                        scores[reducedRow * SCORE_STRIDE + key] = probability;
                    }
                    context.localBarrier();

                    // Sums over the heads of a token stand in its first row.
                    int headsInTile = TornadoMath.min(ROWS, groupSize - headTile * ROWS);
                    for (int i = lane; i < tokensPerTile * KEYS; i += LANES) {
                        int tokenRow = i / KEYS * groupSize;
                        int key = i % KEYS;
                        float sum = windowScore;
                        for (int head = 0; head < headsInTile; head++) {
                            sum += scores[(tokenRow + head) * SCORE_STRIDE + key];
                        }
                        windowScore = headTiles > 1 ? sum : 0f;
                        scores[tokenRow * SCORE_STRIDE + key] = sum;
                    }
                    context.localBarrier();
                }
                for (int i = lane; i < tokensPerTile * blocksPerTile; i += LANES) {
                    int tokenInTile = i / blocksPerTile;
                    int blockInTile = i % blocksPerTile;
                    int block = firstBlock + blockInTile;
                    int currentBlock = (cacheLength + firstToken + tokenInTile) / blockSize;
                    if (firstToken + tokenInTile < endToken && block <= currentBlock) {
                        int first = tokenInTile * groupSize * SCORE_STRIDE + blockInTile * stridesPerBlock;
                        float blockScore = 0f;
                        for (int j = 0; j <= stridesPerBlock; j++) {
                            blockScore = TornadoMath.max(blockScore, scores[first + j]);
                        }
                        blockRanks.set(
                                firstRanks + tokenInTile * maxBlocks + block,
                                BlockRank.of(blockScore, block, currentBlock, initBlocks, localBlocks));
                    }
                }
            }
            context.globalBarrier();

            // The list of each token; see TopBlocks.
            for (int token = firstToken; token < endToken; token++) {
                int first = firstRanks + (token - firstToken) * maxBlocks;
                int currentBlock = (cacheLength + token) / blockSize;
                int count = currentBlock + 1;
                int wanted = BlockRank.numSelected(currentBlock, initBlocks, localBlocks, effectiveTopK);
                int threshold = 0;
                int firstBit = wanted < count ? BlockRank.END / 2 : 0; // nothing to find if all blocks are selected
                for (int bit = firstBit; bit > 0; bit /= 2) {
                    laneAbove[lane] = BlockRank.countAtLeast(blockRanks, first, count, lane, LANES, threshold + bit);
                    context.localBarrier();
                    if (lane < ROW_LANES) {
                        int partCount = 0;
                        for (int i = 0; i < LANES / ROW_LANES; i++) {
                            partCount += laneAbove[lane * (LANES / ROW_LANES) + i];
                        }
                        laneEqual[lane] = partCount;
                    }
                    context.localBarrier();
                    int reached = 0;
                    for (int i = 0; i < ROW_LANES; i++) {
                        reached += laneEqual[i];
                    }
                    if (reached >= wanted) {
                        threshold += bit;
                    }
                }
                context.localBarrier();
                int stretch = (count + LANES - 1) / LANES;
                int begin = TornadoMath.min(count, lane * stretch);
                int end = TornadoMath.min(count, begin + stretch);
                int above = BlockRank.countInRange(blockRanks, first, begin, end, threshold + 1);
                laneAbove[lane] = above;
                laneEqual[lane] = BlockRank.countInRange(blockRanks, first, begin, end, threshold) - above;
                context.localBarrier();
                int aboveInAll = 0;
                int aboveBefore = 0;
                int equalBefore = 0;
                for (int i = 0; i < LANES; i++) {
                    int aboveOfLane = laneAbove[i];
                    aboveInAll += aboveOfLane;
                    if (i < lane) {
                        aboveBefore += aboveOfLane;
                        equalBefore += laneEqual[i];
                    }
                }
                int equalWanted = wanted - aboveInAll;
                int list = (token * numKvHeads + kvHead) * maxSelected;
                int target = list + aboveBefore + TornadoMath.min(equalBefore, equalWanted);
                BlockRank.listRange(
                        blockRanks, first, begin, end, threshold, equalWanted - equalBefore, selectedBlocks, target);
                for (int i = wanted + lane; i < maxSelected; i += LANES) {
                    selectedBlocks.set(list + i, -1);
                }
                context.localBarrier();
            }
            context.globalBarrier();
        }
    }

    /** Windows that a token sees, none if it is past the tile's last. */
    private static int visible(int token, int endToken, int cacheLength, int kernelSize, int kernelStride) {
        int visible = 0;
        if (token < endToken) {
            visible = KeyCompression.count(cacheLength + token + 1, kernelSize, kernelStride);
        }
        return visible;
    }

    private static float numerator(float score, float max) {
        float result = 0f;
        if (score > VISIBLE) {
            result = TornadoMath.exp(score - max);
        }
        return result;
    }
}
