package sala.kernels.selection;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static sala.kernels.testing.RefusalAssert.assertRefused;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.attention.QueryOperands;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.SelectionRule;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.TestDevice;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** {@link DecodeSelectionF32}, {@link PrefillSelectionF32}, and {@link TensorDecodeSelection}, {@link TensorPrefillSelection}. */
class SelectionKernelTest {
    /** The proportions of the released model, with fewer blocks. */
    private static final SelectionRule RULE = new SelectionRule(32, 16, 64, 1, 2, 5);

    private static final SelectionRule SMALL = new SelectionRule(4, 2, 8, 1, 2, 6);

    static List<GoldenVariant> variants() {
        return Golden.variants("block_scores");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void bothFormsEqualGolden(GoldenVariant variant) {
        int headDim = variant.integer("dim");
        AttentionShape shape = new AttentionShape(
                variant.integer("heads"), variant.integer("kv_heads"), headDim, 1 / Math.sqrt(headDim));
        SelectionRule rule = rule(variant.parameters().required("sparse_config"));
        int[] positions = variant.ints("positions");
        int[] selected = variant.ints("selected");
        double[] q = variant.doubles("q");
        int listLength = selected.length / positions.length / shape.numKvHeads();
        for (int row = 0; row < positions.length; row++) {
            SelectionCase token = SelectionCase.ofKeys(
                    shape,
                    rule,
                    StorageType.F32,
                    positions[row],
                    Arrays.copyOfRange(q, row * shape.queryWidth(), (row + 1) * shape.queryWidth()),
                    Arrays.copyOf(variant.doubles("k"), (positions[row] + 1) * shape.kvWidth()));
            int[] decode = token.decode(3);
            int[] prefill = token.prefill(2);
            for (int kvHead = 0; kvHead < shape.numKvHeads(); kvHead++) {
                int list = (row * shape.numKvHeads() + kvHead) * listLength;
                int[] expected = withoutPadding(Arrays.copyOfRange(selected, list, list + listLength));
                String where = variant.label("selected") + " at position " + positions[row] + ", KV head " + kvHead;
                assertArrayEquals(expected, list(decode, rule, kvHead), "decode, " + where);
                assertArrayEquals(expected, list(prefill, rule, kvHead), "prefill, " + where);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"16,2,128,700,1", "16,1,64,1023,4", "4,2,32,640,8", "3,1,32,999,2", "1,2,64,511,1", "20,1,32,700,3"})
    void decodeEqualsReference(int groupSize, int numKvHeads, int headDim, int position, int numSplits) {
        for (StorageType type : TestDevice.cacheStorageTypes()) {
            SelectionCase token = SelectionCase.random(shape(groupSize, numKvHeads, headDim), RULE, type, position, 1);
            token.assertSelected(token.decode(numSplits));
        }
    }

    /** Several tokens a tile (small groups), several tiles a work group, rows before the first coarse window. */
    @ParameterizedTest
    @CsvSource({
        "16,2,128,700,3,4",
        "4,2,32,640,9,2",
        "3,1,32,0,66,3",
        "1,2,64,511,17,1",
        "20,1,32,700,2,1",
        "16,1,16,63,2,5"
    })
    void prefillEqualsReference(
            int groupSize, int numKvHeads, int headDim, int cacheLength, int numTokens, int numWorkGroups) {
        for (StorageType type : TestDevice.cacheStorageTypes()) {
            SelectionCase call =
                    SelectionCase.random(shape(groupSize, numKvHeads, headDim), RULE, type, cacheLength, numTokens);
            call.assertSelected(call.prefill(numWorkGroups));
        }
    }

    /** The same on tensor cores, whose scores are as exact. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("tensorCases")
    void prefillOnTensorCoresEqualsReference(
            int groupSize, int numKvHeads, int headDim, int cacheLength, int numTokens, int numWorkGroups) {
        SelectionCase call = SelectionCase.random(
                shape(groupSize, numKvHeads, headDim), RULE, StorageType.F16, cacheLength, numTokens);
        call.assertSelected(call.prefillOnTensorCores(numWorkGroups));
    }

    static List<Arguments> tensorCases() {
        return !TestDevice.hasBf16TensorCores()
                ? List.of()
                : List.of(
                        Arguments.of(16, 2, 128, 700, 3, 4),
                        Arguments.of(4, 2, 32, 640, 9, 2),
                        Arguments.of(3, 1, 32, 0, 66, 3),
                        Arguments.of(1, 2, 64, 511, 17, 1),
                        Arguments.of(16, 1, 32, 63, 2, 5));
    }

    /** One token on tensor cores: more splits than tiles and fewer, groups and heads of all sizes, short contexts. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("tensorTokens")
    void decodeOnTensorCoresEqualsReference(
            int groupSize, int numKvHeads, int headDim, int position, int numSplits, int numWorkGroups) {
        SelectionCase token =
                SelectionCase.random(shape(groupSize, numKvHeads, headDim), RULE, StorageType.F16, position, 1);
        int[] lists = token.decodeOnTensorCores(numSplits, numWorkGroups);
        token.assertSelected(lists);
        assertArrayEquals(token.decode(numSplits), lists);
    }

    static List<Arguments> tensorTokens() {
        return !TestDevice.hasBf16TensorCores()
                ? List.of()
                : List.of(
                        Arguments.of(16, 2, 128, 700, 1, 2),
                        Arguments.of(16, 1, 64, 1023, 4, 4),
                        Arguments.of(4, 2, 32, 640, 8, 6),
                        Arguments.of(3, 1, 32, 999, 2, 3),
                        Arguments.of(1, 2, 64, 511, 1, 9),
                        Arguments.of(16, 2, 128, 0, 4, 8),
                        Arguments.of(16, 1, 128, 62, 3, 4),
                        Arguments.of(4, 1, 128, 63, 3, 4),
                        Arguments.of(4, 2, 64, 64, 3, 8),
                        Arguments.of(16, 2, 128, 99, 2, 4),
                        Arguments.of(4, 1, 128, 4999, 1, 2),
                        Arguments.of(16, 1, 128, 9999, 64, 3),
                        Arguments.of(1, 1, 32, 9999, 2, 2));
    }

    /** The golden choices on tensor cores, where their heads are supported; a cache of f16 may turn scores that are near. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("tensorVariants")
    void tensorCoresAgreeWithGoldenKeys(GoldenVariant variant) {
        int headDim = variant.integer("dim");
        AttentionShape shape = new AttentionShape(
                variant.integer("heads"), variant.integer("kv_heads"), headDim, 1 / Math.sqrt(headDim));
        SelectionRule rule = rule(variant.parameters().required("sparse_config"));
        int[] positions = variant.ints("positions");
        double[] q = variant.doubles("q");
        for (int row = 0; row < positions.length; row++) {
            SelectionCase token = SelectionCase.ofKeys(
                    shape,
                    rule,
                    StorageType.F16,
                    positions[row],
                    Arrays.copyOfRange(q, row * shape.queryWidth(), (row + 1) * shape.queryWidth()),
                    Arrays.copyOf(variant.doubles("k"), (positions[row] + 1) * shape.kvWidth()));
            token.assertSelected(token.decodeOnTensorCores(3, 5));
        }
    }

    static List<GoldenVariant> tensorVariants() {
        return !TestDevice.hasBf16TensorCores()
                ? List.of()
                : variants().stream()
                        .filter(variant -> variant.integer("dim") % 32 == 0)
                        .toList();
    }

    /** Other proportions: one window a block, windows longer than blocks, nothing forced, all blocks in the list. */
    @ParameterizedTest
    @CsvSource({
        "8,8,8,1,2,6,150",
        "32,4,8,1,1,4,150",
        "6,2,4,0,0,3,101",
        "4,2,8,2,3,30,120",
        "4,2,8,3,2,1,160",
        "2,1,63,1,0,2,400"
    })
    void otherRules(
            int kernelSize,
            int kernelStride,
            int blockSize,
            int initBlocks,
            int localBlocks,
            int effectiveTopK,
            int position) {
        SelectionRule rule =
                new SelectionRule(kernelSize, kernelStride, blockSize, initBlocks, localBlocks, effectiveTopK);
        SelectionCase call = SelectionCase.random(shape(4, 2, 16), rule, StorageType.F32, position - 4, 5);
        call.assertSelected(call.prefill(2));
        call.lastToken().assertSelected(call.lastToken().decode(2));
        if (TestDevice.hasBf16TensorCores()) {
            SelectionCase token = SelectionCase.random(shape(4, 2, 32), rule, StorageType.F16, position, 1);
            token.assertSelected(token.decodeOnTensorCores(2, 5));
        }
    }

    /** One call or several, many work groups or one: the same lists. */
    @ParameterizedTest
    @ValueSource(ints = {1, 17, 64})
    void piecesEqualOneCall(int firstPiece) {
        AttentionShape shape = shape(4, 1, 8);
        SelectionCase whole = SelectionCase.random(shape, SMALL, StorageType.F32, 0, 100);
        SelectionCase second = new SelectionCase(
                shape,
                SMALL,
                StorageType.F32,
                firstPiece,
                Arrays.copyOfRange(whole.q(), firstPiece * shape.queryWidth(), whole.q().length),
                whole.fineKeys(),
                whole.coarseKeys());
        int[] atOnce = whole.prefill(3);
        assertArrayEquals(
                Arrays.copyOfRange(atOnce, firstPiece * BlockRank.maxSelected(SMALL), atOnce.length),
                second.prefill(1));
    }

    /** Equal keys give equal scores, hence the lowest blocks beside the forced ones. */
    @Test
    void equalScoresPreferLowerBlocks() {
        UnaryOperator<double[]> equal = keys -> {
            Arrays.fill(keys, 0.5);
            return keys;
        };
        SelectionCase call = SelectionCase.random(shape(4, 1, 8), SMALL, StorageType.F32, 150, 10, equal);
        int[] lists = call.prefill(2);
        assertArrayEquals(new int[] {0, 1, 2, 17, 18, 19}, list(lists, SMALL, 9));
        assertArrayEquals(new int[] {0, 1, 2, 17, 18, 19}, call.lastToken().decode(4));
        SelectionRule nothingForced = new SelectionRule(4, 2, 8, 0, 0, 3);
        SelectionCase token = SelectionCase.random(shape(16, 1, 8), nothingForced, StorageType.F32, 399, 1, equal);
        assertArrayEquals(new int[] {0, 1, 49}, token.decode(2));
        assertArrayEquals(new int[] {0, 1, 49}, token.prefill(1));
        if (TestDevice.hasBf16TensorCores()) {
            SelectionCase halfs = SelectionCase.random(shape(4, 1, 32), SMALL, StorageType.F16, 159, 1, equal);
            assertArrayEquals(new int[] {0, 1, 2, 17, 18, 19}, halfs.decodeOnTensorCores(4, 4));
        }
    }

    /** A common shift of all scores to about -10,000 changes nothing: the softmax is of differences. */
    @Test
    void largeNegativeScores() {
        AttentionShape shape = new AttentionShape(4, 1, 8, 1);
        // Eighths, whose means over 4 and 16 keys and products are exact in f32.
        SelectionCase plain = SelectionCase.random(shape, SMALL, StorageType.F32, 399, 1, keys -> {
            Arrays.setAll(keys, i -> i % 8 == 0 ? -10_000 : Math.rint(4 * keys[i]) / 4);
            return keys;
        });
        double[] q = new double[plain.q().length];
        Arrays.setAll(q, i -> i % 8 == 0 ? 1 : Math.rint(2 * plain.q()[i]) / 2);
        SelectionCase token =
                new SelectionCase(shape, SMALL, StorageType.F32, 399, q, plain.fineKeys(), plain.coarseKeys());
        token.assertSelected(token.decode(3));
        token.assertSelected(token.prefill(1));
    }

    /** The same on tensor cores: a shift by some -2,000, of values that f16 holds. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("tensorHeadDims")
    void largeNegativeScoresOnTensorCores(int headDim) {
        AttentionShape shape = new AttentionShape(4, 1, headDim, 1);
        SelectionCase plain = SelectionCase.random(shape, SMALL, StorageType.F16, 399, 1, keys -> {
            Arrays.setAll(keys, i -> i % headDim == 0 ? -2048 : Math.rint(4 * keys[i]) / 4);
            return keys;
        });
        double[] q = new double[plain.q().length];
        Arrays.setAll(q, i -> i % headDim == 0 ? 1 : Math.rint(2 * plain.q()[i]) / 2);
        SelectionCase token =
                new SelectionCase(shape, SMALL, StorageType.F16, 399, q, plain.fineKeys(), plain.coarseKeys());
        token.assertSelected(token.decodeOnTensorCores(3, 7));
    }

    static List<Integer> tensorHeadDims() {
        return TestDevice.hasBf16TensorCores() ? List.of(32, 64, 128) : List.of();
    }

    /** A context of 40,000 tokens: 5,000 blocks, many of which share a bf16 score. */
    @Test
    void aLongContext() {
        SelectionRule rule = new SelectionRule(4, 2, 8, 1, 4, 40);
        SelectionCase call = SelectionCase.random(shape(4, 2, 4), rule, StorageType.F32, 39_995, 3);
        call.assertSelected(call.prefill(2));
        call.lastToken().assertSelected(call.lastToken().decode(7));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        CacheLayout layout = new CacheLayout(1, 8, 100);
        FloatArray array = new FloatArray(10_000);
        assertRefused(
                "groupSize: expected at most 64, found 65",
                () -> PrefillSelectionF32.addTo(
                        new KernelGraph("g"),
                        "select",
                        array,
                        array,
                        array,
                        new IntArray(1),
                        new IntArray(100),
                        Step.create(),
                        shape(65, 1, 8),
                        layout,
                        SMALL,
                        1,
                        1));
        assertRefused(
                "blockRanks: expected at least 52 values",
                () -> PrefillSelectionF32.addTo(
                        new KernelGraph("g"),
                        "select",
                        array,
                        array,
                        array,
                        new IntArray(1),
                        new IntArray(100),
                        Step.create(),
                        shape(4, 1, 8),
                        layout,
                        SMALL,
                        1,
                        1));
        HalfFloatArray halfs = new HalfFloatArray(10_000);
        assertRefused(
                "groupSize: expected at most 16, found 17",
                () -> TensorPrefillSelection.addTo(
                        new KernelGraph("g"),
                        "select",
                        array,
                        halfs,
                        halfs,
                        TensorSelectionScratch.create(new IntArray(13), 1),
                        new IntArray(100),
                        Step.create(),
                        shape(17, 1, 32),
                        new CacheLayout(1, 32, 100),
                        SMALL,
                        1));
        assertRefused(
                "blockRanks: expected at least 52 values",
                () -> TensorPrefillSelection.addTo(
                        new KernelGraph("g"),
                        "select",
                        array,
                        halfs,
                        halfs,
                        TensorSelectionScratch.create(new IntArray(51), 1),
                        new IntArray(100),
                        Step.create(),
                        shape(4, 1, 32),
                        new CacheLayout(1, 32, 100),
                        SMALL,
                        1));
        assertRefused(
                "numWorkGroups: expected at least 2, found 1",
                () -> TensorDecodeSelection.addTo(
                        new KernelGraph("g"),
                        "select",
                        new QueryOperands(array, new HalfFloatArray(2 * QueryOperands.HALFS)),
                        halfs,
                        halfs,
                        DecodeSelectionScratch.create(shape(4, 2, 32), new CacheLayout(2, 32, 100), SMALL, 2),
                        TensorSelectionScratch.create(new IntArray(1), 1),
                        new IntArray(100),
                        Step.create(),
                        shape(4, 2, 32),
                        new CacheLayout(2, 32, 100),
                        SMALL));
        assertRefused(
                "selectedBlocks: expected at least 6 values",
                () -> DecodeSelectionF32.addTo(
                        new KernelGraph("g"),
                        "select",
                        array,
                        array,
                        array,
                        DecodeSelectionScratch.create(shape(4, 1, 8), layout, SMALL, 2),
                        new IntArray(5),
                        Step.create(),
                        shape(4, 1, 8),
                        layout,
                        SMALL));
    }

    private static AttentionShape shape(int groupSize, int numKvHeads, int headDim) {
        return new AttentionShape(groupSize * numKvHeads, numKvHeads, headDim, 1 / Math.sqrt(headDim));
    }

    private static int[] list(int[] lists, SelectionRule rule, int index) {
        int length = BlockRank.maxSelected(rule);
        return withoutPadding(Arrays.copyOfRange(lists, index * length, (index + 1) * length));
    }

    private static int[] withoutPadding(int[] list) {
        return Arrays.stream(list).filter(block -> block >= 0).toArray();
    }

    /** A rule from the checkpoint's fields: {@code topk} does not count the local blocks. */
    static SelectionRule rule(JsonNode config) {
        int blockSize = config.required("block_size").intValue();
        int localBlocks = config.required("window_size").intValue() / blockSize;
        return new SelectionRule(
                config.required("kernel_size").intValue(),
                config.required("kernel_stride").intValue(),
                blockSize,
                config.required("init_blocks").intValue(),
                localBlocks,
                config.required("topk").intValue() + localBlocks);
    }
}
