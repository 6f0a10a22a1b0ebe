package sala.kernels.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

class RopeTest {
    static List<GoldenVariant> variants() {
        return Golden.variants("rope");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void equalsGolden(GoldenVariant variant) {
        int dim = variant.integer("dim");
        double[] angles = Rope.angles(variant.ints("positions"), dim, variant.number("theta"));
        double[] cos = Arrays.stream(angles).map(Math::cos).toArray();
        double[] sin = Arrays.stream(angles).map(Math::sin).toArray();
        TensorAssert.assertClose(variant.label("cos"), variant.doubles("cos"), cos, Tolerance.REFERENCE_F64);
        TensorAssert.assertClose(variant.label("sin"), variant.doubles("sin"), sin, Tolerance.REFERENCE_F64);
        double[] out = Rope.rotate(variant.doubles("x"), angles, dim);
        TensorAssert.assertClose(variant.label("out"), variant.doubles("out"), out, Tolerance.REFERENCE_F64);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 100, 1000})
    void negatedAnglesTurnBack(int tokenCount) {
        RandomTensors random = RandomTensors.create();
        double[] x = random.normal(tokenCount * 3 * 8);
        double[] angles = Rope.angles(IntStream.range(0, tokenCount).toArray(), 8, 10_000);
        double[] back = Arrays.stream(angles).map(angle -> -angle).toArray();
        TensorAssert.assertClose(
                "turned there and back, " + random,
                x,
                Rope.rotate(Rope.rotate(x, angles, 8), back, 8),
                Tolerance.REFERENCE_F64);
    }

    @Test
    void positionsPastTheFloatIntegersAreRoundedToFloat() {
        assertEquals(1 << 24, Rope.angles(new int[] {(1 << 24) + 1}, 2, 10_000)[0]);
    }

    @Test
    void wrongSizesAreRefused() {
        IllegalArgumentException odd =
                assertThrows(IllegalArgumentException.class, () -> Rope.angles(new int[1], 7, 10_000));
        assertEquals("headDim: expected a multiple of 2 values (channels turn in pairs), found 7", odd.getMessage());
        IllegalArgumentException part =
                assertThrows(IllegalArgumentException.class, () -> Rope.rotate(new double[20], new double[2 * 4], 8));
        assertEquals("x: expected a multiple of 16 values [T, heads, headDim], found 20", part.getMessage());
    }
}
