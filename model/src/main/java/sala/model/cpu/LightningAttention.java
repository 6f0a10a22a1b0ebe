package sala.model.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import sala.kernels.reference.DecaySlopes;
import sala.loader.LightningConfig;
import sala.loader.ModelConfig;

/**
 * Linear attention with a constant decay per head, in f32.
 *
 * <pre>
 *   S[t] = decay S[t-1] + k[t] v[t]^T          decay = exp(-decaySlope), S is [key channel, value channel]
 *   o[t] = attentionScale q[t]^T S[t]
 * </pre>
 *
 * <p>One token takes one pass over the state. More are done by chunks, with {@code n} tokens in a chunk, {@code S} the
 * state before it and {@code a, b} counting from 0 inside it, as products of small matrices:
 *
 * <pre>
 *   o[a] = attentionScale (decay^(a+1) q[a]^T S + sum over b &lt;= a of decay^(a-b) (q[a] . k[b]) v[b])
 *   S'   = decay^n S + sum over b of decay^(n-1-b) k[b] v[b]^T
 * </pre>
 *
 * <p>No power of the decay is negative, so none overflows. A unit of work is a head. Ground truth:
 * {@link sala.kernels.reference.LightningAttention}.
 */
final class LightningAttention {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final int LANES = VectorMath.LANES;
    private static final float[] NO_STATE = {};

    /** Tokens of a chunk; a multiple of the lanes and of {@link #PANEL}. */
    private static final int CHUNK = Math.max(64, LANES);

    /** Distance of the rows of transposed keys: a chunk and one more vector, so that columns use all sets of the cache. */
    private static final int KEY_STRIDE = CHUNK + LANES;

    /** Rows of a chunk whose products stop at their own end, which saves most of what the causal mask would hide. */
    private static final int PANEL = 16;

    /** Vectors of the state's rows that one pass of a decode step keeps in registers. */
    private static final int STEP_VECTORS = 4;

    private final ColdStart coldStart;
    private final SmallMatMul products;
    private final int numHeads;
    private final int headDim;
    private final int paddedDim;
    private final float attentionScale;
    /** {@code [numHeads][CHUNK + 1]}: decay^i. */
    private final float[][] decayPowers;
    /** {@code [numHeads][2 CHUNK]}: decay^(CHUNK - 1 - i), then zeros; from {@code CHUNK - 1 - a} on it is row a of the mask. */
    private final float[][] intraChunkDecay;

    private final ChunkScratch[] scratches;
    private final UnitQueue prefill;
    private final UnitQueue decode;

    private float[] state = NO_STATE;
    private float[] q = {};
    private float[] k = {};
    private float[] v = {};
    private float[] out = {};
    private int count;

    /** What a worker needs for one head of one chunk. */
    private static final class ChunkScratch {
        /** {@code [headDim, CHUNK]}, rows {@link #KEY_STRIDE} apart. */
        final float[] transposedKeys;
        /** {@code [CHUNK, paddedDim]}. */
        final float[] values;
        /** {@code [CHUNK, CHUNK]}. */
        final float[] scores = new float[CHUNK * CHUNK];
        /** {@code [CHUNK, paddedDim]}; one row in decode. */
        final float[] result;

        ChunkScratch(int headDim, int paddedDim) {
            transposedKeys = new float[Math.multiplyExact(headDim, KEY_STRIDE)];
            values = new float[Math.multiplyExact(CHUNK, paddedDim)];
            result = new float[Math.multiplyExact(CHUNK, paddedDim)];
        }
    }

    LightningAttention(ModelConfig config, WorkerTeam team, ColdStart coldStart) {
        this.coldStart = coldStart;
        products = new SmallMatMul(coldStart);
        LightningConfig lightning = config.lightning();
        numHeads = lightning.numHeads();
        headDim = lightning.headDim();
        paddedDim = SmallMatMul.padded(headDim);
        attentionScale = (float) lightning.attentionScale();
        double[] slopes = DecaySlopes.of(numHeads);
        decayPowers = new float[numHeads][CHUNK + 1];
        intraChunkDecay = new float[numHeads][2 * CHUNK];
        for (int head = 0; head < numHeads; head++) {
            for (int i = 0; i <= CHUNK; i++) {
                decayPowers[head][i] = (float) Math.exp(-slopes[head] * i);
            }
            for (int i = 0; i < CHUNK; i++) {
                intraChunkDecay[head][i] = decayPowers[head][CHUNK - 1 - i];
            }
        }
        scratches = new ChunkScratch[team.size()];
        for (int worker = 0; worker < scratches.length; worker++) {
            scratches[worker] = new ChunkScratch(headDim, paddedDim);
        }
        prefill = new UnitQueue(team, this::prefillHead);
        decode = new UnitQueue(team, this::decodeHead);
    }

