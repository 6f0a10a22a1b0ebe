package sala.kernels.selection;

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
 * Block selection of one token, in three tasks of many work groups.
 *
 * <pre>
 *   coarse:  m[h], d[h] = maximum and sum of exp(c q[h] . coarseKeys[g, j] - m[h]) over the visible windows, per split
 *   fine:    s[j] = sum over the group of exp(c q[h] . fineKeys[g, j] - m[h]) / d[h]
 *            rank[b] = bf16 of the max of s[j],  r b - 1 &lt;= j &lt;= r b + r - 1,  r = blockSize / kernelStride
 *   top:     {@link TopBlocks}
 * </pre>
 *
 * <p>Visible windows end at or before the token; a token that sees no coarse window scores 0 everywhere. The exponent of
 * the fine pass is cut at {@value #LARGEST_EXPONENT}, so that no sum overflows f32; only a key that stands out more than
 * that from all coarse ones would notice. Scores below the smallest normal float count as 0.
 *
 * <p>Launch: {@value #LANES} lanes a work group over tiles of {@value #KEYS} windows, which all heads of a KV head share.
 * The coarse windows are divided among the splits by the context length that the step says; the fine pass has a work
 * group for each tile of a full cache, those past the context do nothing. Ground truth:
 * {@link sala.kernels.reference.BlockSelection}.
 */
@StorageVariants(StorageType.F16)
public final class DecodeSelectionF32 {
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
    /** Lanes that reduce a row. */
    private static final int ROW_LANES = LANES / ROWS;
    /** Score of a window that a row does not see; finite, since some devices compile without infinities. */
    private static final float MASKED = -1e30f;
    /** Above {@link #MASKED}, below every score. */
    private static final float VISIBLE = -0.5e30f;

    private static final float LARGEST_EXPONENT = 80f;

    private DecodeSelectionF32() {}

    /**
     * Adds the three tasks {@code task + "Coarse"}, {@code task + "Fine"} and {@code task + "Top"} to a graph.
     *
     * @param q {@code [1, numHeads, headDim]}, f32
     * @param fineKeys {@code [numKvHeads, fineCapacity, headDim]}, with those that this call completes
     * @param coarseKeys {@code [numKvHeads, coarseCapacity, headDim]}, likewise
     * @param scratch written and read
     * @param selectedBlocks {@code [1, numKvHeads, maxSelected]}, ascending, padded with -1; every element is written
     * @param step see {@link Step}; of one token
     * @param shape heads
     * @param layout of the cache
     * @param rule window sizes, forced blocks, top-k
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray q,
            @Stored FloatArray fineKeys,
            @Stored FloatArray coarseKeys,
            DecodeSelectionScratch scratch,
            IntArray selectedBlocks,
            IntArray step,
            AttentionShape shape,
            CacheLayout layout,
            SelectionRule rule) {
        SelectionArguments.require(q, fineKeys, coarseKeys, selectedBlocks, step, shape, layout, rule, 1);
        scratch.requireShape(shape, layout, rule);
        int numKvHeads = layout.numKvHeads();
        int maxBlocks = rule.numBlocks(layout.capacity());
        graph.taskGraph()
                .task(
                        task + "Coarse",
                        DecodeSelectionF32::scoreCoarse,
                        graph.context(),
                        q,
                        coarseKeys,
                        scratch.maxima(),
                        scratch.sums(),
                        step,
                        shape.groupSize(),
                        layout.headDim(),
                        layout.capacity(),
                        rule.coarseKernelSize(),
                        rule.coarseKernelStride(),
                        scratch.numSplits(),
                        (float) shape.attentionScale());
        int headTiles = Math.ceilDiv(shape.groupSize(), ROWS);
        addGrid(graph, task + "Coarse", Math.multiplyExact(numKvHeads * headTiles, scratch.numSplits()));
        graph.taskGraph()
                .task(
                        task + "Fine",
                        DecodeSelectionF32::scoreFine,
                        graph.context(),
                        q,
                        fineKeys,
                        scratch.maxima(),
                        scratch.sums(),
                        scratch.blockRanks(),
                        step,
                        shape.groupSize(),
                        numKvHeads,
                        layout.headDim(),
                        layout.capacity(),
                        rule.kernelSize(),
                        rule.kernelStride(),
                        rule.blockSize(),
                        rule.initBlocks(),
                        rule.localBlocks(),
                        scratch.numSplits(),
                        (float) shape.attentionScale());
        int blocksPerTile = (KEYS - 1) / rule.stridesPerBlock();
        addGrid(graph, task + "Fine", Math.multiplyExact(Math.ceilDiv(maxBlocks, blocksPerTile), numKvHeads));
        TopBlocks.addTo(graph, task + "Top", scratch.blockRanks(), selectedBlocks, step, numKvHeads, maxBlocks, rule);
    }

    private static void addGrid(KernelGraph graph, String task, int workGroups) {
        WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(workGroups, LANES));
        grid.setLocalWork(LANES, 1, 1);
        graph.grid(task, grid);
    }

    /** The coarse pass. Work groups: KV head, then tile of heads, then split, the split varying fastest. */
    public static void scoreCoarse(
            KernelContext context,
            FloatArray q,
            @Stored FloatArray coarseKeys,
            FloatArray maxima,
            FloatArray sums,
            IntArray step,
            int groupSize,
            int headDim,
            int capacity,
            int coarseKernelSize,
            int coarseKernelStride,
            int numSplits,
            float attentionScale) {
        float[] queries = context.allocateFloatLocalArray(ROWS * QUERY_STRIDE);
        float[] tile = context.allocateFloatLocalArray(KEYS * (AttentionArguments.MAX_HEAD_DIM + 1));
        float[] columnMaxima = context.allocateFloatLocalArray(ROWS * 33);
        float[] columnSums = context.allocateFloatLocalArray(ROWS * 33);

        int lane = context.localIdx;
        int workGroup = context.groupIdx;
        int split = workGroup % numSplits;
        int headTiles = (groupSize + ROWS - 1) / ROWS;
        int firstRow = workGroup / numSplits % headTiles * ROWS;
        int kvHead = workGroup / numSplits / headTiles;
        int quarterRow = lane / 32 * 4;
        int column = lane % 32;

        for (int i = lane; i < ROWS * headDim; i += LANES) {
            int rowInTile = i / headDim;
            int channel = i % headDim;
            int row = firstRow + rowInTile;
            float query = 0f;
            if (row < groupSize) {
                query = attentionScale * q.get((kvHead * groupSize + row) * headDim + channel);
            }
            queries[rowInTile * QUERY_STRIDE + channel] = query;
        }
        int visible = KeyCompression.count(step.get(Step.POSITION) + 1, coarseKernelSize, coarseKernelStride);
        int windowCapacity = KeyCompression.count(capacity, coarseKernelSize, coarseKernelStride);
        int numTiles = (visible + KEYS - 1) / KEYS;
        int tilesPerSplit = (numTiles + numSplits - 1) / numSplits;
        int firstWindow = split * tilesPerSplit * KEYS;
        int endWindow = TornadoMath.min(visible, firstWindow + tilesPerSplit * KEYS);

        int keyStride = headDim + 1; // odd for every usual headDim, so that a channel of 32 keys lies in 32 banks
        int batched = headDim % BATCH_MULTIPLE == 0 ? KEYS * headDim : 0;
        float max0 = MASKED;
        float max1 = MASKED;
        float max2 = MASKED;
        float max3 = MASKED;
        float sum0 = 0f;
        float sum1 = 0f;
        float sum2 = 0f;
        float sum3 = 0f;
        for (int tileWindow = firstWindow; tileWindow < endWindow; tileWindow += KEYS) {
            int tileBase = (kvHead * windowCapacity + tileWindow) * headDim;
            int tileWindows = TornadoMath.min(KEYS, endWindow - tileWindow);
            // Windows past the end repeat an element of the last one; they are masked.
            int lastElement = tileWindows * headDim - 1;
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
            boolean visible0 = column < tileWindows;
            boolean visible1 = column + 32 < tileWindows;
            score00 = visible0 ? score00 : MASKED;
            score10 = visible0 ? score10 : MASKED;
            score20 = visible0 ? score20 : MASKED;
            score30 = visible0 ? score30 : MASKED;
            score01 = visible1 ? score01 : MASKED;
            score11 = visible1 ? score11 : MASKED;
            score21 = visible1 ? score21 : MASKED;
            score31 = visible1 ? score31 : MASKED;
            float newMax0 = TornadoMath.max(max0, TornadoMath.max(score00, score01));
            float newMax1 = TornadoMath.max(max1, TornadoMath.max(score10, score11));
            float newMax2 = TornadoMath.max(max2, TornadoMath.max(score20, score21));
            float newMax3 = TornadoMath.max(max3, TornadoMath.max(score30, score31));
            sum0 = sum0 * TornadoMath.exp(max0 - newMax0) + numerator(score00, newMax0) + numerator(score01, newMax0);
            sum1 = sum1 * TornadoMath.exp(max1 - newMax1) + numerator(score10, newMax1) + numerator(score11, newMax1);
            sum2 = sum2 * TornadoMath.exp(max2 - newMax2) + numerator(score20, newMax2) + numerator(score21, newMax2);
            sum3 = sum3 * TornadoMath.exp(max3 - newMax3) + numerator(score30, newMax3) + numerator(score31, newMax3);
            max0 = newMax0;
            max1 = newMax1;
            max2 = newMax2;
            max3 = newMax3;
            context.localBarrier();
        }

        columnMaxima[quarterRow * 33 + column] = max0;
        columnMaxima[(quarterRow + 1) * 33 + column] = max1;
        columnMaxima[(quarterRow + 2) * 33 + column] = max2;
        columnMaxima[(quarterRow + 3) * 33 + column] = max3;
        columnSums[quarterRow * 33 + column] = sum0;
        columnSums[(quarterRow + 1) * 33 + column] = sum1;
        columnSums[(quarterRow + 2) * 33 + column] = sum2;
        columnSums[(quarterRow + 3) * 33 + column] = sum3;
        context.localBarrier();
        if (lane < ROWS && firstRow + lane < groupSize) {
            float max = MASKED;
            for (int i = 0; i < 32; i++) {
                max = TornadoMath.max(max, columnMaxima[lane * 33 + i]);
            }
            float sum = 0f;
            for (int i = 0; i < 32; i++) {
                sum += columnSums[lane * 33 + i] * TornadoMath.exp(columnMaxima[lane * 33 + i] - max);
            }
            int partial = (kvHead * groupSize + firstRow + lane) * numSplits + split;
            maxima.set(partial, max);
            sums.set(partial, sum);
        }
    }

    /** The fine pass and the ranks. Work groups: tile of blocks, then KV head, the KV head varying fastest. */
    public static void scoreFine(
            KernelContext context,
            FloatArray q,
            @Stored FloatArray fineKeys,
            FloatArray maxima,
            FloatArray sums,
            IntArray blockRanks,
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
            int numSplits,
            float attentionScale) {
        float[] queries = context.allocateFloatLocalArray(ROWS * QUERY_STRIDE);
        float[] tile = context.allocateFloatLocalArray(KEYS * (AttentionArguments.MAX_HEAD_DIM + 1));
        float[] scores = context.allocateFloatLocalArray(ROWS * SCORE_STRIDE);
        float[] laneMaxima = context.allocateFloatLocalArray(LANES);
        float[] laneSums = context.allocateFloatLocalArray(LANES);

        int lane = context.localIdx;
        int workGroup = context.groupIdx;
        int kvHead = workGroup % numKvHeads;
        int stridesPerBlock = blockSize / kernelStride;
        int blocksPerTile = (KEYS - 1) / stridesPerBlock;
        int firstBlock = workGroup / numKvHeads * blocksPerTile;
        int position = step.get(Step.POSITION);
        int currentBlock = position / blockSize;
        // A work group past the context has no heads to score; no lane writes for it.
        int headTiles = firstBlock <= currentBlock ? (groupSize + ROWS - 1) / ROWS : 0;
        int quarterRow = lane / 32 * 4;
        int column = lane % 32;
        int reducedRow = lane / ROW_LANES;
        int part = lane % ROW_LANES;
        int visible = KeyCompression.count(position + 1, kernelSize, kernelStride);
        int windowCapacity = KeyCompression.count(capacity, kernelSize, kernelStride);
        // The tile begins with the last window of the block before.
        int firstWindow = firstBlock * stridesPerBlock - 1;
        int tileWindows = TornadoMath.min(blocksPerTile * stridesPerBlock + 1, visible - firstWindow);
        int tileBase = (kvHead * windowCapacity + firstWindow) * headDim;

        // Windows before the first and past the last repeat an element of a window that exists; they are masked.
        int firstElement = firstWindow < 0 ? headDim : 0;
        int lastElement = tileWindows * headDim - 1;
        int elements = headTiles == 0 ? 0 : KEYS * headDim;
        int keyStride = headDim + 1; // odd for every usual headDim, so that a channel of 32 keys lies in 32 banks
        int batched = headDim % BATCH_MULTIPLE == 0 ? elements : 0;
        for (int i = lane; i < batched; i += BATCH * LANES) {
            float value0 =
                    Storage.load(fineKeys, tileBase + TornadoMath.max(firstElement, TornadoMath.min(i, lastElement)));
            float value1 = Storage.load(
                    fineKeys, tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + LANES, lastElement)));
            float value2 = Storage.load(
                    fineKeys, tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + 2 * LANES, lastElement)));
            float value3 = Storage.load(
                    fineKeys, tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + 3 * LANES, lastElement)));
            float value4 = Storage.load(
                    fineKeys, tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + 4 * LANES, lastElement)));
            float value5 = Storage.load(
                    fineKeys, tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + 5 * LANES, lastElement)));
            float value6 = Storage.load(
                    fineKeys, tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + 6 * LANES, lastElement)));
            float value7 = Storage.load(
                    fineKeys, tileBase + TornadoMath.max(firstElement, TornadoMath.min(i + 7 * LANES, lastElement)));
            tile[i + i / headDim] = value0;
            tile[i + LANES + (i + LANES) / headDim] = value1;
            tile[i + 2 * LANES + (i + 2 * LANES) / headDim] = value2;
            tile[i + 3 * LANES + (i + 3 * LANES) / headDim] = value3;
            tile[i + 4 * LANES + (i + 4 * LANES) / headDim] = value4;
            tile[i + 5 * LANES + (i + 5 * LANES) / headDim] = value5;
            tile[i + 6 * LANES + (i + 6 * LANES) / headDim] = value6;
            tile[i + 7 * LANES + (i + 7 * LANES) / headDim] = value7;
        }
        for (int i = batched + lane; i < elements; i += LANES) {
            tile[i + i / headDim] =
                    Storage.load(fineKeys, tileBase + TornadoMath.max(firstElement, TornadoMath.min(i, lastElement)));
        }
        float windowScore = 0f; // of window firstWindow + lane, for the first lanes
        for (int headTile = 0; headTile < headTiles; headTile++) {
            int firstRow = headTile * ROWS;
            for (int i = lane; i < ROWS * headDim; i += LANES) {
                int rowInTile = i / headDim;
                int channel = i % headDim;
                int row = firstRow + rowInTile;
                float query = 0f;
                if (row < groupSize) {
                    query = attentionScale * q.get((kvHead * groupSize + row) * headDim + channel);
                }
                queries[rowInTile * QUERY_STRIDE + channel] = query;
            }
            // Each lane joins every eighth split of a row; below, each lane of a row joins the eight results.
            float laneMax = MASKED;
            float laneSum = 0f;
            if (firstRow + reducedRow < groupSize) {
                int partials = (kvHead * groupSize + firstRow + reducedRow) * numSplits;
                for (int split = part; split < numSplits; split += ROW_LANES) {
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

            float max = MASKED;
            for (int i = 0; i < ROW_LANES; i++) {
                max = TornadoMath.max(max, laneMaxima[reducedRow * ROW_LANES + i]);
            }
            float sum = 0f;
            for (int i = 0; i < ROW_LANES; i++) {
                sum += laneSums[reducedRow * ROW_LANES + i]
                        * TornadoMath.exp(laneMaxima[reducedRow * ROW_LANES + i] - max);
            }
            // A row without a coarse window, and one past the group, scores 0.
            float share = 0f;
            if (sum > 0f) {
                share = 1f / sum;
            }
            for (int key = part; key < KEYS; key += ROW_LANES) {
                float exponent = TornadoMath.min(scores[reducedRow * SCORE_STRIDE + key] - max, LARGEST_EXPONENT);
                float probability = 0f;
                if (firstWindow + key >= 0 && key < tileWindows) {
                    probability = TornadoMath.exp(exponent) * share;
                }
                scores[reducedRow * SCORE_STRIDE + key] = probability;
            }
            context.localBarrier();
            if (lane < KEYS) {
                for (int row = 0; row < ROWS; row++) {
                    windowScore += scores[row * SCORE_STRIDE + lane];
                }
            }
            context.localBarrier();
        }
        if (lane < KEYS) {
            scores[lane] = windowScore;
        }
        context.localBarrier();
        if (lane < blocksPerTile && firstBlock + lane <= currentBlock) {
            float blockScore = 0f;
            for (int i = 0; i <= stridesPerBlock; i++) {
                blockScore = TornadoMath.max(blockScore, scores[lane * stridesPerBlock + i]);
            }
            int maxBlocks = (capacity + blockSize - 1) / blockSize;
            int block = firstBlock + lane;
            blockRanks.set(
                    kvHead * maxBlocks + block, BlockRank.of(blockScore, block, currentBlock, initBlocks, localBlocks));
        }
    }

    private static float numerator(float score, float max) {
        float result = 0f;
        if (score > VISIBLE) {
            result = TornadoMath.exp(score - max);
        }
        return result;
    }
}
