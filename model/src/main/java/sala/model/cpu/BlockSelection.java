package sala.model.cpu;

import sala.loader.ModelConfig;
import sala.loader.SparseConfig;

/**
 * Stage 1 of InfLLM-V2: which blocks each query token attends to, per KV head.
 *
 * <pre>
 *   1. {@link WindowScores}   scores of the fine windows, normalised by the coarse ones, summed over the group
 *   2. pooling        B[b] = max of s[j],  r b - 1 &lt;= j &lt;= r b + r - 1,   r = blockSize / kernelStride
 *   3. {@link TopBlocks}      forced blocks, then the largest bf16(B[b]), the lower index among equals
 * </pre>
 *
 * <p>A query sees the windows that end at or before its position; others score 0, and so do all windows of a query that
 * sees no coarse one. Windows that belong to forced blocks only are not scored, and a token that attends to every block
 * costs nothing. Ground truth: {@link sala.kernels.reference.BlockSelection}; unlike there a window score below the
 * smallest normal float counts as 0.
 *
 * <p>Prefill: a unit of work is some neighbouring tokens and one KV head, which share the reads of compressed keys.
 * Decode: the fine windows of a KV head are cut into stretches.
 */
final class BlockSelection {
    /** Rows (heads of tokens) that share a pass over the compressed keys in prefill. */
    private static final int PREFILL_ROWS = 64;

    /** Fine windows of a decode unit, a multiple of any number of lanes. */
    private static final int SPLIT_WINDOWS = 1024;

    private final ModelConfig config;
    private final SparseConfig sparse;
    private final CpuKvCache noCache;
    private final int groupSize;
    private final int maxBlocks;
    private final int tileTokens;
    private final WorkerScratch[] workers;
    private final WindowScores[] decodeScores;
    private final UnitQueue prefill;
    private final UnitQueue decodeNormaliser;
    private final UnitQueue decodeScoring;

    private CpuKvCache cache;
    private float[] q = {};
    private int[] blocks = {};
    private int[] blockCounts = {};
    private int position;
    private int count;
    private int numSplits;

    /** What a worker needs for itself. */
    private static final class WorkerScratch {
        final WindowScores windowScores;
        final float[] tile;
        final TopBlocks topBlocks;
        char[] blockScores = {};

        WorkerScratch(ModelConfig config, ColdStart coldStart, int maxTokens) {
            windowScores = newWindowScores(config, coldStart, maxTokens);
            tile = WindowScores.newScratch(maxTokens, config.groupSize());
            topBlocks = new TopBlocks(config.sparse());
        }

        /** Makes room for the scores of some blocks. */
        char[] blockScores(int numBlocks) {
            if (blockScores.length < numBlocks) {
                blockScores = new char[Math.max(numBlocks, 2 * blockScores.length)];
            }
            return blockScores;
        }
    }

    BlockSelection(ModelConfig config, WorkerTeam team, ColdStart coldStart) {
        this.config = config;
        sparse = config.sparse();
        noCache = new CpuKvCache(config, 0);
        cache = noCache;
        groupSize = config.groupSize();
        maxBlocks = maxBlocks(sparse);
        tileTokens = Math.max(1, PREFILL_ROWS / groupSize);
        workers = new WorkerScratch[team.size()];
        for (int worker = 0; worker < workers.length; worker++) {
            workers[worker] = new WorkerScratch(config, coldStart, tileTokens);
        }
        decodeScores = new WindowScores[config.numKvHeads()];
        for (int kvHead = 0; kvHead < decodeScores.length; kvHead++) {
            decodeScores[kvHead] = newWindowScores(config, coldStart, 1);
        }
        prefill = new UnitQueue(team, this::prefillUnit);
        decodeNormaliser = new UnitQueue(team, this::decodeNormaliserUnit);
        decodeScoring = new UnitQueue(team, this::decodeScoringUnit);
    }

    private static WindowScores newWindowScores(ModelConfig config, ColdStart coldStart, int maxTokens) {
        return new WindowScores(coldStart, maxTokens, config.groupSize(), config.headDim(), config.attentionScale());
    }

    /** Most blocks that are chosen for one token and KV head. */
    int maxBlocks() {
        return maxBlocks;
    }

    static int maxBlocks(SparseConfig sparse) {
        return Math.max(sparse.effectiveTopK(), sparse.initBlocks() + sparse.localBlocks() + 1);
    }

    /**
     * Selects.
     *
     * @param cache holds at least {@code position + count} tokens
     * @param q {@code [count, numHeads, headDim]}
     * @param position of the first query token
     * @param count query tokens
     * @param blocks {@code [count, numKvHeads, maxBlocks()]}; each list ascending, what is behind it is left as it is
     * @param blockCounts {@code [count, numKvHeads]}, lengths of the lists, at least 1
     */
    void run(CpuKvCache cache, float[] q, int position, int count, int[] blocks, int[] blockCounts) {
        this.cache = cache;
        this.q = q;
        this.position = position;
        this.count = count;
        this.blocks = blocks;
        this.blockCounts = blockCounts;
        if (count == 1) {
            decode();
        } else {
            prefill.run(Math.ceilDiv(count, tileTokens) * config.numKvHeads());
        }
        this.cache = noCache;
    }

