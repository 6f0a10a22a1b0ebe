package sala.model.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Softmax attention in progress: some query heads of some tokens (rows) that share a KV head, and what they have
 * gathered from the cached tokens shown to them so far.
 *
 * <pre>
 *   runningMax = max over seen j of score[j]            score[j] = attentionScale q . k[j]
 *   runningSum = sum over seen j of exp(score[j] - runningMax)
 *   gathered   = sum over seen j of exp(score[j] - runningMax) v[j]        out = gathered / runningSum
 * </pre>
 *
 * <p>Tokens come in tiles of some vectors, so that a tile's keys, scores and values stay in the first-level caches. The
 * result depends on the order of the tiles only in its last bits.
 */
final class AttentionRows {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final int LANES = VectorMath.LANES;

    /** Tokens of a tile; a multiple of the lanes. */
    static final int TILE = Math.max(64, 4 * LANES);

    /** Stands for minus infinity, but differences of it are numbers. */
    private static final float LOWEST = -Float.MAX_VALUE;

    private final int headDim;
    private final int paddedDim;
    private final float attentionScale;
    private final float[] q;
    private final float[] scores;
    private final float[] gathered;
    private final float[] runningMax;
    private final float[] runningSum;
    private final int[] limits;
    private int rows;

    AttentionRows(int maxRows, int headDim, double attentionScale) {
        this.headDim = headDim;
        this.attentionScale = (float) attentionScale;
        paddedDim = SmallMatMul.padded(headDim);
        q = new float[Math.multiplyExact(maxRows, headDim)];
        scores = new float[Math.multiplyExact(maxRows, TILE)];
        gathered = new float[Math.multiplyExact(maxRows, paddedDim)];
        runningMax = new float[maxRows];
        runningSum = new float[maxRows];
        limits = new int[maxRows];
    }

    /** Forgets all rows. */
    void clear() {
        rows = 0;
    }

    /**
     * Adds the query heads of one token.
     *
     * @param queries holds {@code [heads, headDim]} from {@code offset} on
     * @param heads rows to add
     * @param limit tokens they see: those before {@code limit}; not less than that of the rows added before
     */
    void add(float[] queries, int offset, int heads, int limit) {
        int start = rows * headDim;
        for (int i = 0; i < heads * headDim; i++) {
            q[start + i] = queries[offset + i] * attentionScale;
        }
        Arrays.fill(gathered, rows * paddedDim, (rows + heads) * paddedDim, 0);
        Arrays.fill(runningMax, rows, rows + heads, LOWEST);
        Arrays.fill(runningSum, rows, rows + heads, 0);
        Arrays.fill(limits, rows, rows + heads, limit);
        rows += heads;
    }

    /**
     * Shows the cached tokens {@code from .. to - 1} to the rows, each once over all calls. Rows whose limit lies before
     * {@code to} take what they see of them.
     *
     * @param keys see {@link CpuKvCache#keys}
     * @param values see {@link CpuKvCache#values}
     */
    void attend(float[] keys, float[] values, int from, int to) {
        int next;
        for (int start = from; start < to; start = next) {
            int aligned = start - start % LANES;
            next = Math.min(to, aligned + TILE);
            int first = 0;
            while (first < rows && limits[first] <= start) {
                first++;
            }
            if (first < rows) {
                attendTile(keys, values, aligned, start, Math.min(next, limits[rows - 1]), first);
            }
        }
    }

    /** One tile: tokens {@code start .. end - 1}, the first vector of keys at token {@code aligned}, rows from {@code first} on. */
    private void attendTile(float[] keys, float[] values, int aligned, int start, int end, int first) {
        int vectors = SmallMatMul.padded(end - aligned) / LANES;
        SmallMatMul.multiply(
                q,
                first * headDim,
                headDim,
                1,
                rows - first,
                keys,
                aligned * headDim,
                LANES,
                headDim * LANES,
                headDim,
                scores,
                first * TILE,
                TILE,
                vectors,
                false);
        for (int row = first; row < rows; row++) {
            weigh(row, start - aligned, Math.min(end, limits[row]) - aligned, vectors);
        }
        SmallMatMul.multiply(
                scores,
                first * TILE + start - aligned,
                TILE,
                1,
                rows - first,
                values,
                start * paddedDim,
                paddedDim,
                LANES,
                end - start,
                gathered,
                first * paddedDim,
                paddedDim,
                paddedDim / LANES,
                true);
    }

