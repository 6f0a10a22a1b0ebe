package sala.model.cpu;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import sala.kernels.reference.DecaySlopes;
import sala.loader.LightningConfig;
import sala.loader.ModelConfig;

/**
 * Linear attention with a constant decay per head, {@code lambda = exp(-slope)}. One token:
 *
 * <pre>  S = lambda S + k^T v        out = attentionScale q S  </pre>
 *
 * <p>Many tokens, by chunks of n (the last one shorter), a and b counting inside the chunk:
 *
 * <pre>
 * out[a] = attentionScale (lambda^(a+1) q[a] S + sum over b &lt;= a of lambda^(a-b) (q[a] . k[b]) v[b])
 * S      = lambda^n S + sum over b of lambda^(n-1-b) k[b]^T v[b]
 * </pre>
 *
 * <p>Each head is a piece of work. Powers of lambda are at most 1. Allocates nothing per call.
 */
final class LightningAttention implements WorkerTeam.Job {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final int LANES = VectorMath.LANES;
    /** Tokens of a chunk, whole vectors of any width. */
    private static final int CHUNK_SIZE = 64;

    private final LightningConfig lightning;
    private final WorkerTeam team;
    private final Scratch[] scratches;
    /** {@code lambda^i}, {@code [numHeads, CHUNK_SIZE + 1]}. */
    private final float[] decays;

    private final AtomicInteger nextHead = new AtomicInteger();
    private CpuRecurrentState state;
    private float[] q = {};
    private float[] k = {};
    private float[] v = {};
    private float[] out = {};
    private int count;

    /** What one worker needs for a chunk of one head. */
    private static final class Scratch {
        private final float[] queries;
        private final float[] decayedQueries;
        private final float[] keysByChannel;
        private final float[] decayedKeys;
        private final float[] values;
        private final float[] weights;
        private final float[] results;

        Scratch(int headDim, int stride) {
            queries = new float[CHUNK_SIZE * headDim];
            decayedQueries = new float[CHUNK_SIZE * headDim];
            keysByChannel = new float[headDim * CHUNK_SIZE];
            decayedKeys = new float[headDim * CHUNK_SIZE];
            values = new float[CHUNK_SIZE * stride];
            weights = new float[CHUNK_SIZE * CHUNK_SIZE];
            results = new float[CHUNK_SIZE * stride];
        }
    }

    LightningAttention(ModelConfig config, WorkerTeam team) {
        lightning = config.lightning();
        this.team = team;
        state = new CpuRecurrentState(config);
        scratches = new Scratch[team.size()];
        for (int i = 0; i < scratches.length; i++) {
            scratches[i] = new Scratch(lightning.headDim(), state.stride());
        }
        double[] slopes = DecaySlopes.of(lightning.numHeads());
        decays = new float[slopes.length * (CHUNK_SIZE + 1)];
        for (int head = 0; head < slopes.length; head++) {
            for (int i = 0; i <= CHUNK_SIZE; i++) {
                decays[head * (CHUNK_SIZE + 1) + i] = (float) Math.exp(-slopes[head] * i);
            }
        }
    }

    /**
     * Attends and advances the state.
     *
     * @param newState updated in place
     * @param newQ {@code [newCount, numHeads, headDim]}; k, v and out likewise
     * @param newOut every element is written
     */
    void run(CpuRecurrentState newState, float[] newQ, float[] newK, float[] newV, int newCount, float[] newOut) {
        state = newState;
        q = newQ;
        k = newK;
        v = newV;
        count = newCount;
        out = newOut;
        nextHead.set(0);
        team.run(this);
    }

    @Override
    public void run(int worker, int workers) {
        Scratch scratch = scratches[worker];
        for (int head = nextHead.getAndIncrement(); head < lightning.numHeads(); head = nextHead.getAndIncrement()) {
            if (count == 1) {
                step(scratch, head);
            } else {
                for (int from = 0; from < count; from += CHUNK_SIZE) {
                    chunk(scratch, head, from, Math.min(CHUNK_SIZE, count - from));
                }
            }
        }
    }

