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

    private final ColdStart coldStart;
    private final SmallMatMul products;
    private final int headDim;
    private final int paddedDim;
    private final float attentionScale;
    private final float[] q;
    private final float[] scores;
    private final float[] gathered;
    private final float[] runningMax;
    /** {@code [rows, LANES]}: the sum of a row is that of its lanes. */
    private final float[] runningSum;

    private final int[] limits;
    private int rows;

    AttentionRows(ColdStart coldStart, int maxRows, int headDim, double attentionScale) {
        this.coldStart = coldStart;
        products = new SmallMatMul(coldStart);
        this.headDim = headDim;
        this.attentionScale = (float) attentionScale;
        paddedDim = SmallMatMul.padded(headDim);
        q = new float[Math.multiplyExact(maxRows, headDim)];
        scores = new float[Math.multiplyExact(maxRows, TILE)];
        gathered = new float[Math.multiplyExact(maxRows, paddedDim)];
        runningMax = new float[maxRows];
        runningSum = new float[maxRows * LANES];
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
        Arrays.fill(runningSum, rows * LANES, (rows + heads) * LANES, 0);
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
        products.multiply(
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
            int visibleEnd = Math.min(end, limits[row]) - aligned;
            if (coldStart.plain()) {
                weighPlainly(row, start - aligned, visibleEnd, vectors);
            } else {
                weigh(row, start - aligned, visibleEnd, vectors);
            }
        }
        products.multiply(
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
                SmallMatMul.padded(headDim) / LANES,
                true);
    }

    /**
     * Turns a row's scores into weights relative to the new running maximum, 0 outside {@code from .. to - 1}, and
     * brings what was gathered before to that maximum.
     */
    private void weigh(int row, int from, int to, int vectors) {
        int start = row * TILE;
        if (from > 0) {
            VectorMask<Float> hidden = SPECIES.indexInRange(0, from);
            FloatVector.fromArray(SPECIES, scores, start).blend(LOWEST, hidden).intoArray(scores, start);
        }
        if (to < vectors * LANES) {
            int whole = to / LANES;
            int last = start + whole * LANES;
            VectorMask<Float> shown = SPECIES.indexInRange(0, to % LANES);
            FloatVector.broadcast(SPECIES, LOWEST)
                    .blend(FloatVector.fromArray(SPECIES, scores, last), shown)
                    .intoArray(scores, last);
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
        FloatVector.fromArray(SPECIES, runningSum, row * LANES).add(sums).intoArray(runningSum, row * LANES);
    }

    /** {@link #weigh} in plain loops, to the same bits: the sum of a lane is that of its place in every vector. */
    private void weighPlainly(int row, int from, int to, int vectors) {
        int start = row * TILE;
        Arrays.fill(scores, start, start + from, LOWEST);
        Arrays.fill(scores, start + to, start + vectors * LANES, LOWEST);
        float oldMax = runningMax[row];
        float newMax = oldMax;
        for (int at = start + from; at < start + to; at++) {
            newMax = Math.max(newMax, scores[at]);
        }
        if (newMax != oldMax) {
            rescale(row, (float) Math.exp(oldMax - newMax));
            runningMax[row] = newMax;
        }
        for (int lane = 0; lane < LANES; lane++) {
            float sum = 0;
            for (int at = start + lane; at < start + vectors * LANES; at += LANES) {
                scores[at] = VectorMath.exp(scores[at] - newMax);
                sum += scores[at];
            }
            runningSum[row * LANES + lane] += sum;
        }
    }

    private void rescale(int row, float factor) {
        for (int at = row * LANES; at < (row + 1) * LANES; at++) {
            runningSum[at] *= factor;
        }
        for (int at = row * paddedDim; at < (row + 1) * paddedDim; at++) {
            gathered[at] *= factor;
        }
    }

    /** Takes over what the same rows have gathered elsewhere, from other tokens. */
    void merge(AttentionRows other) {
        for (int row = 0; row < rows; row++) {
            float newMax = Math.max(runningMax[row], other.runningMax[row]);
            rescale(row, (float) Math.exp(runningMax[row] - newMax));
            runningMax[row] = newMax;
            float factor = (float) Math.exp(other.runningMax[row] - newMax);
            for (int at = row * LANES; at < (row + 1) * LANES; at++) {
                runningSum[at] = Math.fma(other.runningSum[at], factor, runningSum[at]);
            }
            for (int at = row * paddedDim; at < (row + 1) * paddedDim; at++) {
                gathered[at] = Math.fma(other.gathered[at], factor, gathered[at]);
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
            float factor = 1 / VectorMath.sum(runningSum, row * LANES);
            for (int channel = 0; channel < headDim; channel++) {
                out[offset + head * headDim + channel] = gathered[row * paddedDim + channel] * factor;
            }
        }
    }
}
