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

class SwiGluTest {
    static List<GoldenVariant> variants() {
        return Golden.variants("swiglu");
    }

    /** The golden kernel is the whole MLP: {@code down(activate(gate x, up x))}. */
    @ParameterizedTest
    @MethodSource("variants")
    void equalsGolden(GoldenVariant variant) {
        int hidden = variant.integer("hidden");
        double[] x = variant.doubles("x");
        double[] gate = Linear.project(x, Matrix.of(variant.doubles("gate"), hidden));
        double[] up = Linear.project(x, Matrix.of(variant.doubles("up"), hidden));
        Matrix down = Matrix.of(variant.doubles("down"), variant.integer("intermediate"));
        double[] out = Linear.project(SwiGlu.activate(gate, up), down);
        TensorAssert.assertClose(variant.label("out"), variant.doubles("out"), out, Tolerance.REFERENCE_F64);
    }

    @Test
    void largeNegativesVanish() {
        double[] out = SwiGlu.activate(new double[] {-1e4, 1e4}, new double[] {3, 3});
        TensorAssert.assertClose("silu(+-1e4) 3", new double[] {0, 3e4}, out, Tolerance.REFERENCE_F64);
    }

    @Test
    void differentLengthsAreRefused() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> SwiGlu.activate(new double[4], new double[3]));
        assertEquals("up: expected 4 values as gate, [T, intermediateSize], found 3", e.getMessage());
    }
}
