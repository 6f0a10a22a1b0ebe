package sala.model.cpu;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;

/**
 * InfLLM-V2 stage 1: which blocks a token attends to, per KV head.
 *
 * <pre>
 * m[h], d[h] = maximum and sum of exp over the visible coarse windows of attentionScale q[h] . K2[j]
 * s[j]       = sum over the group of exp(attentionScale q[h] . K1[j] - m[h]) / d[h]     visible fine windows, else 0
 * B[b]       = bf16(max of s[j], r b - 1 &lt;= j &lt;= r b + r - 1)                     r = blockSize / kernelStride
 * </pre>
 *
 * <p>First and local blocks are forced; of the others up to the current one the best by B fill up to
 * {@code effectiveTopK}, the lower index first among equals. A window is visible once it has ended. Scores are kept for one
 * token at a time. Nothing is allocated per call once the scratch has grown to the context.
 */
final class BlockSelection implements WorkerTeam.Job {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final int LANES = VectorMath.LANES;
    /** Groups of windows that are scored together. */
    private static final int GROUPS = 4;
    /** Rank of a block without a window: below every score. */
    private static final int NO_WINDOW = 0;

    private final ModelConfig config;
    private final SparseConfig sparse;
    private final WorkerTeam team;
    private final Scratch[] scratches;
    private final AtomicInteger nextPiece = new AtomicInteger();
    private CpuKvCache cache;
    private float[] q = {};
    private int[] blocks = {};
    private int[] blockCounts = {};
    private int position;
    private int count;

    /** What one worker needs. */
    private static final class Scratch {
        private final float[] queries;
        private final float[] scores;
        private final float[] maxima;
        private final float[] factors;
        private float[] windowScores = {};
        private int[] ranks = {};

        Scratch(ModelConfig config) {
            queries = new float[config.groupSize() * config.headDim()];
            scores = new float[config.groupSize() * GROUPS * LANES];
            maxima = new float[config.groupSize()];
            factors = new float[config.groupSize()];
        }

        void reserve(int windows, int numBlocks) {
            if (windowScores.length < windows) {
                windowScores = new float[Math.multiplyExact(windows, 2)];
            }
            if (ranks.length < numBlocks) {
                ranks = new int[Math.multiplyExact(numBlocks, 2)];
            }
        }
    }

    BlockSelection(ModelConfig config, WorkerTeam team) {
        this.config = config;
        this.team = team;
        sparse = config.sparse();
        cache = new CpuKvCache(config);
        scratches = new Scratch[team.size()];
        for (int i = 0; i < scratches.length; i++) {
            scratches[i] = new Scratch(config);
        }
    }

    /** {@link #maxBlocks(ModelConfig)} of this model. */
    int maxBlocks() {
        return maxBlocks(config);
    }

    /** Most blocks of a token: forced blocks are taken even where they exceed the effective top-k. */
    static int maxBlocks(ModelConfig config) {
        SparseConfig sparse = config.sparse();
        return Math.max(sparse.effectiveTopK(), sparse.initBlocks() + sparse.localBlocks() + 1);
    }

    /**
     * Chooses.
     *
     * @param newCache holds {@code newPosition + newCount} tokens
     * @param newQ {@code [newCount, numHeads, headDim]}; token t is at {@code newPosition + t}
     * @param newBlocks {@code [newCount, numKvHeads, maxBlocks]}, written ascending
     * @param newBlockCounts {@code [newCount, numKvHeads]}, written
     */
    void run(CpuKvCache newCache, float[] newQ, int newPosition, int newCount, int[] newBlocks, int[] newBlockCounts) {
        cache = newCache;
        q = newQ;
        position = newPosition;
        count = newCount;
        blocks = newBlocks;
        blockCounts = newBlockCounts;
        nextPiece.set(0);
        team.run(this);
    }

    @Override
    public void run(int worker, int workers) {
        Scratch scratch = scratches[worker];
        int numKvHeads = config.numKvHeads();
        int maxBlocks = maxBlocks(config);
        int pieces = count * numKvHeads;
        for (int piece = nextPiece.getAndIncrement(); piece < pieces; piece = nextPiece.getAndIncrement()) {
            blockCounts[piece] =
                    choose(scratch, piece % numKvHeads, position + piece / numKvHeads, piece, piece * maxBlocks);
        }
    }

    private int choose(Scratch scratch, int kvHead, int token, int piece, int target) {
        int current = token / sparse.blockSize();
        int firstLocal = Math.max(0, current - sparse.localBlocks());
        int initEnd = Math.min(sparse.initBlocks(), firstLocal);
        int forced = initEnd + current - firstLocal + 1;
        int open = Math.min(firstLocal - initEnd, Math.max(0, sparse.effectiveTopK() - forced));
        int size = 0;
        for (int block = 0; block < initEnd; block++) {
            blocks[target + size++] = block;
        }
        if (open == firstLocal - initEnd) { // all fit, whatever their scores
            for (int block = initEnd; block < firstLocal; block++) {
                blocks[target + size++] = block;
            }
        } else if (open > 0) {
            rank(scratch, kvHead, token, piece, initEnd, firstLocal);
            size = takeBest(scratch.ranks, initEnd, firstLocal, open, target, size);
        }
        for (int block = firstLocal; block <= current; block++) {
            blocks[target + size++] = block;
        }
        return size;
    }

