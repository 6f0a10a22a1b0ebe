package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class VectorMathTest {
    static List<VectorSpecies<Float>> species() {
        return List.of(FloatVector.SPECIES_128, FloatVector.SPECIES_256, FloatVector.SPECIES_512, VectorMath.SPECIES);
    }

    @ParameterizedTest
    @MethodSource("species")
    void expIsWithinTwoUlpOverItsWholeRange(VectorSpecies<Float> species) {
        assertTrue(maxRelativeError(species, VectorMath::exp, Math::exp, -86.9f, 88.72f) < 1.2e-7);
        assertTrue(maxRelativeError(species, VectorMath::exp, Math::exp, -1f, 1f) < 1.2e-7);
    }

    @ParameterizedTest
    @MethodSource("species")
    void sigmoidAndSiluFollowExp(VectorSpecies<Float> species) {
        DoubleUnaryOperator sigmoid = x -> 1 / (1 + Math.exp(-x));
        assertTrue(maxRelativeError(species, VectorMath::sigmoid, sigmoid, -86f, 100f) < 2.5e-7);
        assertTrue(maxRelativeError(species, VectorMath::silu, x -> x * sigmoid.applyAsDouble(x), -86f, 100f) < 2.5e-7);
    }

    @ParameterizedTest
    @MethodSource("species")
    void expAtTheEdges(VectorSpecies<Float> species) {
        assertEquals(1f, exp(species, 0f));
        assertEquals(1f, exp(species, -0f));
        assertEquals(0f, exp(species, -87.5f));
        assertEquals(0f, exp(species, -1e30f));
        assertEquals(0f, exp(species, Float.NEGATIVE_INFINITY));
        assertEquals(Float.POSITIVE_INFINITY, exp(species, 88.8f));
        assertEquals(Float.POSITIVE_INFINITY, exp(species, 1e30f));
        assertEquals(Float.POSITIVE_INFINITY, exp(species, Float.POSITIVE_INFINITY));
        assertTrue(Float.isNaN(exp(species, Float.NaN)));
    }

    /** The plain loops of a cold start rely on it. */
    @Test
    void scalarsGiveTheBitsOfLanes() {
        float[] x = new float[VectorMath.LANES];
        float[] lanes = new float[VectorMath.LANES];
        for (long bits = 0; bits < 1L << Integer.SIZE; bits += 997L * VectorMath.LANES) {
            for (int lane = 0; lane < x.length; lane++) {
                x[lane] = Float.intBitsToFloat((int) (bits + 997L * lane));
            }
            FloatVector vector = FloatVector.fromArray(VectorMath.SPECIES, x, 0);
            VectorMath.exp(vector).intoArray(lanes, 0);
            for (int lane = 0; lane < x.length; lane++) {
                assertEquals(lanes[lane], VectorMath.exp(x[lane]), "exp of " + x[lane]);
            }
            VectorMath.sigmoid(vector).intoArray(lanes, 0);
            for (int lane = 0; lane < x.length; lane++) {
                assertEquals(lanes[lane], VectorMath.sigmoid(x[lane]), "sigmoid of " + x[lane]);
            }
            VectorMath.silu(vector).intoArray(lanes, 0);
            for (int lane = 0; lane < x.length; lane++) {
                assertEquals(lanes[lane], VectorMath.silu(x[lane]), "silu of " + x[lane]);
            }
        }
    }

    @Test
    void sigmoidAndSiluSaturate() {
        FloatVector far = FloatVector.broadcast(VectorMath.SPECIES, 200f);
        assertEquals(1f, VectorMath.sigmoid(far).lane(0));
        assertEquals(0f, VectorMath.sigmoid(far.neg()).lane(0));
        assertEquals(200f, VectorMath.silu(far).lane(0));
        assertEquals(-0f, VectorMath.silu(far.neg()).lane(0));
    }

    @Test
    void sumAddsHalvesFirst() {
        int lanes = VectorMath.LANES;
        float[] values = new float[lanes + 3];
        values[3] = 1e8f;
        values[3 + lanes / 2] = -1e8f;
        values[4] = 1;
        assertEquals(1f, VectorMath.sum(values, 3));
    }

    private static float exp(VectorSpecies<Float> species, float x) {
        return VectorMath.exp(FloatVector.broadcast(species, x)).lane(species.length() - 1);
    }

    private static double maxRelativeError(
            VectorSpecies<Float> species,
            UnaryOperator<FloatVector> function,
            DoubleUnaryOperator reference,
            float from,
            float to) {
        int lanes = species.length();
        int steps = 4096;
        float[] x = new float[lanes];
        double worst = 0;
        for (int step = 0; step < steps; step++) {
            for (int lane = 0; lane < lanes; lane++) {
                x[lane] = from + (to - from) * (step * lanes + lane) / (steps * lanes);
            }
            float[] y = function.apply(FloatVector.fromArray(species, x, 0)).toArray();
            for (int lane = 0; lane < lanes; lane++) {
                double expected = reference.applyAsDouble(x[lane]);
                double error = expected == 0 ? Math.abs(y[lane]) : Math.abs(y[lane] - expected) / Math.abs(expected);
                worst = Math.max(worst, error);
            }
        }
        return worst;
    }
}
