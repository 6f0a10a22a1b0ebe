package sala.kernels.attention;

import static sala.kernels.testing.RefusalAssert.assertRefused;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelAssert;
import sala.kernels.testing.TestDevice;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** {@link DenseAttentionF32} and {@link SplitCombine}. */
class DenseAttentionTest {
    static List<GoldenVariant> variants() {
        return Golden.variants("sparse_attention");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void equalsGolden(GoldenVariant variant) {
        AttentionShape shape = new AttentionShape(
                variant.integer("heads"), variant.integer("kv_heads"), variant.integer("dim"), variant.number("scale"));
        int[] positions = variant.ints("positions");
        double[] q = variant.doubles("q");
        float[] actual = new float[q.length];
        for (int row = 0; row < positions.length; row++) {
            int from = row * shape.queryWidth();
            AttentionCase token = new AttentionCase(
                    shape,
                    StorageType.F32,
                    positions[row],
                    Arrays.copyOfRange(q, from, from + shape.queryWidth()),
                    Arrays.copyOf(variant.doubles("k"), (positions[row] + 1) * shape.kvWidth()),
                    Arrays.copyOf(variant.doubles("v"), (positions[row] + 1) * shape.kvWidth()));
            float[] out = token.dense(row % 2 == 0 ? 1 : 3);
            System.arraycopy(out, 0, actual, from, out.length);
        }
        KernelAssert.assertClose(
                "dense-attention", "f32", variant.doubles("out_dense"), actual, Tolerance.KERNEL_ATTENTION);
    }

    /** From an empty cache and a filled one; contexts below, at and past the border of a tile of keys. */
    @ParameterizedTest
    @CsvSource({
        "1,2,32,0,1",
        "16,2,128,0,1",
        "4,1,64,0,63",
        "3,2,32,0,64",
        "1,1,128,0,65",
        "16,1,32,0,66",
        "16,2,64,63,2",
        "4,2,128,100,5",
        "3,1,32,1000,7",
        "20,1,16,70,3"
    })
    void equalsReference(int groupSize, int numKvHeads, int headDim, int cacheLength, int numTokens) {
        for (StorageType type : TestDevice.cacheStorageTypes()) {
            AttentionCase attention = AttentionCase.random(
                    AttentionCase.shape(groupSize, numKvHeads, headDim), type, cacheLength, numTokens);
            KernelAssert.assertClose(
                    "dense-attention",
                    attention.dtype(),
                    attention.expectedDense(),
                    attention.dense(1),
                    Tolerance.KERNEL_ATTENTION);
        }
    }

    /** One token whose keys are shared out: more splits than tiles, splits without keys, uneven splits. */
    @ParameterizedTest
    @CsvSource({
        "16,2,128,1,8",
        "1,1,32,63,2",
        "4,2,64,64,2",
        "16,1,32,65,5",
        "3,1,16,100,64",
        "16,2,32,1000,3",
        "16,1,64,1000,16"
    })
    void splitsEqualTheWhole(int groupSize, int numKvHeads, int headDim, int length, int numSplits) {
        for (StorageType type : TestDevice.cacheStorageTypes()) {
            AttentionCase attention =
                    AttentionCase.random(AttentionCase.shape(groupSize, numKvHeads, headDim), type, length - 1, 1);
            float[] split = attention.dense(numSplits);
            KernelAssert.assertClose(
                    "dense-attention-decode",
                    attention.dtype(),
                    attention.expectedDense(),
                    split,
                    Tolerance.KERNEL_ATTENTION);
            TensorAssert.assertClose("split against whole", attention.dense(1), split, Tolerance.KERNEL_ATTENTION);
        }
    }

    @Test
    void aLongContextInManySplits() {
        AttentionCase attention = AttentionCase.random(AttentionCase.shape(2, 1, 4), StorageType.F32, 39_999, 1);
        KernelAssert.assertClose(
                "dense-attention-decode",
                "f32",
                attention.expectedDense(),
                attention.dense(50),
                Tolerance.KERNEL_ATTENTION);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64, 99})
    void piecesEqualOneCall(int firstPiece) {
        AttentionShape shape = AttentionCase.shape(4, 2, 16);
        AttentionCase whole = AttentionCase.random(shape, StorageType.F32, 0, 100);
        AttentionCase second = new AttentionCase(
                shape,
                StorageType.F32,
                firstPiece,
                Arrays.copyOfRange(whole.q(), firstPiece * shape.queryWidth(), whole.q().length),
                whole.keys(),
                whole.values());
        float[] atOnce = whole.dense(1);
        TensorAssert.assertClose(
                "the second piece",
                Arrays.copyOfRange(atOnce, firstPiece * shape.queryWidth(), atOnce.length),
                second.dense(1),
                Tolerance.KERNEL_ATTENTION);
    }

    /** Equal keys make a plain mean; scores near -10,000 neither underflow nor become NaN. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void hostileScores(int numSplits) {
        AttentionShape shape = new AttentionShape(4, 1, 32, 1);
        AttentionCase equal = AttentionCase.random(shape, StorageType.F32, 99, 1, keys -> {
            Arrays.fill(keys, 0.25);
            return keys;
        });
        KernelAssert.assertClose(
                "dense-attention", "f32", equal.expectedDense(), equal.dense(numSplits), Tolerance.KERNEL_ATTENTION);
        // Whole numbers, so that f32 sums of q . k are exact and the test is about the softmax alone.
        AttentionCase random = AttentionCase.random(shape, StorageType.F32, 99, 1, keys -> {
            Arrays.setAll(keys, i -> i % 32 == 0 ? -10_000 : Math.rint(keys[i]));
            return keys;
        });
        double[] q = new double[random.q().length];
        Arrays.setAll(q, i -> i % 32 == 0 ? 1 : Math.rint(random.q()[i]));
        AttentionCase negative = new AttentionCase(shape, StorageType.F32, 99, q, random.keys(), random.values());
        KernelAssert.assertClose(
                "dense-attention",
                "f32",
                negative.expectedDense(),
                negative.dense(numSplits),
                Tolerance.KERNEL_ATTENTION);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        AttentionShape wide = AttentionCase.shape(1, 1, 256);
        FloatArray array = new FloatArray(256);
        IntArray step = Step.create();
        assertRefused(
                "headDim: expected at most 128, found 256",
                () -> DenseAttentionF32.addTo(
                        new KernelGraph("g"),
                        "dense",
                        array,
                        array,
                        array,
                        array,
                        step,
                        wide,
                        new CacheLayout(1, 256, 1),
                        1));
        AttentionShape shape = AttentionCase.shape(2, 1, 64);
        assertRefused(
                "layout: expected numKvHeads 1",
                () -> DenseAttentionF32.addTo(
                        new KernelGraph("g"),
                        "dense",
                        array,
                        array,
                        array,
                        array,
                        step,
                        shape,
                        new CacheLayout(2, 64, 2),
                        1));
        assertRefused(
                "results: expected at least 640 values",
                () -> DenseAttentionF32.addSplitTo(
                        new KernelGraph("g"),
                        "dense",
                        array,
                        array,
                        array,
                        SplitPartials.create(AttentionCase.shape(2, 1, 32), 1, 4),
                        array,
                        step,
                        shape,
                        new CacheLayout(1, 64, 4),
                        1));
    }
}
