package sala.kernels.attention;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import sala.kernels.Step;
import sala.kernels.cache.CacheArrays;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.DenseAttention;
import sala.kernels.reference.SparseAttention;
import sala.kernels.sparse.SparseAttentionF16;
import sala.kernels.sparse.SparseAttentionF32;
import sala.kernels.sparse.TensorAttentionScratch;
import sala.kernels.sparse.TensorSparseAttention;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelRun;
import sala.testing.RandomTensors;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * One call of attention in a test: arrays as the reference lays them out, keys and values as their storage type keeps
 * them. The device cache is NaN past the context, and every call has room for more tokens than it has.
 *
 * @param shape heads
 * @param type of the cache
 * @param cacheLength position of the call's first token
 * @param q {@code [numTokens, numHeads, headDim]}
 * @param keys {@code [cacheLength + numTokens, numKvHeads, headDim]}
 * @param values as keys
 */
public record AttentionCase(
        AttentionShape shape, StorageType type, int cacheLength, double[] q, double[] keys, double[] values) {
    private static final int SPARE_TOKENS = 3;
    private static final int SPARE_POSITIONS = 5;

    /** A case of random arrays. */
    public static AttentionCase random(AttentionShape shape, StorageType type, int cacheLength, int numTokens) {
        return random(shape, type, cacheLength, numTokens, UnaryOperator.identity());
    }

    /** A case of random arrays whose keys are changed before they are stored. */
    public static AttentionCase random(
            AttentionShape shape, StorageType type, int cacheLength, int numTokens, UnaryOperator<double[]> keyChange) {
        RandomTensors random = RandomTensors.create();
        int length = cacheLength + numTokens;
        double[] q = random.normal(numTokens * shape.queryWidth());
        double[] keys = keyChange.apply(random.normal(length * shape.kvWidth()));
        double[] values = random.normal(length * shape.kvWidth());
        return new AttentionCase(
                shape, type, cacheLength, q, CacheArrays.rounded(type, keys), CacheArrays.rounded(type, values));
    }

    /** A shape with the usual attention scale. */
    public static AttentionShape shape(int groupSize, int numKvHeads, int headDim) {
        return new AttentionShape(groupSize * numKvHeads, numKvHeads, headDim, 1 / Math.sqrt(headDim));
    }

    /** Tokens of the call. */
    public int numTokens() {
        return q.length / shape.queryWidth();
    }

    /** Name of the storage type in tables. */
    public String dtype() {
        return type == StorageType.F32 ? "f32" : "f16";
    }

    /** What dense attention must give, {@code [numTokens, numHeads, headDim]}. */
    public double[] expectedDense() {
        double[] expected = new double[q.length];
        for (int token = 0; token < numTokens(); token++) {
            double[] out = DenseAttention.attend(query(token), cacheLength + token, keys, values, shape);
            System.arraycopy(out, 0, expected, token * out.length, out.length);
        }
        return expected;
    }

    /**
     * What sparse attention must give.
     *
     * @param selectedBlocks {@code [numTokens, numKvHeads, maxSelected]}, padded with -1
     */
    public double[] expectedSparse(int[] selectedBlocks, int blockSize) {
        double[] expected = new double[q.length];
        int numKvHeads = shape.numKvHeads();
        int maxSelected = selectedBlocks.length / numTokens() / numKvHeads;
        for (int token = 0; token < numTokens(); token++) {
            int[][] blocks = new int[numKvHeads][];
            for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
                int list = (token * numKvHeads + kvHead) * maxSelected;
                blocks[kvHead] = Arrays.stream(selectedBlocks, list, list + maxSelected)
                        .filter(block -> block >= 0)
                        .toArray();
            }
            double[] out =
                    SparseAttention.attend(query(token), cacheLength + token, keys, values, blocks, blockSize, shape);
            System.arraycopy(out, 0, expected, token * out.length, out.length);
        }
        return expected;
    }

    /** Runs dense attention on the device. */
    public float[] dense(int numSplits) {
        int tokenCapacity = numTokens() + SPARE_TOKENS;
        try (KernelRun run = new KernelRun("dense")) {
            FloatArray query = run.input(padded(tokenCapacity));
            IntArray step = run.input(step());
            TornadoNativeArray keyCache = run.input(type, CacheArrays.toCache(keys, layout()));
            TornadoNativeArray valueCache = run.input(type, CacheArrays.toCache(values, layout()));
            FloatArray out = run.output(tokenCapacity * shape.queryWidth());
            SplitPartials partials = partials(run, tokenCapacity, numSplits);
            switch (keyCache) {
                case FloatArray floats ->
                    DenseAttentionF32.addSplitTo(
                            run.graph(),
                            "dense",
                            query,
                            floats,
                            (FloatArray) valueCache,
                            partials,
                            out,
                            step,
                            shape,
                            layout(),
                            tokenCapacity);
                case HalfFloatArray halfs ->
                    DenseAttentionF16.addSplitTo(
                            run.graph(),
                            "dense",
                            query,
                            halfs,
                            (HalfFloatArray) valueCache,
                            partials,
                            out,
                            step,
                            shape,
                            layout(),
                            tokenCapacity);
                default -> throw new IllegalStateException("no storage of caches: " + type);
            }
            run.execute();
            return ofTheCall(out);
        }
    }

    /** Runs dense attention on the device's tensor cores. */
    public float[] denseOnTensorCores() {
        int tokenCapacity = numTokens() + SPARE_TOKENS;
        try (KernelRun run = new KernelRun("dense")) {
            FloatArray query = run.input(padded(tokenCapacity));
            IntArray step = run.input(step());
            HalfFloatArray keyCache = (HalfFloatArray) run.input(type, CacheArrays.toCache(keys, layout()));
            HalfFloatArray valueCache = (HalfFloatArray) run.input(type, CacheArrays.toCache(values, layout()));
            FloatArray out = run.output(tokenCapacity * shape.queryWidth());
            TensorDenseScratch scratch = new TensorDenseScratch(
                    run.output(TensorDenseScratch.floats(shape, tokenCapacity)),
                    run.outputHalfs(TensorDenseScratch.halfs(shape, tokenCapacity)));
            TensorDenseAttention.addTo(
                    run.graph(),
                    "dense",
                    query,
                    keyCache,
                    valueCache,
                    out,
                    scratch,
                    step,
                    shape,
                    layout(),
                    tokenCapacity);
            run.execute();
            return ofTheCall(out);
        }
    }

    /** Runs sparse attention on the device. */
    public float[] sparse(int[] selectedBlocks, int blockSize, int numSplits) {
        int tokenCapacity = numTokens() + SPARE_TOKENS;
        int maxSelected = selectedBlocks.length / numTokens() / shape.numKvHeads();
        int[] lists = Arrays.copyOf(selectedBlocks, tokenCapacity * shape.numKvHeads() * maxSelected);
        Arrays.fill(lists, selectedBlocks.length, lists.length, KernelRun.INT_POISON);
        try (KernelRun run = new KernelRun("sparse")) {
            FloatArray query = run.input(padded(tokenCapacity));
            IntArray step = run.input(step());
            IntArray blocks = run.input(lists);
            TornadoNativeArray keyCache = run.input(type, CacheArrays.toCache(keys, layout()));
            TornadoNativeArray valueCache = run.input(type, CacheArrays.toCache(values, layout()));
            FloatArray out = run.output(tokenCapacity * shape.queryWidth());
            SplitPartials partials = partials(run, tokenCapacity, numSplits);
            switch (keyCache) {
                case FloatArray floats ->
                    SparseAttentionF32.addSplitTo(
                            run.graph(),
                            "sparse",
                            query,
                            floats,
                            (FloatArray) valueCache,
                            blocks,
                            partials,
                            out,
                            step,
                            shape,
                            layout(),
                            blockSize,
                            maxSelected,
                            tokenCapacity);
                case HalfFloatArray halfs ->
                    SparseAttentionF16.addSplitTo(
                            run.graph(),
                            "sparse",
                            query,
                            halfs,
                            (HalfFloatArray) valueCache,
                            blocks,
                            partials,
                            out,
                            step,
                            shape,
                            layout(),
                            blockSize,
                            maxSelected,
                            tokenCapacity);
                default -> throw new IllegalStateException("no storage of caches: " + type);
            }
            run.execute();
            return ofTheCall(out);
        }
    }

    /** Runs sparse attention on the device's tensor cores, in so many work groups. */
    public float[] sparseOnTensorCores(int[] selectedBlocks, int blockSize, int numWorkGroups) {
        int tokenCapacity = numTokens() + SPARE_TOKENS;
        int maxSelected = selectedBlocks.length / numTokens() / shape.numKvHeads();
        int[] lists = Arrays.copyOf(selectedBlocks, tokenCapacity * shape.numKvHeads() * maxSelected);
        Arrays.fill(lists, selectedBlocks.length, lists.length, KernelRun.INT_POISON);
        try (KernelRun run = new KernelRun("sparse")) {
            FloatArray query = run.input(padded(tokenCapacity));
            IntArray step = run.input(step());
            IntArray blocks = run.input(lists);
            HalfFloatArray keyCache = (HalfFloatArray) run.input(type, CacheArrays.toCache(keys, layout()));
            HalfFloatArray valueCache = (HalfFloatArray) run.input(type, CacheArrays.toCache(values, layout()));
            FloatArray out = run.output(tokenCapacity * shape.queryWidth());
            TensorAttentionScratch scratch = new TensorAttentionScratch(
                    run.output(numWorkGroups * TensorAttentionScratch.FLOATS),
                    run.outputHalfs(numWorkGroups * TensorAttentionScratch.HALFS),
                    numWorkGroups);
            TensorSparseAttention.addTo(
                    run.graph(),
                    "sparse",
                    query,
                    keyCache,
                    valueCache,
                    blocks,
                    out,
                    scratch,
                    step,
                    shape,
                    layout(),
                    blockSize,
                    maxSelected,
                    tokenCapacity);
            run.execute();
            return ofTheCall(out);
        }
    }

    /** Runs dense attention of one token on the device's tensor cores. */
    public float[] decodeOnTensorCores(int numSplits) {
        try (KernelRun run = new KernelRun("decode")) {
            QueryOperands queries = queryOperands(run);
            IntArray step = run.input(step());
            HalfFloatArray keyCache = (HalfFloatArray) run.input(type, CacheArrays.toCache(keys, layout()));
            HalfFloatArray valueCache = (HalfFloatArray) run.input(type, CacheArrays.toCache(values, layout()));
            FloatArray out = run.output(shape.queryWidth());
            TensorDecodeScratch scratch = decodeScratch(run, numSplits);
            TensorDecodeAttention.addTo(
                    run.graph(), "decode", queries, keyCache, valueCache, scratch, out, step, shape, layout());
            run.execute();
            return out.toHeapArray();
        }
    }

    /** Runs sparse attention of one token on the device's tensor cores. */
    public float[] sparseDecodeOnTensorCores(int[] selectedBlocks, int blockSize, int numSplits) {
        try (KernelRun run = new KernelRun("decode")) {
            QueryOperands queries = queryOperands(run);
            IntArray step = run.input(step());
            IntArray blocks = run.input(selectedBlocks);
            HalfFloatArray keyCache = (HalfFloatArray) run.input(type, CacheArrays.toCache(keys, layout()));
            HalfFloatArray valueCache = (HalfFloatArray) run.input(type, CacheArrays.toCache(values, layout()));
            FloatArray out = run.output(shape.queryWidth());
            TensorDecodeScratch scratch = decodeScratch(run, numSplits);
            TensorDecodeAttention.addSparseTo(
                    run.graph(),
                    "decode",
                    queries,
                    keyCache,
                    valueCache,
                    blocks,
                    scratch,
                    out,
                    step,
                    shape,
                    layout(),
                    blockSize,
                    selectedBlocks.length / shape.numKvHeads());
            run.execute();
            return out.toHeapArray();
        }
    }

    private QueryOperands queryOperands(KernelRun run) {
        QueryOperands queries = new QueryOperands(run.input(padded(1)), run.outputHalfs(QueryOperands.length(shape)));
        queries.addTo(run.graph(), "queries", shape);
        return queries;
    }

    private TensorDecodeScratch decodeScratch(KernelRun run, int numSplits) {
        int rows = TensorDecodeScratch.ROWS;
        FloatArray partials = run.output(SplitPartials.length(shape, 1, numSplits, rows));
        return new TensorDecodeScratch(
                new SplitPartials(partials, numSplits, rows),
                run.output(TensorDecodeScratch.floats(shape, numSplits)),
                run.outputInts(1));
    }

    /** Size of the device cache. */
    public CacheLayout layout() {
        return new CacheLayout(shape.numKvHeads(), shape.headDim(), cacheLength + numTokens() + SPARE_POSITIONS);
    }

    private double[] query(int token) {
        return Arrays.copyOfRange(q, token * shape.queryWidth(), (token + 1) * shape.queryWidth());
    }

    private float[] padded(int tokenCapacity) {
        float[] query = new float[tokenCapacity * shape.queryWidth()];
        Arrays.fill(query, Float.NaN);
        for (int i = 0; i < q.length; i++) {
            query[i] = (float) q[i];
        }
        return query;
    }

    private IntArray step() {
        IntArray step = Step.create();
        Step.set(step, cacheLength, numTokens());
        return step;
    }

    /** The call's part of an output; what is past it must be untouched. */
    private float[] ofTheCall(FloatArray out) {
        float[] values = out.toHeapArray();
        for (int i = q.length; i < values.length; i++) {
            if (!Float.isNaN(values[i])) {
                throw new AssertionError("element %d of a token past the call was written: %s".formatted(i, values[i]));
            }
        }
        return Arrays.copyOf(values, q.length);
    }

    private SplitPartials partials(KernelRun run, int tokens, int numSplits) {
        if (numSplits == 1) {
            return SplitPartials.create(shape, tokens, 1);
        }
        return new SplitPartials(
                run.output(SplitPartials.length(shape, tokens, numSplits)), numSplits, shape.groupSize());
    }
}
