package sala.kernels.selection;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import sala.kernels.attention.AttentionArguments;
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
 * {@link PrefillSelectionF16} on tensor cores, with asynchronous copies: on CUDA. The formulas, the tiles of tokens and the
 * lists are the same.
 *
 * <pre>
 *   scores[j, h] = keys[j] . (high + low)[h],   high = f16(c q[h]),  low = f16(c q[h] - high)
 * </pre>
 *
 * <p>The compressed keys are f16 as they are stored, and a query is the sum of two f16 numbers, so that scores are as exact as
 * those of f32 and the same blocks are chosen. Scores of a tile of windows pass through global memory, which is the only way
 * out of a fragment.
 *
 * <p>Launch: {@code scratch.numWorkGroups} of {@value #LANES} lanes, a few for each processor of the device; of a tile of
 * {@value #KEYS} windows each of four warps computes 16. Ground truth: {@link sala.kernels.reference.BlockSelection}.
 */
public final class TensorPrefillSelection {
    private static final int LANES = 128;
    /** Parts that the counts of the lanes are summed in. */
    private static final int PARTS = 8;
    /** Query heads of two fragments. */
    private static final int ROWS = 16;
    /** Windows of a tile. */
    private static final int KEYS = 64;

    private static final int MAX_HEAD_DIM = AttentionArguments.MAX_HEAD_DIM;
    private static final int FRAGMENT_DEPTH = 16;
    /** A fragment of keys; the padding moves neighbours along the channels to other banks. */
    private static final int KEY_FRAGMENT_INTS = 128 + 8;
    /** Eight heads of the queries, likewise. */
    private static final int QUERY_PANEL_INTS = MAX_HEAD_DIM * 4 + 4;

    private static final int TILE_INTS = KEYS / 16 * (MAX_HEAD_DIM / FRAGMENT_DEPTH) * KEY_FRAGMENT_INTS;
    /** 2 more than a multiple of 32, so that 16 rows of two neighbouring windows meet 32 banks. */
    private static final int SCORE_STRIDE = KEYS + 2;
    /** Score of a window that a row does not see; finite, since some devices compile without infinities. */
    private static final float MASKED = -1e30f;
    /** Above {@link #MASKED}, below every score. */
    private static final float VISIBLE = -0.5e30f;

    private static final float LARGEST_EXPONENT = 80f;

    static final int SCRATCH_FLOATS = KEYS * ROWS;
    static final int SCRATCH_HALFS = 2 * MAX_HEAD_DIM * ROWS;

    private TensorPrefillSelection() {}

    /** Whether the kernel has these heads. */
    public static boolean supports(AttentionShape shape) {
        int headDim = shape.headDim();
        return shape.groupSize() <= ROWS && (headDim == 32 || headDim == 64 || headDim == 128);
    }

    /**
     * Adds the operation to a graph.
     *
     * @param q {@code [tokenCapacity, numHeads, headDim]}, f32
     * @param fineKeys {@code [numKvHeads, fineCapacity, headDim]}, f16, with those that this call completes
     * @param coarseKeys {@code [numKvHeads, coarseCapacity, headDim]}, likewise
     * @param scratch of the work groups
     * @param selectedBlocks {@code [tokenCapacity, numKvHeads, maxSelected]}, ascending, padded with -1; the call's tokens
     *     are written
     * @param step see {@link Step}
     * @param shape heads; groups of at most 16 and a headDim of 32, 64 or 128
     * @param layout of the cache
     * @param rule window sizes, forced blocks, top-k
     * @param tokenCapacity most tokens of a call
     * @throws IllegalArgumentException if an array is null or too small, or the heads are others
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray q,
            HalfFloatArray fineKeys,
            HalfFloatArray coarseKeys,
            TensorSelectionScratch scratch,
            IntArray selectedBlocks,
            IntArray step,
            AttentionShape shape,
            CacheLayout layout,
            SelectionRule rule,
            int tokenCapacity) {
        SelectionArguments.require(q, fineKeys, coarseKeys, selectedBlocks, step, shape, layout, rule, tokenCapacity);
        KernelArguments.requireOneOf("headDim", shape.headDim(), 32, 64, 128);
        SelectionArguments.requireAtMost("groupSize", ROWS, shape.groupSize());
        scratch.requireShape(shape, layout, rule);
        graph.taskGraph()
                .task(
                        task,
                        TensorPrefillSelection::selectBlocks,
                        graph.context(),
                        q,
                        fineKeys,
                        coarseKeys,
                        scratch.blockRanks(),
                        selectedBlocks,
                        scratch.results(),
                        scratch.operands(),
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
                        (float) shape.attentionScale());
        graph.grid(task, WorkGroups.grid(scratch.numWorkGroups(), LANES));
    }

    /** The kernel; see {@link #addTo} for the arrays. */
    public static void selectBlocks(
            KernelContext context,
            FloatArray q,
            HalfFloatArray fineKeys,
            HalfFloatArray coarseKeys,
            IntArray blockRanks,
            IntArray selectedBlocks,
            FloatArray results,
            HalfFloatArray operands,
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
            float attentionScale) {
        int[] tile = context.allocateIntLocalArray(TILE_INTS);
        int[] queries = context.allocateIntLocalArray(4 * QUERY_PANEL_INTS);
        float[] scores = context.allocateFloatLocalArray(ROWS * SCORE_STRIDE);
        float[] laneMaxima = context.allocateFloatLocalArray(LANES);
        float[] laneSums = context.allocateFloatLocalArray(LANES);
        float[] rowMaxima = context.allocateFloatLocalArray(ROWS);
        float[] rowShares = context.allocateFloatLocalArray(ROWS);
        int[] laneAbove = context.allocateIntLocalArray(LANES);
        int[] laneEqual = context.allocateIntLocalArray(LANES);

        int lane = context.localIdx;
        int workGroup = context.groupIdx;
        int numWorkGroups = context.globalGroupSizeX / LANES;
        int warp = lane / 32;
        int cacheLength = step.get(Step.POSITION);
        int numTokens = step.get(Step.NUM_TOKENS);
        int numHeads = groupSize * numKvHeads;
        int tokensPerTile = ROWS / groupSize;
        int maxBlocks = (capacity + blockSize - 1) / blockSize;
        int maxSelected = BlockRank.maxSelected(initBlocks, localBlocks, effectiveTopK);
        int firstRanks = workGroup * tokensPerTile * maxBlocks;
        int coarseSize = kernelSize * SelectionRule.COARSE_FACTOR;
        int coarseStride = kernelStride * SelectionRule.COARSE_FACTOR;
        int coarseCapacity = KeyCompression.count(capacity, coarseSize, coarseStride);
        int fineCapacity = KeyCompression.count(capacity, kernelSize, kernelStride);
        int stridesPerBlock = blockSize / kernelStride;
        int blocksPerTile = (KEYS - 1) / stridesPerBlock;
        int depthSteps = headDim / FRAGMENT_DEPTH;
        int numTiles = (numTokens + tokensPerTile - 1) / tokensPerTile * numKvHeads;
        // Copies: a word is two channels of a key, neighbouring lanes have neighbouring words.
        int keyWords = headDim / 2;
        int firstKey = lane / keyWords;
        int keysAtATime = LANES / keyWords;
        int word = lane % keyWords;
        int keySlot = word / 8 * KEY_FRAGMENT_INTS + word % 8;
        int keyTileRow = depthSteps * KEY_FRAGMENT_INTS; // of 16 keys
        int firstRowOfLane = lane / headDim;
        int rowsAtATime = LANES / headDim;
        int channel = lane % headDim;
        int scoreBase = workGroup * SCRATCH_FLOATS;
        int highBase = workGroup * SCRATCH_HALFS;
        int lowBase = highBase + MAX_HEAD_DIM * ROWS;
        // Softmax: a lane has a row and every eighth window of a tile.
        int ownRow = lane % ROWS;
        int firstWindowOfLane = lane / ROWS;

        for (int tokenTile = workGroup; tokenTile < numTiles; tokenTile += numWorkGroups) {
            int kvHead = tokenTile % numKvHeads;
            int firstToken = tokenTile / numKvHeads * tokensPerTile;
            int endToken = TornadoMath.min(numTokens, firstToken + tokensPerTile);
            int lastPosition = cacheLength + endToken - 1;

            for (int row = firstRowOfLane; row < ROWS; row += rowsAtATime) {
                int token = firstToken + row / groupSize;
                float query = 0f;
                if (token < endToken) {
                    int head = kvHead * groupSize + row % groupSize;
                    query = attentionScale * q.get((token * numHeads + head) * headDim + channel);
                }
                int target = channel * ROWS + row;
                operands.set(highBase + target, new HalfFloat(query));
                float low = query - operands.get(highBase + target).getFloat32();
                operands.set(lowBase + target, new HalfFloat(low));
            }
            context.globalBarrier();
            for (int i = lane; i < headDim * ROWS / 2; i += LANES) {
                int target = i % 8 / 4 * QUERY_PANEL_INTS + i / 8 * 4 + i % 4;
                context.asyncCopyToLocal(queries, target, operands, highBase + i * 2);
                context.asyncCopyToLocal(queries, target + 2 * QUERY_PANEL_INTS, operands, lowBase + i * 2);
            }
            context.asyncCopyCommit();

            // Coarse pass: maximum and share (one over the sum) of every row.
            int visibleCoarse =
                    visible(firstToken + ownRow / groupSize, endToken, cacheLength, coarseSize, coarseStride);
            int endCoarse = KeyCompression.count(lastPosition + 1, coarseSize, coarseStride);
            float laneMax = MASKED;
            float laneSum = 0f;
            for (int firstWindow = 0; firstWindow < endCoarse; firstWindow += KEYS) {
                // Windows past the end repeat the last one; they are masked.
                for (int key = firstKey; key < KEYS; key += keysAtATime) {
                    int row = kvHead * coarseCapacity + TornadoMath.min(firstWindow + key, endCoarse - 1);
                    int target = key / 16 * keyTileRow + key % 16 * 8 + keySlot;
                    context.asyncCopyToLocal(tile, target, coarseKeys, row * headDim + word * 2);
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
                    HalfFloat[] high0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes);
                    HalfFloat[] high1 =
                            context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_INTS * Integer.BYTES);
                    HalfFloat[] low0 = context.mmaLoadB(
                            queries, FRAGMENT_DEPTH, queryBytes + 2 * QUERY_PANEL_INTS * Integer.BYTES);
                    HalfFloat[] low1 = context.mmaLoadB(
                            queries, FRAGMENT_DEPTH, queryBytes + 3 * QUERY_PANEL_INTS * Integer.BYTES);
                    scores0 = context.mma(keyFragment, low0, scores0, MMAShape.M16N8K16);
                    scores1 = context.mma(keyFragment, low1, scores1, MMAShape.M16N8K16);
                    scores0 = context.mma(keyFragment, high0, scores0, MMAShape.M16N8K16);
                    scores1 = context.mma(keyFragment, high1, scores1, MMAShape.M16N8K16);
                }
                context.mmaStore(scores0, results, warp * 16, scoreBase, ROWS);
                context.mmaStore(scores1, results, warp * 16, scoreBase + 8, ROWS);
                context.globalBarrier();
                float score0 = results.get(scoreBase + lane);
                float score1 = results.get(scoreBase + lane + LANES);
                float score2 = results.get(scoreBase + lane + 2 * LANES);
                float score3 = results.get(scoreBase + lane + 3 * LANES);
                float score4 = results.get(scoreBase + lane + 4 * LANES);
                float score5 = results.get(scoreBase + lane + 5 * LANES);
                float score6 = results.get(scoreBase + lane + 6 * LANES);
                float score7 = results.get(scoreBase + lane + 7 * LANES);
                int windowsLeft = visibleCoarse - firstWindow - firstWindowOfLane;
                score0 = 0 < windowsLeft ? score0 : MASKED;
                score1 = 8 < windowsLeft ? score1 : MASKED;
                score2 = 16 < windowsLeft ? score2 : MASKED;
                score3 = 24 < windowsLeft ? score3 : MASKED;
                score4 = 32 < windowsLeft ? score4 : MASKED;
                score5 = 40 < windowsLeft ? score5 : MASKED;
                score6 = 48 < windowsLeft ? score6 : MASKED;
                score7 = 56 < windowsLeft ? score7 : MASKED;
                float near = TornadoMath.max(TornadoMath.max(score0, score1), TornadoMath.max(score2, score3));
                float far = TornadoMath.max(TornadoMath.max(score4, score5), TornadoMath.max(score6, score7));
                float newMax = TornadoMath.max(laneMax, TornadoMath.max(near, far));
                laneSum *= TornadoMath.exp(laneMax - newMax);
                laneSum += numerator(score0, newMax);
                laneSum += numerator(score1, newMax);
                laneSum += numerator(score2, newMax);
                laneSum += numerator(score3, newMax);
                laneSum += numerator(score4, newMax);
                laneSum += numerator(score5, newMax);
                laneSum += numerator(score6, newMax);
                laneSum += numerator(score7, newMax);
                laneMax = newMax;
                context.localBarrier();
                context.globalBarrier();
            }
            laneMaxima[lane] = laneMax;
            laneSums[lane] = laneSum;
            context.localBarrier();
            if (lane < ROWS) {
                float max = MASKED;
                for (int i = lane; i < LANES; i += ROWS) {
                    max = TornadoMath.max(max, laneMaxima[i]);
                }
                float sum = 0f;
                for (int i = lane; i < LANES; i += ROWS) {
                    sum += laneSums[i] * TornadoMath.exp(laneMaxima[i] - max);
                }
                // A row without a coarse window scores 0.
                float share = 0f;
                if (sum > 0f) {
                    share = 1f / sum;
                }
                rowMaxima[lane] = max;
                rowShares[lane] = share;
            }
            context.localBarrier();

            // Fine pass, a tile of blocks at a time; each begins with the last window of the block before.
            int visibleFine = visible(firstToken + ownRow / groupSize, endToken, cacheLength, kernelSize, kernelStride);
            int endFine = KeyCompression.count(lastPosition + 1, kernelSize, kernelStride);
            int lastBlock = lastPosition / blockSize;
            float rowMax = rowMaxima[ownRow];
            float rowShare = rowShares[ownRow];
            for (int firstBlock = 0; firstBlock <= lastBlock; firstBlock += blocksPerTile) {
                int firstWindow = firstBlock * stridesPerBlock - 1;
                // In place of windows before the first and past the last, ones that exist are loaded; they are masked.
                for (int key = firstKey; key < KEYS; key += keysAtATime) {
                    int window = TornadoMath.max(0, TornadoMath.min(firstWindow + key, endFine - 1));
                    int target = key / 16 * keyTileRow + key % 16 * 8 + keySlot;
                    context.asyncCopyToLocal(
                            tile, target, fineKeys, (kvHead * fineCapacity + window) * headDim + word * 2);
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
                    HalfFloat[] high0 = context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes);
                    HalfFloat[] high1 =
                            context.mmaLoadB(queries, FRAGMENT_DEPTH, queryBytes + QUERY_PANEL_INTS * Integer.BYTES);
                    HalfFloat[] low0 = context.mmaLoadB(
                            queries, FRAGMENT_DEPTH, queryBytes + 2 * QUERY_PANEL_INTS * Integer.BYTES);
                    HalfFloat[] low1 = context.mmaLoadB(
                            queries, FRAGMENT_DEPTH, queryBytes + 3 * QUERY_PANEL_INTS * Integer.BYTES);
                    scores0 = context.mma(keyFragment, low0, scores0, MMAShape.M16N8K16);
                    scores1 = context.mma(keyFragment, low1, scores1, MMAShape.M16N8K16);
                    scores0 = context.mma(keyFragment, high0, scores0, MMAShape.M16N8K16);
                    scores1 = context.mma(keyFragment, high1, scores1, MMAShape.M16N8K16);
                }
                context.mmaStore(scores0, results, warp * 16, scoreBase, ROWS);
                context.mmaStore(scores1, results, warp * 16, scoreBase + 8, ROWS);
                context.globalBarrier();
                float score0 = results.get(scoreBase + lane);
                float score1 = results.get(scoreBase + lane + LANES);
                float score2 = results.get(scoreBase + lane + 2 * LANES);
                float score3 = results.get(scoreBase + lane + 3 * LANES);
                float score4 = results.get(scoreBase + lane + 4 * LANES);
                float score5 = results.get(scoreBase + lane + 5 * LANES);
                float score6 = results.get(scoreBase + lane + 6 * LANES);
                float score7 = results.get(scoreBase + lane + 7 * LANES);
                int window = firstWindow + firstWindowOfLane;
                int to = ownRow * SCORE_STRIDE + firstWindowOfLane;
                scores[to] = probability(score0 - rowMax, window, visibleFine) * rowShare;
                scores[to + 8] = probability(score1 - rowMax, window + 8, visibleFine) * rowShare;
                scores[to + 16] = probability(score2 - rowMax, window + 16, visibleFine) * rowShare;
                scores[to + 24] = probability(score3 - rowMax, window + 24, visibleFine) * rowShare;
                scores[to + 32] = probability(score4 - rowMax, window + 32, visibleFine) * rowShare;
                scores[to + 40] = probability(score5 - rowMax, window + 40, visibleFine) * rowShare;
                scores[to + 48] = probability(score6 - rowMax, window + 48, visibleFine) * rowShare;
                scores[to + 56] = probability(score7 - rowMax, window + 56, visibleFine) * rowShare;
                context.localBarrier();
                // Sums over the heads of a token stand in its first row.
                for (int i = lane; i < tokensPerTile * KEYS; i += LANES) {
                    int first = i / KEYS * groupSize * SCORE_STRIDE + i % KEYS;
                    float sum = 0f;
                    for (int head = 0; head < groupSize; head++) {
                        sum += scores[first + head * SCORE_STRIDE];
                    }
                    scores[first] = sum;
                }
                context.localBarrier();
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
                context.localBarrier();
                context.globalBarrier();
            }

            // The list of each token, as in PrefillSelectionF32: local arrays do not survive a call of a shared method.
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
                    if (lane < PARTS) {
                        int partCount = 0;
                        for (int i = 0; i < LANES / PARTS; i++) {
                            partCount += laneAbove[lane * (LANES / PARTS) + i];
                        }
                        laneEqual[lane] = partCount;
                    }
                    context.localBarrier();
                    int reached = 0;
                    for (int i = 0; i < PARTS; i++) {
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

    private static float numerator(float score, float max) {
        float result = 0f;
        if (score > VISIBLE) {
            result = TornadoMath.exp(score - max);
        }
        return result;
    }

    /** Of a window, up to the row's share; 0 if the row does not see it. */
    private static float probability(float exponent, int window, int visible) {
        float result = 0f;
        if (window >= 0 && window < visible) {
            result = TornadoMath.exp(TornadoMath.min(exponent, LARGEST_EXPONENT));
        }
        return result;
    }

    /** Windows that a token sees, none if it is past the tile's last. */
    private static int visible(int token, int endToken, int cacheLength, int kernelSize, int kernelStride) {
        int visible = 0;
        if (token < endToken) {
            visible = KeyCompression.count(cacheLength + token + 1, kernelSize, kernelStride);
        }
        return visible;
    }
}
