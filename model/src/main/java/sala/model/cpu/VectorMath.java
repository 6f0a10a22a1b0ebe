package sala.model.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions on float vectors of any width. Constants of the exponential are those of Cephes {@code expf}
 * (Moshier): a Cody and Waite reduction by ln 2 and a polynomial of degree 7 on [-ln 2 / 2, ln 2 / 2].
 */
final class VectorMath {
    /** The species of every kernel in this package: the widest that the machine runs well. */
    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

    /** Lanes of {@link #SPECIES}, a power of two from 4 on. */
    static final int LANES = SPECIES.length();

    /** As many shorts as {@link #SPECIES} has floats. */
    static final VectorSpecies<Short> HALF_SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));

    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;

    private static final float LOG2_E = 0x1.715476p0f;
    /** ln 2 in two parts; a product of the first, of 9 bits, with an exponent is exact. */
    private static final float LN2_HIGH = 0x1.63p-1f;

    private static final float LN2_LOW = -0x1.bd0106p-13f;
    /** 1.5 * 2^23: a float added to it is rounded to an integer, which is then found in the low bits. */
    private static final float ROUNDER = 12582912f;
    /** Below, the scale of the result, 2^-126 / 2, has no exponent bits left and counts as 0. */
    private static final float EXP_MIN = -87.2f;
    /** Beyond, the result overflows to infinity; at this bound it already has. */
    private static final float EXP_MAX = 89f;

    /** Coefficients of the polynomial, from r^7 down to r^2; those of r and 1 are 1. */
    private static final float C7 = 1.9875691e-4f;

    private static final float C6 = 1.3981999e-3f;
    private static final float C5 = 8.333452e-3f;
    private static final float C4 = 4.1665796e-2f;
    private static final float C3 = 0.16666666f;
    private static final float C2 = 0.5f;

    private static final int SIGNIFICAND_BITS = Float.PRECISION - 1;

    private VectorMath() {}

    /**
     * {@code e^x} in every lane.
     *
     * <p>Largest relative error 1.2e-7 (2 ulp) against {@link Math#exp(double)}; results below about 1.7e-38, that is x below
     * -86.99, are 0; from x = 88.73 on the result is infinite; NaN stays NaN; {@code exp(0)} is exactly 1.
     */
    static FloatVector exp(FloatVector x) {
        // Compare and blend instead of min and max, which cost more because they order NaN and signed zeros.
        FloatVector bounded = x.blend(EXP_MIN, x.lt(EXP_MIN));
        bounded = bounded.blend(EXP_MAX, bounded.compare(VectorOperators.GT, EXP_MAX));
        FloatVector shifted = bounded.lanewise(VectorOperators.FMA, LOG2_E, ROUNDER);
        FloatVector exponent = shifted.sub(ROUNDER);
        FloatVector r = exponent.lanewise(VectorOperators.FMA, broadcast(x, -LN2_HIGH), bounded);
        r = exponent.lanewise(VectorOperators.FMA, broadcast(x, -LN2_LOW), r);
        FloatVector p = r.lanewise(VectorOperators.FMA, C7, C6);
        p = p.lanewise(VectorOperators.FMA, r, C5);
        p = p.lanewise(VectorOperators.FMA, r, C4);
        p = p.lanewise(VectorOperators.FMA, r, C3);
        p = p.lanewise(VectorOperators.FMA, r, C2);
        p = p.lanewise(VectorOperators.FMA, r.mul(r), r).add(1f);
        // 2^exponent is applied as 2 * 2^(exponent-1), so that exponent 128 fits and exponent -126 gives the scale 0.
        FloatVector scale = shifted.reinterpretAsInts()
                .add(Float.MAX_EXPONENT - 1)
                .lanewise(VectorOperators.LSHL, SIGNIFICAND_BITS)
                .reinterpretAsFloats();
        return p.add(p).mul(scale);
    }

    /** {@code 1 / (1 + e^-x)} in every lane: 0 towards minus infinity, 1 towards infinity. */
    static FloatVector sigmoid(FloatVector x) {
        return broadcast(x, 1f).div(exp(x.neg()).add(1f));
    }

    /** {@code x * sigmoid(x)} in every lane, for finite x. */
    static FloatVector silu(FloatVector x) {
        return x.div(exp(x.neg()).add(1f));
    }

    /** One lane of {@link #exp(FloatVector)}, to the same bits. */
    static float exp(float x) {
        float bounded = x < EXP_MIN ? EXP_MIN : x > EXP_MAX ? EXP_MAX : x;
        float shifted = Math.fma(bounded, LOG2_E, ROUNDER);
        float exponent = shifted - ROUNDER;
        float r = Math.fma(exponent, -LN2_HIGH, bounded);
        r = Math.fma(exponent, -LN2_LOW, r);
        float p = Math.fma(r, C7, C6);
        p = Math.fma(p, r, C5);
        p = Math.fma(p, r, C4);
        p = Math.fma(p, r, C3);
        p = Math.fma(p, r, C2);
        p = Math.fma(p, r * r, r) + 1;
        int exponentBits = Float.floatToRawIntBits(shifted) + Float.MAX_EXPONENT - 1;
        float scale = Float.intBitsToFloat(exponentBits << SIGNIFICAND_BITS);
        return (p + p) * scale;
    }

    /** One lane of {@link #sigmoid(FloatVector)}, to the same bits. */
    static float sigmoid(float x) {
        return 1 / (exp(-x) + 1);
    }

    /** One lane of {@link #silu(FloatVector)}, to the same bits. */
    static float silu(float x) {
        return x / (exp(-x) + 1);
    }

    /**
     * Sum of {@link #LANES} values, the stored lanes of a vector, always in the same order: those half a vector apart
     * first, then a quarter and so on. Overwrites them.
     *
     * <p>{@code reduceLanes(ADD)} may add floats in another order when compiled than when interpreted, so that equal runs
     * of one program would differ. Shuffles instead of stores make the callers too large for C2 to inline, and a vector
     * that crosses a call becomes an object.
     */
    static float sum(float[] values, int offset) {
        for (int distance = LANES / 2; distance > 0; distance /= 2) {
            for (int lane = offset; lane < offset + distance; lane++) {
                values[lane] += values[lane + distance];
            }
        }
        return values[offset];
    }

    /** Loads {@link #LANES} little-endian shorts into the low halves of ints, the high halves being 0. */
    static IntVector loadUnsignedShorts(MemorySegment segment, long offsetBytes) {
        return (IntVector) ShortVector.fromMemorySegment(HALF_SHORTS, segment, offsetBytes, ByteOrder.LITTLE_ENDIAN)
                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
    }

    private static FloatVector broadcast(FloatVector like, float value) {
        return FloatVector.broadcast(like.species(), value);
    }
}
