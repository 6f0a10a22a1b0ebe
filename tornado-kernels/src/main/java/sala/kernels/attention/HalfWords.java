package sala.kernels.attention;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/**
 * Numbers in f16, two in a word, as tensor cores read them. Their bits are computed by arithmetic: TornadoVM has no way to
 * the bits of a half that was computed.
 *
 * <p>They are the exponent + 15 in steps of 1024 and what the significand has above 1 in 1024ths, and of numbers below
 * 2^-14 the significand at that exponent: either way {@code 1024 (exponent + 14 + significand)}. Where a logarithm is
 * rounded to the next whole exponent, this gives the same bits.
 */
final class HalfWords {
    /** Of the largest power that surely fits. */
    static final float LARGEST_POWER = 15f;

    /** Of the least number that f16 holds to 11 digits. */
    private static final float LEAST_NORMAL = -14f;

    private static final float LN_2 = 0.6931472f;

    private HalfWords() {}

    /** 2^even and 2^odd, of at most {@link #LARGEST_POWER} and down to 0, in the lower and the upper half of a word. */
    static int powers(float even, float odd) {
        return (int) bitsOfPower(even) | (int) bitsOfPower(odd) << 16;
    }

    /** Bits of 2^x, and a fraction. */
    private static float bitsOfPower(float x) {
        float exponent = TornadoMath.max(TornadoMath.floor(x), LEAST_NORMAL);
        float significand = TornadoMath.exp((x - exponent) * LN_2);
        return (exponent + 14f + significand) * 1024f + 0.5f;
    }
}
