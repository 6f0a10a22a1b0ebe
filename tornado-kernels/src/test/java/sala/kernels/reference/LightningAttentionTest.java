package sala.kernels.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

class LightningAttentionTest {
    private static final int[] CHUNK_SIZES = {1, 7, 16, 64, 100};

    static List<GoldenVariant> variants() {
        return Golden.variants("lightning");
    }

    static Stream<Arguments> lengthsAndChunkSizes() {
        return IntStream.of(1, 63, 64, 65, 100, 1000)
                .boxed()
                .flatMap(length -> IntStream.of(CHUNK_SIZES).mapToObj(chunkSize -> Arguments.of(length, chunkSize)));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void recurrentStepEqualsGolden(GoldenVariant variant) {
        double[] state = variant.doubles("state_in");
        double[] out = recurrent(
                variant.doubles("q"),
                variant.doubles("k"),
                variant.doubles("v"),
                variant.doubles("slopes"),
                variant.number("scale"),
                state);
        TensorAssert.assertClose(variant.label("out"), variant.doubles("out"), out, Tolerance.REFERENCE_F64);
        TensorAssert.assertClose(
                variant.label("state_out"), variant.doubles("state_out"), state, Tolerance.REFERENCE_F64);
    }

    @ParameterizedTest
    @MethodSource("variants")
    void chunkedPrefillEqualsGoldenForAllChunkSizes(GoldenVariant variant) {
        for (int chunkSize : CHUNK_SIZES) {
            double[] state = variant.doubles("state_in");
            double[] out = LightningAttention.chunkedPrefill(
                    variant.doubles("q"),
                    variant.doubles("k"),
                    variant.doubles("v"),
                    variant.doubles("slopes"),
                    variant.number("scale"),
                    state,
                    chunkSize);
            String label = variant.label("out") + " in chunks of " + chunkSize;
            TensorAssert.assertClose(label, variant.doubles("out"), out, Tolerance.REFERENCE_F64);
            TensorAssert.assertClose(label + ", state", variant.doubles("state_out"), state, Tolerance.REFERENCE_F64);
        }
    }

    @ParameterizedTest
    @MethodSource("lengthsAndChunkSizes")
    void chunkedEqualsRecurrent(int tokenCount, int chunkSize) {
        RandomTensors random = RandomTensors.create();
        int numHeads = 3;
        int headDim = 8;
        double[] slopes = DecaySlopes.of(numHeads);
        double[] q = random.normal(tokenCount * numHeads * headDim);
        double[] k = random.normal(q.length);
        double[] v = random.normal(q.length);
        double[] recurrentState = random.normal(numHeads * headDim * headDim);
        double[] chunkedState = recurrentState.clone();
        double[] expected = recurrent(q, k, v, slopes, 0.5, recurrentState);
        double[] actual = LightningAttention.chunkedPrefill(q, k, v, slopes, 0.5, chunkedState, chunkSize);
        TensorAssert.assertClose("out, " + random, expected, actual, Tolerance.REFERENCE_F64);
        TensorAssert.assertClose("state, " + random, recurrentState, chunkedState, Tolerance.REFERENCE_F64);
    }

    @Test
    void wrongLengthsAreRefused() {
        double[] slopes = DecaySlopes.of(2);
        double[] state = new double[2 * 4 * 4];
        double[] token = new double[2 * 4];
        assertEquals(
                "k: expected 8 values [T, numHeads, headDim], found 7",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> LightningAttention.recurrentStep(token, new double[7], token, slopes, 1, state))
                        .getMessage());
        assertEquals(
                "state: expected 32 values [numHeads, headDim, headDim], found 33",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> LightningAttention.recurrentStep(token, token, token, slopes, 1, new double[33]))
                        .getMessage());
        assertEquals(
                "v: expected 16 values [T, numHeads, headDim], found 8",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> LightningAttention.chunkedPrefill(
                                        new double[16], new double[16], token, slopes, 1, state, 4))
                        .getMessage());
        assertEquals(
                "chunkSize: expected at least 1, found 0",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> LightningAttention.chunkedPrefill(token, token, token, slopes, 1, state, 0))
                        .getMessage());
    }

    private static double[] recurrent(
            double[] q, double[] k, double[] v, double[] slopes, double scale, double[] state) {
        int width = state.length / slopes.length;
        width = (int) Math.round(Math.sqrt(width)) * slopes.length;
        double[] out = new double[q.length];
        for (int from = 0; from < q.length; from += width) {
            double[] token = LightningAttention.recurrentStep(
                    Arrays.copyOfRange(q, from, from + width),
                    Arrays.copyOfRange(k, from, from + width),
                    Arrays.copyOfRange(v, from, from + width),
                    slopes,
                    scale,
                    state);
            System.arraycopy(token, 0, out, from, width);
        }
        return out;
    }
}
