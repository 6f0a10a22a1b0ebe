package sala.model.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Scores of the fine windows for some tokens and one KV head, the first step of block selection.
 *
 * <pre>
 *   m[h], d[h]   maximum and sum over the coarse windows j of x = attentionScale q[h] . coarse[j]:  d = sum of exp(x - m)
 *   s[j]       = sum over the group's heads of exp(attentionScale q[h] . fine[j] - m[h]) / d[h]
 * </pre>
 *
 * <p>The coarse normaliser weighs the heads of a group against each other. Tokens are added in order of position, so
 * those that see a window are the last ones.
 */
final class WindowScores {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final int LANES = VectorMath.LANES;

    /** Windows of a tile; a multiple of the lanes. */
    private static final int TILE = Math.max(64, 4 * LANES);

    private static final float LOWEST = -Float.MAX_VALUE;

    private final ColdStart coldStart;
    private final SmallMatMul products;
    private final int groupSize;
    private final int headDim;
    private final float attentionScale;
    private final float[] q;
    private final float[] max;
    /** {@code [rows, LANES]}: the sum of a row is that of its lanes. */
    private final float[] sum;

    private final float[] factor;
    private final int[] coarseLimits;
    private final int[] fineLimits;
    private float[] scores = {};
    private int stride;
    private int tokens;

    WindowScores(ColdStart coldStart, int maxTokens, int groupSize, int headDim, double attentionScale) {
        this.coldStart = coldStart;
        products = new SmallMatMul(coldStart);
        this.groupSize = groupSize;
        this.headDim = headDim;
        this.attentionScale = (float) attentionScale;
        int maxRows = Math.multiplyExact(maxTokens, groupSize);
        q = new float[Math.multiplyExact(maxRows, headDim)];
        max = new float[maxRows];
        sum = new float[maxRows * LANES];
        factor = new float[maxRows];
        coarseLimits = new int[maxTokens];
        fineLimits = new int[maxTokens];
    }

    /** Scratch that {@link #normalise} and {@link #score} need from each thread that calls them. */
    static float[] newScratch(int maxTokens, int groupSize) {
        return new float[Math.multiplyExact(Math.multiplyExact(maxTokens, groupSize), TILE)];
    }

    /** Forgets all tokens and makes room for the scores of {@code numWindows} windows each. */
    void clear(int maxTokens, int numWindows) {
        tokens = 0;
        int needed = SmallMatMul.padded(numWindows);
        if (needed > stride) {
            stride = Math.max(needed, Math.min(2 * stride, Integer.MAX_VALUE / 2 / maxTokens));
            stride = SmallMatMul.padded(stride);
            scores = new float[Math.multiplyExact(maxTokens, stride)];
        }
    }

    /**
     * Adds a token.
     *
     * @param queries holds {@code [groupSize, headDim]} from {@code offset} on
     * @param coarseLimit coarse windows it sees, at least 1
     * @param fineLimit fine windows to score
     */
    void add(float[] queries, int offset, int coarseLimit, int fineLimit) {
        int start = tokens * groupSize * headDim;
        for (int i = 0; i < groupSize * headDim; i++) {
            q[start + i] = queries[offset + i] * attentionScale;
        }
        Arrays.fill(max, tokens * groupSize, (tokens + 1) * groupSize, LOWEST);
        Arrays.fill(sum, tokens * groupSize * LANES, (tokens + 1) * groupSize * LANES, 0);
        coarseLimits[tokens] = coarseLimit;
        fineLimits[tokens] = fineLimit;
        tokens++;
    }

    /** Finds {@code m} and {@code d} of all rows. */
    void normalise(float[] coarseKeys, float[] scratch) {
        int limit = coarseLimits[tokens - 1];
        for (int from = 0; from < limit; from += TILE) {
            int first = firstToken(coarseLimits, from);
            int vectors = SmallMatMul.padded(Math.min(limit - from, TILE)) / LANES;
            multiply(coarseKeys, from, first, vectors, scratch);
            for (int token = first; token < tokens; token++) {
                int visible = Math.min(coarseLimits[token] - from, TILE);
                for (int row = token * groupSize; row < (token + 1) * groupSize; row++) {
                    if (coldStart.plain()) {
                        addToSumPlainly(row, visible, scratch);
                    } else {
                        addToSum(row, visible, scratch);
                    }
                }
            }
        }
        for (int row = 0; row < tokens * groupSize; row++) {
            factor[row] = 1 / VectorMath.sum(sum, row * LANES);
        }
    }

