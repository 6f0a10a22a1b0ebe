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

/** {@link TensorDenseAttention}. */
class TensorDenseAttentionTest {
    /** Storage types of caches that asynchronous tensor cores read. */
    static List<StorageType> caches() {
        return TestDevice.hasBf16TensorCores() ? List.of(StorageType.F16) : List.of();
    }

    static List<Arguments> cases() {
        return caches().isEmpty()
                ? List.of()
                : List.of(
                        Arguments.of(16, 2, 128, 0, 1),
                        Arguments.of(4, 1, 64, 0, 63),
                        Arguments.of(1, 2, 64, 0, 64),
                        Arguments.of(1, 1, 128, 0, 65),
                        Arguments.of(3, 2, 32, 0, 100),
                        Arguments.of(16, 2, 128, 63, 5),
                        Arguments.of(16, 1, 64, 64, 3),
                        Arguments.of(4, 2, 128, 100, 17),
                        Arguments.of(1, 1, 64, 31, 1),
                        Arguments.of(20, 1, 32, 70, 3),
                        Arguments.of(4, 1, 128, 995, 5));
    }

    /** From an empty cache and a filled one; contexts below, at and past the border of a tile of keys; parts of a work group. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("cases")
    void equalsReference(int groupSize, int numKvHeads, int headDim, int cacheLength, int numTokens) {
        assertEqualsReference(AttentionCase.random(
                AttentionCase.shape(groupSize, numKvHeads, headDim), StorageType.F16, cacheLength, numTokens));
    }

    /** Scores that keep growing: many runs of tiles, each of which scales away what was summed before. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void forgetsWhatSmallScoresSummed(StorageType type) {
        assertEqualsReference(AttentionCase.random(
                AttentionCase.shape(4, 1, 32), type, 590, 10, keys -> scaled(keys, i -> 1 + i / 32 / 100)));
    }

    /** Scores that keep shrinking, down to numerators that f16 does not hold. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void keepsWhatLargeScoresSummed(StorageType type) {
        assertEqualsReference(AttentionCase.random(
                AttentionCase.shape(4, 1, 32), type, 590, 10, keys -> scaled(keys, i -> 6 - i / 32 / 100)));
    }

    /** One row of many sees a score far above all others, in the middle of the context. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void aSingleLargeScore(StorageType type) {
        AttentionShape shape = AttentionCase.shape(2, 1, 64);
        AttentionCase random = AttentionCase.random(shape, type, 150, 40);
        double[] q = random.q().clone();
        double[] keys = random.keys().clone();
        Arrays.fill(q, 20 * shape.queryWidth(), 20 * shape.queryWidth() + 64, 2);
        Arrays.fill(keys, 100 * 64, 101 * 64, 3);
        assertEqualsReference(new AttentionCase(shape, type, 150, q, keys, random.values()));
    }

    /** Equal keys make a plain mean. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void equalScores(StorageType type) {
        assertEqualsReference(AttentionCase.random(new AttentionShape(4, 1, 32, 1), type, 99, 3, keys -> {
            Arrays.fill(keys, 0.25);
            return keys;
        }));
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
        assertEqualsReference(new AttentionCase(shape, type, 99, q, random.keys(), random.values()));
    }

    /** A prompt in two calls is the same as in one. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void piecesEqualOneCall(StorageType type) {
        AttentionShape shape = AttentionCase.shape(4, 1, 64);
        AttentionCase whole = AttentionCase.random(shape, type, 0, 100);
        int from = 37 * shape.queryWidth();
        AttentionCase second = new AttentionCase(
                shape, type, 37, Arrays.copyOfRange(whole.q(), from, whole.q().length), whole.keys(), whole.values());
        float[] atOnce = whole.denseOnTensorCores();
        TensorAssert.assertClose(
                "the second piece",
                Arrays.copyOfRange(atOnce, from, atOnce.length),
                second.denseOnTensorCores(),
                Tolerance.KERNEL_TENSOR_ATTENTION);
    }

    /** Sparse attention to all blocks is dense attention. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("caches")
    void equalsSparseAttentionToAllBlocks(StorageType type) {
        AttentionCase attention = AttentionCase.random(AttentionCase.shape(16, 2, 64), type, 198, 2);
        int[] all = IntStream.range(0, 4 * 13).map(i -> i % 13).toArray();
        TensorAssert.assertClose(
                "dense against sparse",
                attention.sparseOnTensorCores(all, 16, 3),
                attention.denseOnTensorCores(),
                Tolerance.KERNEL_TENSOR_ATTENTION);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        AttentionShape odd = AttentionCase.shape(2, 1, 48);
        HalfFloatArray cache = new HalfFloatArray(256);
        assertRefused(
                "headDim: expected one of [32, 64, 128], found 48",
                () -> TensorDenseAttention.addTo(
                        new KernelGraph("g"),
                        "dense",
                        new FloatArray(96),
                        cache,
                        cache,
                        new FloatArray(96),
                        TensorDenseScratch.create(odd, 1),
                        Step.create(),
                        odd,
                        new CacheLayout(1, 48, 4),
                        1));
        AttentionShape shape = AttentionCase.shape(2, 1, 64);
        assertRefused(
                "results: expected at least",
                () -> TensorDenseAttention.addTo(
                        new KernelGraph("g"),
                        "dense",
                        new FloatArray(128 * 33),
                        cache,
                        cache,
                        new FloatArray(128 * 33),
                        TensorDenseScratch.create(shape, 32),
                        Step.create(),
                        shape,
                        new CacheLayout(1, 64, 4),
                        33));
    }

    private static void assertEqualsReference(AttentionCase attention) {
        KernelAssert.assertClose(
                "tensor-dense-attention",
                attention.dtype(),
                attention.expectedDense(),
                attention.denseOnTensorCores(),
                Tolerance.KERNEL_TENSOR_ATTENTION);
    }

    private static double[] scaled(double[] keys, IntToDoubleFunction factor) {
        double[] scaled = new double[keys.length];
        Arrays.setAll(scaled, i -> keys[i] * factor.applyAsDouble(i));
        return scaled;
    }
}