    /** One token: decays, adds and reads the state in one pass over it. */
    private void step(Scratch scratch, int head) {
        int headDim = lightning.headDim();
        int stride = state.stride();
        int token = head * headDim;
        float decay = decays[head * (CHUNK_SIZE + 1) + 1];
        float scale = (float) lightning.attentionScale();
        System.arraycopy(v, token, scratch.values, 0, headDim);
        float[] s = state.values();
        for (int column = 0; column < stride; column += LANES) {
            FloatVector value = FloatVector.fromArray(SPECIES, scratch.values, column);
            FloatVector result = FloatVector.zero(SPECIES);
            int row = token * stride + column;
            for (int key = 0; key < headDim; key++) {
                FloatVector updated =
                        FloatVector.fromArray(SPECIES, s, row).mul(decay).add(value.mul(k[token + key]));
                updated.intoArray(s, row);
                result = updated.fma(FloatVector.broadcast(SPECIES, q[token + key]), result);
                row += stride;
            }
            result.mul(scale).intoArray(scratch.results, column);
        }
        System.arraycopy(scratch.results, 0, out, token, headDim);
    }

    private void chunk(Scratch scratch, int head, int from, int n) {
        int headDim = lightning.headDim();
        int stride = state.stride();
        int stateOffset = head * headDim * stride;
        int decay = head * (CHUNK_SIZE + 1);
        gather(scratch, head, from, n);
        // Through the state.
        Tiles.multiply(
                scratch.decayedQueries,
                0,
                headDim,
                state.values(),
                stateOffset,
                stride,
                scratch.results,
                0,
                stride,
                n,
                headDim,
                stride,
                false);
        // Inside the chunk.
        Tiles.multiply(
                scratch.queries,
                0,
                headDim,
                scratch.keysByChannel,
                0,
                CHUNK_SIZE,
                scratch.weights,
                0,
                CHUNK_SIZE,
                n,
                headDim,
                Tiles.pad(n),
                false);
        for (int a = 0; a < n; a++) {
            for (int b = 0; b <= a; b++) {
                scratch.weights[a * CHUNK_SIZE + b] *= decays[decay + a - b];
            }
            Arrays.fill(scratch.weights, a * CHUNK_SIZE + a + 1, a * CHUNK_SIZE + n, 0);
        }
        Tiles.multiply(
                scratch.weights,
                0,
                CHUNK_SIZE,
                scratch.values,
                0,
                stride,
                scratch.results,
                0,
                stride,
                n,
                n,
                stride,
                true);
        float scale = (float) lightning.attentionScale();
        for (int a = 0; a < n; a++) {
            int target = ((from + a) * lightning.numHeads() + head) * headDim;
            for (int channel = 0; channel < headDim; channel++) {
                out[target + channel] = scratch.results[a * stride + channel] * scale;
            }
        }
        // The new state.
        float chunkDecay = decays[decay + n];
        float[] s = state.values();
        for (int i = stateOffset; i < stateOffset + headDim * stride; i += LANES) {
            FloatVector.fromArray(SPECIES, s, i).mul(chunkDecay).intoArray(s, i);
        }
        Tiles.multiply(
                scratch.decayedKeys,
                0,
                CHUNK_SIZE,
                scratch.values,
                0,
                stride,
                s,
                stateOffset,
                stride,
                headDim,
                n,
                stride,
                true);
    }

    /** Copies the chunk of a head out of the interleaved heads, with the forms that the products need. */
    private void gather(Scratch scratch, int head, int from, int n) {
        int headDim = lightning.headDim();
        int stride = state.stride();
        int decay = head * (CHUNK_SIZE + 1);
        for (int a = 0; a < n; a++) {
            int source = ((from + a) * lightning.numHeads() + head) * headDim;
            float queryDecay = decays[decay + a + 1];
            float keyDecay = decays[decay + n - 1 - a];
            for (int channel = 0; channel < headDim; channel++) {
                float query = q[source + channel];
                float key = k[source + channel];
                scratch.queries[a * headDim + channel] = query;
                scratch.decayedQueries[a * headDim + channel] = query * queryDecay;
                scratch.keysByChannel[channel * CHUNK_SIZE + a] = key;
                scratch.decayedKeys[channel * CHUNK_SIZE + a] = key * keyDecay;
            }
            System.arraycopy(v, source, scratch.values, a * stride, headDim);
        }
    }
}