    /** Takes one row's first {@code visible} coarse windows of a tile into its maximum and sum. */
    private void addToSum(int row, int visible, float[] scratch) {
        int start = row * TILE;
        int whole = visible / LANES * LANES;
        if (whole < visible) {
            VectorMask<Float> hidden = SPECIES.indexInRange(0, visible - whole).not();
            FloatVector.fromArray(SPECIES, scratch, start + whole)
                    .blend(LOWEST, hidden)
                    .intoArray(scratch, start + whole);
        }
        FloatVector maxima = FloatVector.broadcast(SPECIES, max[row]);
        for (int at = start; at < start + visible; at += LANES) {
            FloatVector score = FloatVector.fromArray(SPECIES, scratch, at);
            maxima = maxima.blend(score, score.compare(VectorOperators.GT, maxima));
        }
        float newMax = maxima.reduceLanes(VectorOperators.MAX);
        FloatVector sums = FloatVector.zero(SPECIES);
        for (int at = start; at < start + visible; at += LANES) {
            sums = sums.add(
                    VectorMath.exp(FloatVector.fromArray(SPECIES, scratch, at).sub(newMax)));
        }
        if (newMax != max[row]) {
            float factor = (float) Math.exp(max[row] - newMax);
            sums = FloatVector.fromArray(SPECIES, sum, row * LANES).fma(FloatVector.broadcast(SPECIES, factor), sums);
            max[row] = newMax;
        } else {
            sums = sums.add(FloatVector.fromArray(SPECIES, sum, row * LANES));
        }
        sums.intoArray(sum, row * LANES);
    }

    /** {@link #addToSum} in plain loops, to the same bits. */
    private void addToSumPlainly(int row, int visible, float[] scratch) {
        int start = row * TILE;
        int end = start + SmallMatMul.padded(visible);
        Arrays.fill(scratch, start + visible, end, LOWEST);
        float newMax = max[row];
        for (int at = start; at < start + visible; at++) {
            if (scratch[at] > newMax) {
                newMax = scratch[at];
            }
        }
        float rescale = (float) Math.exp(max[row] - newMax);
        for (int lane = 0; lane < LANES; lane++) {
            float laneSum = 0;
            for (int at = start + lane; at < end; at += LANES) {
                laneSum += VectorMath.exp(scratch[at] - newMax);
            }
            int total = row * LANES + lane;
            sum[total] = Math.fma(sum[total], rescale, laneSum); // exact where rescale is 1
        }
        max[row] = newMax;
    }

    /** Scores the fine windows {@code from .. to - 1}, {@code from} a multiple of the lanes, as far as tokens see them. */
    void score(float[] fineKeys, int from, int to, float[] scratch) {
        int limit = Math.min(to, fineLimits[tokens - 1]);
        for (int start = from; start < limit; start += TILE) {
            int first = firstToken(fineLimits, start);
            int vectors = SmallMatMul.padded(Math.min(limit - start, TILE)) / LANES;
            multiply(fineKeys, start, first, vectors, scratch);
            for (int token = first; token < tokens; token++) {
                int visible = Math.min(Math.min(fineLimits[token], limit) - start, TILE);
                if (coldStart.plain()) {
                    sumGroupPlainly(token, start, visible, scratch);
                } else {
                    sumGroup(token, start, visible, scratch);
                }
            }
        }
    }

    /** Sums over the heads of one token; lanes past the visible windows get anything. */
    private void sumGroup(int token, int window, int visible, float[] scratch) {
        for (int at = 0; at < visible; at += LANES) {
            FloatVector groupSum = FloatVector.zero(SPECIES);
            for (int row = token * groupSize; row < (token + 1) * groupSize; row++) {
                FloatVector score = FloatVector.fromArray(SPECIES, scratch, row * TILE + at);
                groupSum =
                        VectorMath.exp(score.sub(max[row])).fma(FloatVector.broadcast(SPECIES, factor[row]), groupSum);
            }
            groupSum.intoArray(scores, token * stride + window + at);
        }
    }

    /** {@link #sumGroup} in plain loops, to the same bits. */
    private void sumGroupPlainly(int token, int window, int visible, float[] scratch) {
        for (int at = 0; at < visible; at++) {
            float groupSum = 0;
            for (int row = token * groupSize; row < (token + 1) * groupSize; row++) {
                groupSum = Math.fma(VectorMath.exp(scratch[row * TILE + at] - max[row]), factor[row], groupSum);
            }
            scores[token * stride + window + at] = groupSum;
        }
    }

    /** The largest score of windows {@code from .. to - 1} of the token-th token added, at least 0; NaN does not count. */
    float maxScore(int token, int from, int to) {
        float best = 0;
        int start = token * stride;
        for (int at = start + from; at < start + to; at++) {
            if (scores[at] > best) {
                best = scores[at];
            }
        }
        return best;
    }

    /** Scores {@code q . keys} of one tile for the rows of the tokens from {@code first} on. */
    private void multiply(float[] keys, int window, int first, int vectors, float[] scratch) {
        int row = first * groupSize;
        products.multiply(
                q,
                row * headDim,
                headDim,
                1,
                (tokens - first) * groupSize,
                keys,
                window * headDim,
                LANES,
                headDim * LANES,
                headDim,
                scratch,
                row * TILE,
                TILE,
                vectors,
                false);
    }

    private int firstToken(int[] limits, int window) {
        int first = 0;
        while (limits[first] <= window) {
            first++;
        }
        return first;
    }
}