    /**
     * Computes.
     *
     * @param state of the layer before the first token; updated in place
     * @param q {@code [count, numHeads, headDim]}, after norm and rotation
     * @param k {@code [count, numHeads, headDim]}, likewise
     * @param v {@code [count, numHeads, headDim]}
     * @param count tokens
     * @param out {@code [count, numHeads, headDim]}; every element is written
     */
    void run(CpuRecurrentState state, float[] q, float[] k, float[] v, int count, float[] out) {
        this.state = state.data();
        this.q = q;
        this.k = k;
        this.v = v;
        this.count = count;
        this.out = out;
        (count == 1 ? decode : prefill).run(numHeads);
        this.state = NO_STATE;
    }

    private void prefillHead(int worker, int head) {
        for (int start = 0; start < count; start += CHUNK) {
            chunk(scratches[worker], head, start, Math.min(CHUNK, count - start));
        }
    }

    /** Tokens {@code start .. start + length - 1} of one head. */
    private void chunk(ChunkScratch scratch, int head, int start, int length) {
        int width = numHeads * headDim;
        int first = start * width + head * headDim;
        int stateStart = head * headDim * paddedDim;
        int vectors = paddedDim / LANES;
        load(scratch, first, length);
        products.multiply(
                q,
                first,
                width,
                1,
                length,
                state,
                stateStart,
                paddedDim,
                LANES,
                headDim,
                scratch.result,
                0,
                paddedDim,
                vectors,
                false);
        for (int row = 0; row < length; row++) {
            scale(scratch.result, row * paddedDim, paddedDim, decayPowers[head][row + 1]);
        }
        for (int panel = 0; panel < length; panel += PANEL) {
            int rows = Math.min(PANEL, length - panel);
            int keys = panel + rows;
            products.multiply(
                    q,
                    first + panel * width,
                    width,
                    1,
                    rows,
                    scratch.transposedKeys,
                    0,
                    KEY_STRIDE,
                    LANES,
                    headDim,
                    scratch.scores,
                    panel * CHUNK,
                    CHUNK,
                    SmallMatMul.padded(keys) / LANES,
                    false);
            for (int row = panel; row < keys; row++) {
                decayScores(scratch.scores, head, row, keys);
            }
            products.multiply(
                    scratch.scores,
                    panel * CHUNK,
                    CHUNK,
                    1,
                    rows,
                    scratch.values,
                    0,
                    paddedDim,
                    LANES,
                    keys,
                    scratch.result,
                    panel * paddedDim,
                    paddedDim,
                    vectors,
                    true);
        }
        store(scratch.result, first, length);
        for (int row = 0; row < length; row++) {
            scale(scratch.values, row * paddedDim, paddedDim, decayPowers[head][length - 1 - row]);
        }
        scale(state, stateStart, headDim * paddedDim, decayPowers[head][length]);
        products.multiply(
                scratch.transposedKeys,
                0,
                KEY_STRIDE,
                1,
                headDim,
                scratch.values,
                0,
                paddedDim,
                LANES,
                length,
                state,
                stateStart,
                paddedDim,
                vectors,
                true);
    }

    /** Copies keys, channels first, and values, padded. Lanes past the last token count in no result: zeros keep them finite. */
    private void load(ChunkScratch scratch, int first, int length) {
        int width = numHeads * headDim;
        for (int token = 0; token < length; token++) {
            for (int channel = 0; channel < headDim; channel++) {
                scratch.transposedKeys[channel * KEY_STRIDE + token] = k[first + token * width + channel];
            }
            System.arraycopy(v, first + token * width, scratch.values, token * paddedDim, headDim);
        }
        for (int token = length; token < SmallMatMul.padded(length); token++) {
            for (int channel = 0; channel < headDim; channel++) {
                scratch.transposedKeys[channel * KEY_STRIDE + token] = 0;
            }
        }
    }

    /** Multiplies the scores of a row by the decay since each key; those of later keys by 0. */
    private void decayScores(float[] scores, int head, int row, int keys) {
        int mask = CHUNK - 1 - row;
        for (int key = 0; key < SmallMatMul.padded(keys); key++) {
            scores[row * CHUNK + key] *= intraChunkDecay[head][mask + key];
        }
    }

    private void store(float[] result, int first, int length) {
        int width = numHeads * headDim;
        for (int token = 0; token < length; token++) {
            for (int channel = 0; channel < headDim; channel++) {
                out[first + token * width + channel] = attentionScale * result[token * paddedDim + channel];
            }
        }
    }