    /**
     * Turns a row's scores into weights relative to the new running maximum, 0 outside {@code from .. to - 1}, and
     * brings what was gathered before to that maximum.
     */
    private void weigh(int row, int from, int to, int vectors) {
        int start = row * TILE;
        if (from > 0) {
            hide(start, VectorMask.fromLong(SPECIES, -1L << from).not());
        }
        if (to < vectors * LANES) {
            int whole = to / LANES;
            hide(start + whole * LANES, SPECIES.indexInRange(0, to % LANES).not());
            for (int vector = whole + 1; vector < vectors; vector++) {
                FloatVector.broadcast(SPECIES, LOWEST).intoArray(scores, start + vector * LANES);
            }
        }
        FloatVector maxima = FloatVector.fromArray(SPECIES, scores, start);
        for (int vector = 1; vector < vectors; vector++) {
            FloatVector score = FloatVector.fromArray(SPECIES, scores, start + vector * LANES);
            maxima = maxima.blend(score, score.compare(VectorOperators.GT, maxima));
        }
        float oldMax = runningMax[row];
        float newMax = Math.max(oldMax, maxima.reduceLanes(VectorOperators.MAX));
        FloatVector sums = FloatVector.zero(SPECIES);
        for (int vector = 0; vector < vectors; vector++) {
            int at = start + vector * LANES;
            FloatVector weight =
                    VectorMath.exp(FloatVector.fromArray(SPECIES, scores, at).sub(newMax));
            weight.intoArray(scores, at);
            sums = sums.add(weight);
        }
        if (newMax != oldMax) {
            rescale(row, (float) Math.exp(oldMax - newMax));
            runningMax[row] = newMax;
        }
        runningSum[row] += VectorMath.sum(sums);
    }

    private void hide(int at, VectorMask<Float> hidden) {
        FloatVector.fromArray(SPECIES, scores, at).blend(LOWEST, hidden).intoArray(scores, at);
    }

    private void rescale(int row, float factor) {
        runningSum[row] *= factor;
        for (int at = row * paddedDim; at < (row + 1) * paddedDim; at += LANES) {
            FloatVector.fromArray(SPECIES, gathered, at).mul(factor).intoArray(gathered, at);
        }
    }

    /** Takes over what the same rows have gathered elsewhere, from other tokens. */
    void merge(AttentionRows other) {
        for (int row = 0; row < rows; row++) {
            float newMax = Math.max(runningMax[row], other.runningMax[row]);
            rescale(row, (float) Math.exp(runningMax[row] - newMax));
            runningMax[row] = newMax;
            float factor = (float) Math.exp(other.runningMax[row] - newMax);
            runningSum[row] += factor * other.runningSum[row];
            for (int at = row * paddedDim; at < (row + 1) * paddedDim; at += LANES) {
                FloatVector.fromArray(SPECIES, other.gathered, at)
                        .fma(FloatVector.broadcast(SPECIES, factor), FloatVector.fromArray(SPECIES, gathered, at))
                        .intoArray(gathered, at);
            }
        }
    }

    /**
     * Writes the results of {@code heads} rows.
     *
     * @param firstRow first of them
     * @param out receives {@code [heads, headDim]} from {@code offset} on
     */
    void store(int firstRow, int heads, float[] out, int offset) {
        for (int head = 0; head < heads; head++) {
            int row = firstRow + head;
            float factor = 1 / runningSum[row];
            for (int channel = 0; channel < headDim; channel++) {
                out[offset + head * headDim + channel] = gathered[row * paddedDim + channel] * factor;
            }
        }
    }
}
