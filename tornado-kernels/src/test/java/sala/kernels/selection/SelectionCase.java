package sala.kernels.selection;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import sala.kernels.Step;
import sala.kernels.attention.QueryOperands;
import sala.kernels.cache.CacheArrays;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.BlockSelection;
import sala.kernels.reference.KeyCompression;
import sala.kernels.reference.SelectionRule;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelRun;
import sala.testing.RandomTensors;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * One call of block selection in a test. Compressed keys are means of random keys, as their storage type keeps them; the
 * device arrays are NaN past the context.
 *
 * @param shape heads
 * @param rule window sizes, forced blocks, top-k
 * @param type of the cache
 * @param cacheLength position of the call's first token
 * @param q {@code [numTokens, numHeads, headDim]}
 * @param fineKeys {@code [numFine, numKvHeads, headDim]}
 * @param coarseKeys {@code [numCoarse, numKvHeads, headDim]}
 */
record SelectionCase(
        AttentionShape shape,
        SelectionRule rule,
        StorageType type,
        int cacheLength,
        double[] q,
        double[] fineKeys,
        double[] coarseKeys) {
    /**
     * How much the f32 scores of a kernel may differ from the reference, relatively: choices that such a difference can
     * turn may turn. {@code golden/README.md} expects 1e-5 of an engine in f32.
     */
    private static final double SCORE_ERROR = 1e-5;

    private static final int SPARE_TOKENS = 2;
    private static final int SPARE_POSITIONS = 70;
    /** Of a cache that holds far more than the context. */
    private static final int MANY_SPARE_POSITIONS = 9000;

    /** A case of random arrays. */
    static SelectionCase random(
            AttentionShape shape, SelectionRule rule, StorageType type, int cacheLength, int numTokens) {
        return random(shape, rule, type, cacheLength, numTokens, UnaryOperator.identity());
    }

    /** A case of random arrays whose keys are changed before they are compressed. */
    static SelectionCase random(
            AttentionShape shape,
            SelectionRule rule,
            StorageType type,
            int cacheLength,
            int numTokens,
            UnaryOperator<double[]> keyChange) {
        RandomTensors random = RandomTensors.create();
        double[] q = random.normal(numTokens * shape.queryWidth());
        double[] keys = keyChange.apply(random.normal((cacheLength + numTokens) * shape.kvWidth()));
        return ofKeys(shape, rule, type, cacheLength, q, keys);
    }

    /** A case of the given keys, {@code [cacheLength + numTokens, numKvHeads, headDim]}. */
    static SelectionCase ofKeys(
            AttentionShape shape, SelectionRule rule, StorageType type, int cacheLength, double[] q, double[] keys) {
        double[] fine = KeyCompression.compress(keys, shape.kvWidth(), rule.kernelSize(), rule.kernelStride());
        double[] coarse =
                KeyCompression.compress(keys, shape.kvWidth(), rule.coarseKernelSize(), rule.coarseKernelStride());
        return new SelectionCase(
                shape, rule, type, cacheLength, q, CacheArrays.rounded(type, fine), CacheArrays.rounded(type, coarse));
    }

    int numTokens() {
        return q.length / shape.queryWidth();
    }

    /** Selects on the device in the form for many tokens; {@code [numTokens, numKvHeads, maxSelected]}. */
    int[] prefill(int numWorkGroups) {
        int tokenCapacity = numTokens() + SPARE_TOKENS;
        try (KernelRun run = new KernelRun("select")) {
            FloatArray query = run.input(padded(tokenCapacity));
            IntArray step = run.input(step());
            TornadoNativeArray fine = run.input(type, fineCache());
            TornadoNativeArray coarse = run.input(type, coarseCache());
            IntArray ranks = run.outputInts(PrefillSelectionF32.scratchLength(shape, layout(), rule, numWorkGroups));
            IntArray selected = run.outputInts(tokenCapacity * shape.numKvHeads() * BlockRank.maxSelected(rule));
            switch (fine) {
                case FloatArray floats ->
                    PrefillSelectionF32.addTo(
                            run.graph(),
                            "select",
                            query,
                            floats,
                            (FloatArray) coarse,
                            ranks,
                            selected,
                            step,
                            shape,
                            layout(),
                            rule,
                            tokenCapacity,
                            numWorkGroups);
                case HalfFloatArray halfs ->
                    PrefillSelectionF16.addTo(
                            run.graph(),
                            "select",
                            query,
                            halfs,
                            (HalfFloatArray) coarse,
                            ranks,
                            selected,
                            step,
                            shape,
                            layout(),
                            rule,
                            tokenCapacity,
                            numWorkGroups);
                default -> throw new IllegalStateException("no storage of caches: " + type);
            }
            run.execute();
            return ofTheCall(selected);
        }
    }

    /** {@link #prefill} on tensor cores; the cache is in f16. */
    int[] prefillOnTensorCores(int numWorkGroups) {
        int tokenCapacity = numTokens() + SPARE_TOKENS;
        try (KernelRun run = new KernelRun("select")) {
            FloatArray query = run.input(padded(tokenCapacity));
            IntArray step = run.input(step());
            HalfFloatArray fine = (HalfFloatArray) run.input(type, fineCache());
            HalfFloatArray coarse = (HalfFloatArray) run.input(type, coarseCache());
            TensorSelectionScratch scratch = new TensorSelectionScratch(
                    run.outputInts(PrefillSelectionF32.scratchLength(shape, layout(), rule, numWorkGroups)),
                    run.output(numWorkGroups * TensorSelectionScratch.FLOATS),
                    run.outputHalfs(numWorkGroups * TensorSelectionScratch.HALFS),
                    numWorkGroups);
            IntArray selected = run.outputInts(tokenCapacity * shape.numKvHeads() * BlockRank.maxSelected(rule));
            TensorPrefillSelection.addTo(
                    run.graph(),
                    "select",
                    query,
                    fine,
                    coarse,
                    scratch,
                    selected,
                    step,
                    shape,
                    layout(),
                    rule,
                    tokenCapacity);
            run.execute();
            return ofTheCall(selected);
        }
    }

    /** The call's lists; what is past them must be untouched. */
    private int[] ofTheCall(IntArray selected) {
        int[] lists = selected.toHeapArray();
        int length = numTokens() * shape.numKvHeads() * BlockRank.maxSelected(rule);
        for (int i = length; i < lists.length; i++) {
            if (lists[i] != KernelRun.INT_POISON) {
                throw new AssertionError("element %d of a token past the call was written".formatted(i));
            }
        }
        return Arrays.copyOf(lists, length);
    }

    /** Selects on the device in the form for one token; {@code [1, numKvHeads, maxSelected]}. */
    int[] decode(int numSplits) {
        try (KernelRun run = new KernelRun("select")) {
            FloatArray query = run.input(padded(1));
            IntArray step = run.input(step());
            TornadoNativeArray fine = run.input(type, fineCache());
            TornadoNativeArray coarse = run.input(type, coarseCache());
            DecodeSelectionScratch scratch = new DecodeSelectionScratch(
                    run.output(shape.numHeads() * numSplits),
                    run.output(shape.numHeads() * numSplits),
                    run.outputInts(shape.numKvHeads() * rule.numBlocks(layout().capacity())),
                    numSplits);
            IntArray selected = run.outputInts(shape.numKvHeads() * BlockRank.maxSelected(rule));
            switch (fine) {
                case FloatArray floats ->
                    DecodeSelectionF32.addTo(
                            run.graph(),
                            "select",
                            query,
                            floats,
                            (FloatArray) coarse,
                            scratch,
                            selected,
                            step,
                            shape,
                            layout(),
                            rule);
                case HalfFloatArray halfs ->
                    DecodeSelectionF16.addTo(
                            run.graph(),
                            "select",
                            query,
                            halfs,
                            (HalfFloatArray) coarse,
                            scratch,
                            selected,
                            step,
                            shape,
                            layout(),
                            rule);
                default -> throw new IllegalStateException("no storage of caches: " + type);
            }
            run.execute();
            return selected.toHeapArray();
        }
    }

    /** {@link #decode} on tensor cores; the cache is in f16, and far from full. */
    int[] decodeOnTensorCores(int numSplits, int numWorkGroups) {
        CacheLayout layout = layout(MANY_SPARE_POSITIONS);
        try (KernelRun run = new KernelRun("select")) {
            QueryOperands queries =
                    new QueryOperands(run.input(padded(1)), run.outputHalfs(QueryOperands.length(shape)));
            queries.addTo(run.graph(), "queries", shape);
            IntArray step = run.input(step());
            HalfFloatArray fine = (HalfFloatArray) run.input(type, fineCache(layout));
            HalfFloatArray coarse = (HalfFloatArray) run.input(type, coarseCache(layout));
            DecodeSelectionScratch scratch = new DecodeSelectionScratch(
                    run.output(shape.numHeads() * numSplits),
                    run.output(shape.numHeads() * numSplits),
                    run.outputInts(shape.numKvHeads() * rule.numBlocks(layout.capacity())),
                    numSplits);
            TensorSelectionScratch tensorScratch = new TensorSelectionScratch(
                    run.outputInts(1),
                    run.output(numWorkGroups * TensorSelectionScratch.FLOATS),
                    run.outputHalfs(numWorkGroups * TensorSelectionScratch.HALFS),
                    numWorkGroups);
            IntArray selected = run.outputInts(shape.numKvHeads() * BlockRank.maxSelected(rule));
            TensorDecodeSelection.addTo(
                    run.graph(),
                    "select",
                    queries,
                    fine,
                    coarse,
                    scratch,
                    tensorScratch,
                    selected,
                    step,
                    shape,
                    layout,
                    rule);
            run.execute();
            return selected.toHeapArray();
        }
    }

    /** The last token of this call as a call of its own. */
    SelectionCase lastToken() {
        double[] query = Arrays.copyOfRange(q, q.length - shape.queryWidth(), q.length);
        return new SelectionCase(shape, rule, type, cacheLength + numTokens() - 1, query, fineKeys, coarseKeys);
    }

    /** The reference's choice of a token and KV head. */
    int[] expected(int token, int kvHead) {
        return BlockSelection.select(blockScores(token)[kvHead], cacheLength + token, rule);
    }

    /**
     * Checks every list of the call: it is ascending and padded, holds the forced blocks and as many as it should, and no
     * rejected block outranks an admitted one by more than f32 scores can err.
     */
    void assertSelected(int[] lists) {
        int maxSelected = BlockRank.maxSelected(rule);
        for (int token = 0; token < numTokens(); token++) {
            double[][] scores = blockScores(token);
            for (int kvHead = 0; kvHead < shape.numKvHeads(); kvHead++) {
                int list = (token * shape.numKvHeads() + kvHead) * maxSelected;
                int[] actual = Arrays.copyOfRange(lists, list, list + maxSelected);
                int[] expected = BlockSelection.select(scores[kvHead], cacheLength + token, rule);
                String where = "position %d, KV head %d".formatted(cacheLength + token, kvHead);
                assertList(where, scores[kvHead], (cacheLength + token) / rule.blockSize(), expected, actual);
            }
        }
    }

    private void assertList(String where, double[] scores, int currentBlock, int[] expected, int[] actual) {
        int[] blocks = Arrays.copyOf(actual, expected.length);
        boolean[] selected = new boolean[currentBlock + 1];
        for (int i = 0; i < actual.length; i++) {
            boolean inOrder = i < expected.length
                    ? actual[i] >= 0 && actual[i] <= currentBlock && (i == 0 || actual[i] > actual[i - 1])
                    : actual[i] == -1;
            if (!inOrder) {
                throw new AssertionError("%s: expected %s, found %s"
                        .formatted(where, Arrays.toString(expected), Arrays.toString(actual)));
            }
            if (i < expected.length) {
                selected[actual[i]] = true;
            }
        }
        if (Arrays.equals(expected, blocks)) {
            return;
        }
        for (int admitted = 0; admitted <= currentBlock; admitted++) {
            for (int rejected = 0; rejected <= currentBlock; rejected++) {
                if (selected[admitted] && !selected[rejected] && outranks(scores, rejected, admitted, currentBlock)) {
                    throw new AssertionError("%s: block %d of score %s was left out, block %d of score %s taken"
                            .formatted(where, rejected, scores[rejected], admitted, scores[admitted]));
                }
            }
        }
    }

    private boolean outranks(double[] scores, int block, int other, int currentBlock) {
        if (rule.isForced(block, currentBlock) || rule.isForced(other, currentBlock)) {
            return rule.isForced(block, currentBlock) && !rule.isForced(other, currentBlock);
        }
        double least = BlockSelection.roundToBf16(scores[block] * (1 - SCORE_ERROR));
        double most = BlockSelection.roundToBf16(scores[block] * (1 + SCORE_ERROR));
        double otherLeast = BlockSelection.roundToBf16(scores[other] * (1 - SCORE_ERROR));
        double otherMost = BlockSelection.roundToBf16(scores[other] * (1 + SCORE_ERROR));
        boolean certainlyEqual = least == most && otherLeast == otherMost && least == otherLeast;
        return least > otherMost || (certainlyEqual && block < other);
    }

    private double[][] blockScores(int token) {
        double[] query = Arrays.copyOfRange(q, token * shape.queryWidth(), (token + 1) * shape.queryWidth());
        double[] windows = BlockSelection.windowScores(query, cacheLength + token, fineKeys, coarseKeys, shape, rule);
        int numFine = fineKeys.length / shape.kvWidth();
        int numBlocks = rule.numBlocks(cacheLength + numTokens());
        double[][] scores = new double[shape.numKvHeads()][];
        for (int kvHead = 0; kvHead < scores.length; kvHead++) {
            scores[kvHead] = BlockSelection.blockScores(
                    Arrays.copyOfRange(windows, kvHead * numFine, (kvHead + 1) * numFine), numBlocks, rule);
        }
        return scores;
    }

    private CacheLayout layout() {
        return layout(SPARE_POSITIONS);
    }

    private CacheLayout layout(int sparePositions) {
        return new CacheLayout(shape.numKvHeads(), shape.headDim(), cacheLength + numTokens() + sparePositions);
    }

    private double[] fineCache() {
        return fineCache(layout());
    }

    private double[] fineCache(CacheLayout layout) {
        return CacheArrays.toCache(fineKeys, shape.numKvHeads(), shape.headDim(), layout.fineCapacity(rule));
    }

    private double[] coarseCache() {
        return coarseCache(layout());
    }

    private double[] coarseCache(CacheLayout layout) {
        return CacheArrays.toCache(coarseKeys, shape.numKvHeads(), shape.headDim(), layout.coarseCapacity(rule));
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
}
