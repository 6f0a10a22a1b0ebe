package sala.model.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import sala.loader.ModelConfig;

/**
 * Softmax attention of one token for one KV head: all heads of the group together, over ranges of tokens given one after
 * another, with a running maximum and sum per head. One instance per worker.
 *
 * <pre>  out[h] = sum over j of softmax_j(attentionScale q[h] . k[j]) v[j]  </pre>
 */
final class SoftmaxTile {
    /** Tokens of a range that are scored together, whole vectors of any width. */
    static final int MAX_TOKENS = 64;

    /** A score that no token has: finite, so that its differences are. */
    private static final float MASKED = -1e30f;

    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final int LANES = VectorMath.LANES;

    private final int groupSize;
    private final int headDim;
    private final int stride;
    private final float attentionScale;
    private final float[] queries;
    private final float[] scores;
    private final float[] sums;
    private final float[] runningMax;
    private final double[] runningSum;

    SoftmaxTile(ModelConfig config) {
        groupSize = config.groupSize();
        headDim = config.headDim();
        stride = Tiles.pad(headDim);
        attentionScale = (float) config.attentionScale();
        queries = new float[groupSize * headDim];
        scores = new float[groupSize * (MAX_TOKENS + LANES)];
        sums = new float[groupSize * stride];
        runningMax = new float[groupSize];
        runningSum = new double[groupSize];
    }

    /** Begins with the queries of a group, {@code [groupSize, headDim]} from {@code offset} on. */
    void begin(float[] q, int offset) {
        for (int i = 0; i < queries.length; i++) {
            queries[i] = q[offset + i] * attentionScale;
        }
        Arrays.fill(sums, 0);
        Arrays.fill(runningMax, MASKED);
        Arrays.fill(runningSum, 0);
    }

    /** Attends to the tokens {@code from <= j < to}. */
    void attend(CpuKvCache cache, int kvHead, int from, int to) {
        for (int start = from; start < to; ) {
            int end = Math.min(to, start / LANES * LANES + MAX_TOKENS);
            attendPiece(cache, kvHead, start, end);
            start = end;
        }
    }

    private void attendPiece(CpuKvCache cache, int kvHead, int from, int to) {
        LaneKeys keys = cache.keys();
        int firstLane = from % LANES;
        int groups = (to - 1) / LANES - from / LANES + 1;
        int scoreStride = groups * LANES;
        Tiles.scores(
                queries,
                groupSize,
                headDim,
                keys.values(),
                keys.groupOffset(from, kvHead),
                keys.groupStride(),
                groups,
                scores,
                scoreStride);
        int count = to - from;
        for (int head = 0; head < groupSize; head++) {
            int row = head * scoreStride;
            Arrays.fill(scores, row, row + firstLane, MASKED);
            Arrays.fill(scores, row + firstLane + count, row + scoreStride, MASKED);
            weigh(head, row, scoreStride);
        }
        // Weights of masked lanes are 0; the product skips them, since no value may lie there.
        Tiles.multiply(
                scores,
                firstLane,
                scoreStride,
                cache.values(),
                cache.valueOffset(from, kvHead),
                cache.valueOffset(1, 0),
                sums,
                0,
                stride,
                groupSize,
                count,
                stride,
                true);
    }

    /** Turns a row of scores into weights and rescales what the head has summed so far. */
    private void weigh(int head, int row, int width) {
        FloatVector maxima = FloatVector.broadcast(SPECIES, runningMax[head]);
        for (int i = 0; i < width; i += LANES) {
            maxima = maxima.max(FloatVector.fromArray(SPECIES, scores, row + i));
        }
        float max = maxima.reduceLanes(VectorOperators.MAX);
        FloatVector total = FloatVector.zero(SPECIES);
        for (int i = 0; i < width; i += LANES) {
            FloatVector weights = VectorMath.exp(
                    FloatVector.fromArray(SPECIES, scores, row + i).sub(max));
            weights.intoArray(scores, row + i);
            total = total.add(weights);
        }
        if (max > runningMax[head]) {
            float factor = (float) Math.exp((double) runningMax[head] - max);
            runningSum[head] *= factor;
            for (int i = 0; i < stride; i += LANES) {
                FloatVector.fromArray(SPECIES, sums, head * stride + i)
                        .mul(factor)
                        .intoArray(sums, head * stride + i);
            }
            runningMax[head] = max;
        }
        runningSum[head] += VectorMath.sum(total);
    }

    /** Writes the result, {@code [groupSize, headDim]} from {@code offset} on. */
    void finish(float[] out, int offset) {
        for (int head = 0; head < groupSize; head++) {
            float factor = (float) (1 / runningSum[head]);
            for (int channel = 0; channel < headDim; channel++) {
                out[offset + head * headDim + channel] = sums[head * stride + channel] * factor;
            }
        }
    }
}