    private void prefillUnit(int worker, int unit) {
        int kvHead = unit % config.numKvHeads();
        int from = unit / config.numKvHeads() * tileTokens;
        int to = Math.min(count, from + tileTokens);
        WorkerScratch scratch = workers[worker];
        int firstScored = from;
        while (firstScored < to && !needsScores(scratch.topBlocks, firstScored)) {
            select(scratch, scratch.windowScores, firstScored, 0, kvHead);
            firstScored++;
        }
        if (firstScored == to) {
            return;
        }
        WindowScores scores = scratch.windowScores;
        scores.clear(tileTokens, fineLimit(scratch.topBlocks, to - 1));
        for (int token = firstScored; token < to; token++) {
            addToken(scratch.topBlocks, scores, token, kvHead);
        }
        scores.normalise(cache.coarseKeys(kvHead), scratch.tile);
        scores.score(cache.fineKeys(kvHead), 0, fineLimit(scratch.topBlocks, to - 1), scratch.tile);
        for (int token = firstScored; token < to; token++) {
            select(scratch, scores, token, token - firstScored, kvHead);
        }
    }

    private void decode() {
        WorkerScratch scratch = workers[0];
        if (needsScores(scratch.topBlocks, 0)) {
            int windows = fineLimit(scratch.topBlocks, 0);
            for (int kvHead = 0; kvHead < decodeScores.length; kvHead++) {
                decodeScores[kvHead].clear(1, windows);
                addToken(scratch.topBlocks, decodeScores[kvHead], 0, kvHead);
            }
            decodeNormaliser.run(decodeScores.length);
            numSplits = Math.ceilDiv(windows, SPLIT_WINDOWS);
            decodeScoring.run(decodeScores.length * numSplits);
        }
        for (int kvHead = 0; kvHead < decodeScores.length; kvHead++) {
            select(scratch, decodeScores[kvHead], 0, 0, kvHead);
        }
    }

    private void decodeNormaliserUnit(int worker, int kvHead) {
        decodeScores[kvHead].normalise(cache.coarseKeys(kvHead), workers[worker].tile);
    }

    private void decodeScoringUnit(int worker, int unit) {
        int kvHead = unit / numSplits;
        int from = unit % numSplits * SPLIT_WINDOWS;
        decodeScores[kvHead].score(cache.fineKeys(kvHead), from, from + SPLIT_WINDOWS, workers[worker].tile);
    }

    private int currentBlock(int token) {
        return (position + token) / sparse.blockSize();
    }

    /** Whether a token's choice depends on window scores and any of them may differ from 0. */
    private boolean needsScores(TopBlocks topBlocks, int token) {
        return topBlocks.needsScores(currentBlock(token)) && coarseLimit(token) > 0 && fineLimit(topBlocks, token) > 0;
    }

    private int coarseLimit(int token) {
        return CpuKvCache.windows(position + token + 1, sparse.coarseKernelSize(), sparse.coarseKernelStride());
    }

    /** Visible fine windows that belong to blocks which scores decide on: those before the local blocks. */
    private int fineLimit(TopBlocks topBlocks, int token) {
        int visible = CpuKvCache.windows(position + token + 1, sparse.kernelSize(), sparse.kernelStride());
        return Math.min(visible, topBlocks.endOfCandidates(currentBlock(token)) * sparse.stridesPerBlock());
    }

    private void addToken(TopBlocks topBlocks, WindowScores scores, int token, int kvHead) {
        int offset = token * config.queryWidth() + kvHead * groupSize * config.headDim();
        scores.add(q, offset, coarseLimit(token), fineLimit(topBlocks, token));
    }

    /** Pools a token's window scores, the {@code index}-th in {@code scores}, and writes its list of blocks. */
    private void select(WorkerScratch scratch, WindowScores scores, int token, int index, int kvHead) {
        TopBlocks topBlocks = scratch.topBlocks;
        int currentBlock = currentBlock(token);
        char[] blockScores = scratch.blockScores(currentBlock + 1);
        if (topBlocks.needsScores(currentBlock)) {
            int limit = needsScores(topBlocks, token) ? fineLimit(topBlocks, token) : 0;
            int stridesPerBlock = sparse.stridesPerBlock();
            int end = topBlocks.endOfCandidates(currentBlock);
            for (int block = topBlocks.firstCandidate(); block < end; block++) {
                int first = Math.max(0, block * stridesPerBlock - 1);
                int last = Math.min(limit, (block + 1) * stridesPerBlock);
                blockScores[block] = TopBlocks.roundToBf16(scores.maxScore(index, first, last));
            }
        }
        int list = token * config.numKvHeads() + kvHead;
        blockCounts[list] = topBlocks.select(blockScores, currentBlock, blocks, list * maxBlocks);
    }
}