    /** Bf16 ranks of the blocks {@code from <= b < to}. */
    private void rank(Scratch scratch, int kvHead, int token, int piece, int from, int to) {
        int stridesPerBlock = sparse.stridesPerBlock();
        int allFine = cache.fineKeys().length();
        int visibleFine = Math.min(windows(token, sparse.kernelSize(), sparse.kernelStride()), to * stridesPerBlock);
        int visibleCoarse = windows(token, sparse.coarseKernelSize(), sparse.coarseKernelStride());
        scratch.reserve(Tiles.pad(visibleFine) + GROUPS * LANES, to);
        if (visibleCoarse == 0) {
            Arrays.fill(scratch.windowScores, 0, visibleFine, 0);
        } else {
            int groupWidth = scratch.queries.length;
            float scale = (float) config.attentionScale();
            for (int i = 0; i < groupWidth; i++) {
                scratch.queries[i] = q[piece * groupWidth + i] * scale;
            }
            normalize(scratch, kvHead, visibleCoarse);
            scoreWindows(scratch, kvHead, visibleFine);
        }
        for (int block = from; block < to; block++) {
            int first = Math.max(0, stridesPerBlock * block - 1);
            float best = 0;
            for (int window = first; window < Math.min(visibleFine, stridesPerBlock * (block + 1)); window++) {
                best = Math.max(best, scratch.windowScores[window]);
            }
            scratch.ranks[block] = first < allFine ? 1 + bf16(best) : NO_WINDOW;
        }
    }

    private static int windows(int token, int kernelSize, int kernelStride) {
        int length = token + 1;
        return length < kernelSize ? 0 : (length - kernelSize) / kernelStride + 1;
    }

    /** Maximum and sum per head over the coarse windows, online. */
    private void normalize(Scratch scratch, int kvHead, int visible) {
        int groupSize = config.groupSize();
        Arrays.fill(scratch.maxima, -1e30f);
        float[] sums = scratch.factors;
        Arrays.fill(sums, 0);
        for (int start = 0; start < visible; start += GROUPS * LANES) {
            int width = score(scratch, cache.coarseKeys(), kvHead, start, visible);
            for (int head = 0; head < groupSize; head++) {
                int row = head * width;
                Arrays.fill(scratch.scores, row + Math.min(width, visible - start), row + width, -1e30f);
                FloatVector maxima = FloatVector.broadcast(SPECIES, scratch.maxima[head]);
                for (int i = 0; i < width; i += LANES) {
                    maxima = maxima.max(FloatVector.fromArray(SPECIES, scratch.scores, row + i));
                }
                float max = maxima.reduceLanes(VectorOperators.MAX);
                FloatVector total = FloatVector.zero(SPECIES);
                for (int i = 0; i < width; i += LANES) {
                    total = total.add(VectorMath.exp(FloatVector.fromArray(SPECIES, scratch.scores, row + i)
                            .sub(max)));
                }
                float rescale = max == scratch.maxima[head] ? 1 : (float) Math.exp((double) scratch.maxima[head] - max);
                sums[head] = sums[head] * rescale + VectorMath.sum(total);
                scratch.maxima[head] = max;
            }
        }
        for (int head = 0; head < groupSize; head++) {
            scratch.factors[head] = 1 / sums[head];
        }
    }

    /** Group sums of the fine windows. */
    private void scoreWindows(Scratch scratch, int kvHead, int visible) {
        int groupSize = config.groupSize();
        for (int start = 0; start < visible; start += GROUPS * LANES) {
            int width = score(scratch, cache.fineKeys(), kvHead, start, visible);
            for (int i = 0; i < width; i += LANES) {
                FloatVector sum = FloatVector.zero(SPECIES);
                for (int head = 0; head < groupSize; head++) {
                    sum = VectorMath.exp(FloatVector.fromArray(SPECIES, scratch.scores, head * width + i)
                                    .sub(scratch.maxima[head]))
                            .fma(FloatVector.broadcast(SPECIES, scratch.factors[head]), sum);
                }
                sum.intoArray(scratch.windowScores, start + i);
            }
        }
    }

    /** Scores of some windows for all heads of the group; returns the distance of two heads. */
    private int score(Scratch scratch, LaneKeys keys, int kvHead, int start, int visible) {
        int groups = Math.min(GROUPS, Math.ceilDiv(visible - start, LANES));
        Tiles.scores(
                scratch.queries,
                config.groupSize(),
                config.headDim(),
                keys.values(),
                keys.groupOffset(start, kvHead),
                keys.groupStride(),
                groups,
                scratch.scores,
                groups * LANES);
        return groups * LANES;
    }

    /** The bits of the nearest bfloat16 of a score that is not negative, the even one of two: ordered as the scores. */
    private static int bf16(float score) {
        int bits = Float.floatToRawIntBits(score);
        return (bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16;
    }

    /** Appends the {@code open} best of the blocks {@code from <= b < to}, in ascending order. */
    private int takeBest(int[] ranks, int from, int to, int open, int target, int size) {
        // The largest rank that at least `open` blocks reach, by bisection: ranks have 16 bits.
        int low = 0;
        int high = 1 << 16;
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (countAtLeast(ranks, from, to, middle) >= open) {
                low = middle;
            } else {
                high = middle;
            }
        }
        int ties = open - countAtLeast(ranks, from, to, low + 1);
        int next = size;
        for (int block = from; block < to; block++) {
            boolean tie = ranks[block] == low && ties > 0;
            if (ranks[block] > low || tie) {
                blocks[target + next++] = block;
                ties -= tie ? 1 : 0;
            }
        }
        return next;
    }

    private static int countAtLeast(int[] ranks, int from, int to, int rank) {
        int reached = 0;
        for (int block = from; block < to; block++) {
            reached += ranks[block] >= rank ? 1 : 0;
        }
        return reached;
    }
}
