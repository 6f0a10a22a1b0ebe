package sala.kernels.attention;

import static sala.kernels.testing.RefusalAssert.assertRefused;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelAssert;
import sala.kernels.testing.TestDevice;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** {@link TensorDecodeAttention}, and with it {@link SplitCombine}. */
class TensorDecodeAttentionTest {
    /** Storage types of caches that asynchronous tensor cores read. */
    static List<StorageType> caches() {
        return TestDevice.hasBf16TensorCores() ? List.of(StorageType.F16) : List.of();
    }

    /** Query heads a group, KV heads, head dim, length of the context, splits. */
    static List<Arguments> denseCases() {
        return caches().isEmpty()
                ? List.of()
                : List.of(
                        Arguments.of(16, 2, 128, 1, 3),
                        Arguments.of(4, 1, 64, 63, 1),
                        Arguments.of(16, 2, 128, 64, 1),
                        Arguments.of(1, 2, 32, 65, 2),
                        Arguments.of(4, 2, 128, 100, 3),
                        Arguments.of(3, 1, 32, 200, 2),
                        Arguments.of(16, 1, 64, 1000, 3),
                        Arguments.of(4, 2, 128, 1000, 20),
                        Arguments.of(1, 1, 128, 1000, 5));
    }

    /** Contexts below, at and past the border of a tile; more splits than tiles, and fewer. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("denseCases")
    void equalsDenseReference(int groupSize, int numKvHeads, int headDim, int length, int numSplits) {
        assertDense(
                AttentionCase.random(
                        AttentionCase.shape(groupSize, numKvHeads, headDim), StorageType.F16, length - 1, 1),
                numSplits);
    }

    /** Query heads a group, KV heads, head dim, length of the context, size of a block, splits. */
    static List<Arguments> sparseCases() {
        return caches().isEmpty()
                ? List.of()
                : List.of(
                        Arguments.of(16, 2, 128, 640, 64, 6),
                        Arguments.of(4, 1, 64, 601, 64, 2),
                        Arguments.of(16, 1, 32, 1000, 128, 5),
                        Arguments.of(4, 2, 64, 325, 32, 3),
                        Arguments.of(1, 2, 128, 200, 16, 1),
                        Arguments.of(2, 1, 32, 100, 7, 2));
    }

