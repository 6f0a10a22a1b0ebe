package sala.kernels.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

class RmsNormTest {
    static List<GoldenVariant> variants() {
        return Golden.variants("rmsnorm");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void equalsGolden(GoldenVariant variant) {
        double[] out = RmsNorm.normalize(variant.doubles("x"), variant.doubles("weight"), variant.number("eps"));
        TensorAssert.assertClose(variant.label("out"), variant.doubles("out"), out, Tolerance.REFERENCE_F64);
    }

    @Test
    void zeroStaysZero() {
        TensorAssert.assertClose(
                "zero row",
                new double[] {0, 0},
                RmsNorm.normalize(new double[2], new double[] {1, 1}, 1e-6),
                Tolerance.REFERENCE_F64);
    }

    @Test
    void partOfARowIsRefused() {
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> RmsNorm.normalize(new double[5], new double[3], 1e-6));
        assertEquals("x: expected a multiple of 3 values [rows, width], found 5", e.getMessage());
    }
}