    private static void scale(float[] values, int start, int length, float factor) {
        for (int at = start; at < start + length; at++) {
            values[at] *= factor;
        }
    }

    private void decodeHead(int worker, int head) {
        ChunkScratch scratch = scratches[worker];
        int first = head * headDim;
        if (coldStart.plain()) {
            stepPlainly(scratch, head);
            store(scratch.result, first, 1);
            return;
        }
        System.arraycopy(v, first, scratch.values, 0, headDim);
        int vectors = paddedDim / LANES;
        int vector = 0;
        for (; vector + STEP_VECTORS <= vectors; vector += STEP_VECTORS) {
            step4(scratch, head, vector * LANES);
        }
        for (; vector < vectors; vector++) {
            step1(scratch, head, vector * LANES);
        }
        store(scratch.result, first, 1);
    }

    /** Decays, updates and reads all value channels in plain loops, to the same bits as the vectors below. */
    private void stepPlainly(ChunkScratch scratch, int head) {
        float decay = decayPowers[head][1];
        float[] result = scratch.result;
        int first = head * headDim;
        Arrays.fill(result, 0, headDim, 0);
        for (int key = first; key < first + headDim; key++) {
            int at = key * paddedDim;
            for (int channel = 0; channel < headDim; channel++) {
                float updated = Math.fma(k[key], v[first + channel], state[at + channel] * decay);
                state[at + channel] = updated;
                result[channel] = Math.fma(q[key], updated, result[channel]);
            }
        }
    }

    /** Decays, updates and reads four vectors of value channels from {@code channel} on. */
    private void step4(ChunkScratch scratch, int head, int channel) {
        float decay = decayPowers[head][1];
        FloatVector v0 = FloatVector.fromArray(SPECIES, scratch.values, channel);
        FloatVector v1 = FloatVector.fromArray(SPECIES, scratch.values, channel + LANES);
        FloatVector v2 = FloatVector.fromArray(SPECIES, scratch.values, channel + 2 * LANES);
        FloatVector v3 = FloatVector.fromArray(SPECIES, scratch.values, channel + 3 * LANES);
        FloatVector o0 = FloatVector.zero(SPECIES);
        FloatVector o1 = o0;
        FloatVector o2 = o0;
        FloatVector o3 = o0;
        for (int key = 0; key < headDim; key++) {
            int at = (head * headDim + key) * paddedDim + channel;
            FloatVector kKey = FloatVector.broadcast(SPECIES, k[head * headDim + key]);
            FloatVector qKey = FloatVector.broadcast(SPECIES, q[head * headDim + key]);
            FloatVector s0 =
                    kKey.fma(v0, FloatVector.fromArray(SPECIES, state, at).mul(decay));
            FloatVector s1 = kKey.fma(
                    v1, FloatVector.fromArray(SPECIES, state, at + LANES).mul(decay));
            FloatVector s2 = kKey.fma(
                    v2, FloatVector.fromArray(SPECIES, state, at + 2 * LANES).mul(decay));
            FloatVector s3 = kKey.fma(
                    v3, FloatVector.fromArray(SPECIES, state, at + 3 * LANES).mul(decay));
            s0.intoArray(state, at);
            s1.intoArray(state, at + LANES);
            s2.intoArray(state, at + 2 * LANES);
            s3.intoArray(state, at + 3 * LANES);
            o0 = qKey.fma(s0, o0);
            o1 = qKey.fma(s1, o1);
            o2 = qKey.fma(s2, o2);
            o3 = qKey.fma(s3, o3);
        }
        o0.intoArray(scratch.result, channel);
        o1.intoArray(scratch.result, channel + LANES);
        o2.intoArray(scratch.result, channel + 2 * LANES);
        o3.intoArray(scratch.result, channel + 3 * LANES);
    }

    /** The same for one vector. */
    private void step1(ChunkScratch scratch, int head, int channel) {
        float decay = decayPowers[head][1];
        FloatVector v0 = FloatVector.fromArray(SPECIES, scratch.values, channel);
        FloatVector o0 = FloatVector.zero(SPECIES);
        for (int key = 0; key < headDim; key++) {
            int at = (head * headDim + key) * paddedDim + channel;
            FloatVector s0 = FloatVector.broadcast(SPECIES, k[head * headDim + key])
                    .fma(v0, FloatVector.fromArray(SPECIES, state, at).mul(decay));
            s0.intoArray(state, at);
            o0 = FloatVector.broadcast(SPECIES, q[head * headDim + key]).fma(s0, o0);
        }
        o0.intoArray(scratch.result, channel);
    }
}