    /** The token in the middle of a block and at its end, tiles within a block and across blocks, lists that are padded. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("sparseCases")
    void equalsSparseReference(int groupSize, int numKvHeads, int headDim, int length, int blockSize, int numSplits) {
        AttentionCase attention = AttentionCase.random(
                AttentionCase.shape(groupSize, numKvHeads, headDim), StorageType.F16, length - 1, 1);
        int last = (length - 1) / blockSize;
        int maxSelected = 6;
        int[] blocks = new int[numKvHeads * maxSelected];
        Arrays.fill(blocks, -1);
        for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
            int[] chosen = kvHead == 0 ? new int[] {0, 1, last - 2, last} : new int[] {last - 3, last - 1, last};
            System.arraycopy(chosen, 0, blocks, kvHead * maxSelected, chosen.length);
        }
        KernelAssert.assertClose(
                "tensor-decode-attention",
                "f16",
                attention.expectedSparse(blocks, blockSize),
                attention.sparseDecodeOnTensorCores(blocks, blockSize, numSplits),
                Tolerance.KERNEL_TENSOR_DECODE_ATTENTION);
    }

    /** Scores that keep growing, so that numerators do not fit and the tiles pass twice. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void growingScores(StorageType type) {
        for (int numSplits : new int[] {1, 3}) {
            assertDense(
                    AttentionCase.random(
                            AttentionCase.shape(4, 1, 32), type, 599, 1, keys -> scaled(keys, i -> 1 + i / 32 / 40)),
                    numSplits);
        }
    }

    /** Scores that keep shrinking, down to numerators that f16 does not hold. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void shrinkingScores(StorageType type) {
        assertDense(
                AttentionCase.random(
                        AttentionCase.shape(4, 1, 32), type, 599, 1, keys -> scaled(keys, i -> 6 - i / 32 / 100)),
                2);
    }

    /** One head of many sees a score far above all others, in the last tile of a split. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void aSingleLargeScore(StorageType type) {
        AttentionShape shape = AttentionCase.shape(16, 1, 64);
        AttentionCase random = AttentionCase.random(shape, type, 399, 1);
        double[] q = random.q().clone();
        double[] keys = random.keys().clone();
        Arrays.fill(q, 9 * 64, 10 * 64, 2);
        Arrays.fill(keys, 380 * 64, 381 * 64, 3);
        assertDense(new AttentionCase(shape, type, 399, q, keys, random.values()), 2);
    }

    /** Equal keys make a plain mean. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void equalScores(StorageType type) {
        assertDense(
                AttentionCase.random(new AttentionShape(4, 1, 32, 1), type, 299, 1, keys -> {
                    Arrays.fill(keys, 0.25);
                    return keys;
                }),
                2);
    }

    /** Scores near -1,000 neither underflow nor become NaN. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void largeNegativeScores(StorageType type) {
        AttentionShape shape = new AttentionShape(4, 1, 32, 1);
        AttentionCase random = AttentionCase.random(shape, type, 99, 1, keys -> {
            Arrays.setAll(keys, i -> i % 32 == 0 ? -1000 : Math.rint(keys[i]));
            return keys;
        });
        double[] q = new double[random.q().length];
        Arrays.setAll(q, i -> i % 32 == 0 ? 1 : Math.rint(random.q()[i]));
        assertDense(new AttentionCase(shape, type, 99, q, random.keys(), random.values()), 3);
    }

    /** A query of zeros, and one whose numbers differ by many magnitudes. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void queriesOfAllMagnitudes(StorageType type) {
        AttentionShape shape = AttentionCase.shape(2, 1, 64);
        AttentionCase random = AttentionCase.random(shape, type, 99, 1);
        double[] q = random.q().clone();
        Arrays.fill(q, 0, 64, 0);
        for (int i = 64; i < 128; i++) {
            q[i] *= Math.pow(2, 5 - i % 32);
        }
        assertDense(new AttentionCase(shape, type, 99, q, random.keys(), random.values()), 2);
    }

    /** However the keys are shared out, the result is that of one work group. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void splitsEqualTheWhole(StorageType type) {
        AttentionCase attention = AttentionCase.random(AttentionCase.shape(16, 1, 64), type, 699, 1);
        float[] whole = attention.decodeOnTensorCores(1);
        for (int numSplits : new int[] {2, 7, 64, 100}) {
            TensorAssert.assertClose(
                    numSplits + " splits",
                    whole,
                    attention.decodeOnTensorCores(numSplits),
                    Tolerance.KERNEL_TENSOR_DECODE_ATTENTION);
        }
    }

    /** Sparse attention to all blocks is dense attention. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void sparseAttentionToAllBlocksIsDense(StorageType type) {
        AttentionCase attention = AttentionCase.random(AttentionCase.shape(16, 2, 64), type, 299, 1);
        float[] dense = attention.decodeOnTensorCores(3);
        for (int blockSize : new int[] {64, 16}) {
            int count = 299 / blockSize + 1;
            int[] all = IntStream.range(0, 2 * count).map(i -> i % count).toArray();
            TensorAssert.assertClose(
                    "blocks of " + blockSize,
                    dense,
                    attention.sparseDecodeOnTensorCores(all, blockSize, 3),
                    Tolerance.KERNEL_TENSOR_DECODE_ATTENTION);
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertDenseRefused("headDim: expected one of [32, 64, 128], found 48", AttentionCase.shape(2, 1, 48), 1);
        assertDenseRefused("groupSize: expected at most 16, found 17", AttentionCase.shape(17, 1, 64), 1);
        AttentionShape shape = AttentionCase.shape(2, 1, 64);
        HalfFloatArray cache = new HalfFloatArray(256);
        TensorDecodeScratch small = TensorDecodeScratch.create(AttentionCase.shape(1, 1, 32), 4);
        assertRefused("results: expected at least", () -> dense(shape, cache, small));
        TensorDecodeScratch fewRows =
                new TensorDecodeScratch(SplitPartials.create(shape, 1, 4), new FloatArray(4096), new IntArray(1));
        assertRefused("rows: expected one of [16], found 2", () -> dense(shape, cache, fewRows));
        assertRefused(
                "selectedBlocks: expected at least 3 values",
                () -> TensorDecodeAttention.addSparseTo(
                        new KernelGraph("g"),
                        "decode",
                        queries(shape),
                        cache,
                        cache,
                        new IntArray(2),
                        TensorDecodeScratch.create(shape, 4),
                        new FloatArray(128),
                        Step.create(),
                        shape,
                        new CacheLayout(1, 64, 4),
                        64,
                        3));
    }

    private static void assertDenseRefused(String message, AttentionShape shape, int numSplits) {
        HalfFloatArray cache = new HalfFloatArray(256);
        TensorDecodeScratch scratch = TensorDecodeScratch.create(AttentionCase.shape(16, 1, 128), numSplits);
        assertRefused(message, () -> dense(shape, cache, scratch));
    }

    private static QueryOperands queries(AttentionShape shape) {
        return new QueryOperands(new FloatArray(shape.queryWidth()), new HalfFloatArray(QueryOperands.length(shape)));
    }

    private static void dense(AttentionShape shape, HalfFloatArray cache, TensorDecodeScratch scratch) {
        TensorDecodeAttention.addTo(
                new KernelGraph("g"),
                "decode",
                queries(shape),
                cache,
                cache,
                scratch,
                new FloatArray(shape.queryWidth()),
                Step.create(),
                shape,
                new CacheLayout(1, shape.headDim(), 4));
    }

    private static void assertDense(AttentionCase attention, int numSplits) {
        KernelAssert.assertClose(
                "tensor-decode-attention",
                attention.dtype(),
                attention.expectedDense(),
                attention.decodeOnTensorCores(numSplits),
                Tolerance.KERNEL_TENSOR_DECODE_ATTENTION);
    }

    private static double[] scaled(double[] keys, IntToDoubleFunction factor) {
        double[] scaled = new double[keys.length];
        Arrays.setAll(scaled, i -> keys[i] * factor.applyAsDouble(i));
        return scaled;
    }
}
