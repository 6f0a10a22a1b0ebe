package sala.model.cpu;

import sala.loader.ModelConfig;
import sala.loader.TensorView;
import sala.model.KvCache;
import sala.model.RecurrentState;

/**
 * The operations that {@link CpuForwardPass} is made of, one by one: arrays in, arrays out. For measuring an operation by
 * itself, and for looking at what it does; a model is run by the pass. Not thread-safe; allocates nothing once it is
 * made, but for a growing cache.
 *
 * <p>Shapes: {@code count} tokens of a call, the first of them at {@code position}.
 */
public final class CpuOperations implements AutoCloseable {
    /** How an operation is computed; both forms give the same bits. */
    public enum Form {
        /** The Vector API. */
        VECTOR,
        /** Plain loops, which serve a program's first tokens. Norm, rotation and caches have no other form. */
        PLAIN
    }

    private final ModelConfig config;
    private final int maxTokens;
    private final int maxColumns;
    private final WorkerTeam team;
    private final ColdStart coldStart;
    private final TokenOps ops;
    private final Rope rope;
    private final LightningAttention lightningAttention;
    private final BlockSelection blockSelection;
    private final SparseAttention sparseAttention;
    private final DenseAttention denseAttention;

    /**
     * @param config heads, selection and widths; the number of layers plays no part
     * @param threads worker threads, the caller included
     * @param maxTokens most tokens of a call
     */
    public CpuOperations(ModelConfig config, Form form, int threads, int maxTokens) {
        this.config = config;
        this.maxTokens = maxTokens;
        maxColumns = Math.max(
                Math.max(config.hiddenSize(), config.intermediateSize()),
                Math.max(config.queryWidth(), config.lightning().width()));
        coldStart = new ColdStart(
                switch (form) {
                    case VECTOR -> 0;
                    case PLAIN -> Long.MAX_VALUE;
                });
        team = new WorkerTeam(threads);
        ops = new TokenOps(team, coldStart, config.hiddenSize());
        rope = new Rope(config.lightning().headDim(), config.ropeTheta(), maxTokens);
        lightningAttention = new LightningAttention(config, team, coldStart);
        blockSelection = new BlockSelection(config, team, coldStart);
        sparseAttention = new SparseAttention(config, team, coldStart);
        denseAttention = new DenseAttention(config, team, coldStart);
    }

    /** A weight matrix, ready to be multiplied: {@code y[t, r] = sum over c of W[r, c] x[t, c]}. */
    public final class Projection {
        private final WeightMatrix[] matrices;
        private final float[][] outputs = new float[1][];
        private final MatVec matVec;
        private final MatMul matMul;

        private Projection(TensorView weights) {
            matrices = new WeightMatrix[] {WeightMatrix.of(weights)};
            matVec = new MatVec(team, coldStart, maxColumns);
            matMul = new MatMul(team, coldStart, maxTokens, maxColumns);
        }

        /**
         * Multiplies, one token as a matrix-vector product, several as a matrix product.
         *
         * @param x {@code [count, columns]}
         * @param count tokens
         * @param y {@code [count, rows]}; every element is written
         */
        public void multiply(float[] x, int count, float[] y) {
            outputs[0] = y;
            if (count == 1) {
                matVec.multiply(matrices, x, outputs);
            } else {
                matMul.multiply(matrices, x, count, outputs);
            }
        }
    }

    /**
     * The projection of a stored matrix.
     *
     * @param weights {@code [rows, columns]} of BF16, F16, F32 or F64, no wider than the widest of the configuration
     * @throws IllegalArgumentException if it is anything else
     */
    public Projection projection(TensorView weights) {
        Projection projection = new Projection(weights);
        int columns = projection.matrices[0].columns;
        if (columns > maxColumns) {
            throw new IllegalArgumentException(
                    "tensor %s: expected at most %d columns, the widest of the model, found %d"
                            .formatted(weights.name(), maxColumns, columns));
        }
        return projection;
    }

    /** Root-mean-square norm of {@code x [count, width]}; {@code weight} is {@code [width]}, {@code out} may be {@code x}. */
    public void rmsNorm(float[] x, float[] weight, int count, float[] out) {
        ops.norm(x, weight, config.rmsNormEps(), count, out);
    }

    /** Turns the lightning heads of {@code x [count, heads, headDim]} to their positions, in place. */
    public void rotate(float[] x, int position, int count, int heads) {
        ops.prepareRope(rope, position, count);
        ops.rotate(rope, x, count, heads, config.lightning().headDim());
    }

    /** The state of a lightning layer before the first token, for {@link #lightningAttention} of this object. */
    public RecurrentState newState() {
        return new CpuRecurrentState(config);
    }

    /**
     * Linear attention: the recurrent step for one token, chunks for several.
     *
     * @param state updated in place
     * @param q {@code [count, numHeads, headDim]}
     * @param k likewise
     * @param v likewise
     * @param out likewise; every element is written
     */
    public void lightningAttention(RecurrentState state, float[] q, float[] k, float[] v, int count, float[] out) {
        if (!(state instanceof CpuRecurrentState own)) {
            throw new IllegalArgumentException("the state was made by another backend: " + state);
        }
        lightningAttention.run(own, q, k, v, count, out);
    }

    /** An empty cache of a sparse layer. */
    public KvCache newCache() {
        return new CpuKvCache(config, Integer.MAX_VALUE);
    }

    /** Forgets the cached tokens and keeps the memory. */
    public void clear(KvCache cache) {
        own(cache).clear();
    }

    /**
     * Adds tokens to a cache, and the compressed keys of the windows that they complete.
     *
     * @param k {@code [count, numKvHeads, headDim]}
     * @param v likewise
     */
    public void append(KvCache cache, float[] k, float[] v, int count) {
        own(cache).append(k, v, count);
    }

    /** Most blocks that are chosen for a token and KV head: the length of a list of blocks. */
    public int maxBlocks() {
        return blockSelection.maxBlocks();
    }

    /**
     * Stage 1 of sparse attention: the blocks of each token and KV head.
     *
     * @param cache holds at least {@code position + count} tokens
     * @param q {@code [count, numHeads, headDim]}
     * @param blocks {@code [count, numKvHeads, maxBlocks()]}; each list ascending, what is behind it is left as it is
     * @param blockCounts {@code [count, numKvHeads]}, the lengths of the lists
     */
    public void selectBlocks(KvCache cache, float[] q, int position, int count, int[] blocks, int[] blockCounts) {
        blockSelection.run(own(cache), q, position, count, blocks, blockCounts);
    }

    /** Stage 2: attention to the blocks that {@link #selectBlocks} chose; {@code out} is as {@code q}. */
    public void sparseAttention(
            KvCache cache, float[] q, int position, int count, int[] blocks, int[] blockCounts, float[] out) {
        sparseAttention.run(own(cache), q, position, count, blocks, blockCounts, out);
    }

    /** Causal attention to all cached tokens; {@code q} and {@code out} are {@code [count, numHeads, headDim]}. */
    public void denseAttention(KvCache cache, float[] q, int position, int count, float[] out) {
        denseAttention.run(own(cache), q, position, count, out);
    }

    /** An empty parallel region: what handing work to the team and waiting for it costs. */
    public void handOver() {
        team.run(NOTHING);
    }

    private static final WorkerTeam.Job NOTHING = (worker, workers) -> {};

    private static CpuKvCache own(KvCache cache) {
        if (!(cache instanceof CpuKvCache own)) {
            throw new IllegalArgumentException("the cache was made by another backend: " + cache);
        }
        return own;
    }

    @Override
    public void close() {
        team.close();
    }
}
