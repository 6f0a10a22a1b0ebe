package uk.ac.manchester.tornado.api.types;

/** Conversions between floats and the two 8-bit formats of the Open Compute Project. */
public final class FP8 {
    /** The largest finite E4M3 value. */
    public static final float E4M3_MAX = 448.0f;

    /** The largest finite E5M2 value. */
    public static final float E5M2_MAX = 57344.0f;

    private FP8() {}

    public static float e4m3ToFloat(byte bits) {
        return (bits & 0x7F) == 0x7F ? Float.NaN : decode(bits, 3, 7);
    }

    /** The nearest E4M3 value, ties to even; values beyond the largest become the largest. */
    public static byte e4m3FromFloat(float value) {
        if (Float.isNaN(value)) {
            return 0x7F;
        }
        return encode(value, 3, 7, E4M3_MAX, 0x7E);
    }

    public static float e5m2ToFloat(byte bits) {
        int magnitude = bits & 0x7F;
        if (magnitude > 0x7C) {
            return Float.NaN;
        }
        if (magnitude == 0x7C) {
            return bits < 0 ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY;
        }
        return decode(bits, 2, 15);
    }

    /** The nearest E5M2 value, ties to even; values that would round past the largest become infinite. */
    public static byte e5m2FromFloat(float value) {
        if (Float.isNaN(value)) {
            return 0x7F;
        }
        return encode(value, 2, 15, 61440.0f, 0x7C);
    }

    private static float decode(byte bits, int mantissaBits, int bias) {
        int exponent = (bits & 0x7F) >> mantissaBits;
        int mantissa = bits & ((1 << mantissaBits) - 1);
        int significand = exponent == 0 ? mantissa : mantissa | 1 << mantissaBits;
        float magnitude = Math.scalb((float) significand, Math.max(exponent, 1) - bias - mantissaBits);
        return bits < 0 ? -magnitude : magnitude;
    }

    private static byte encode(float value, int mantissaBits, int bias, float limit, int beyondLimit) {
        int sign = Float.floatToRawIntBits(value) >>> 31 << 7;
        float magnitude = Math.abs(value);
        if (magnitude >= limit) {
            return (byte) (sign | beyondLimit);
        }
        int exponent = Math.max(Math.getExponent(magnitude), 1 - bias);
        // An exact power of two scales the value so that its unit is one; rint rounds ties to even. A mantissa that
        // rounds up carries into the exponent by itself.
        int units = (int) Math.rint(Math.scalb((double) magnitude, mantissaBits - exponent));
        return (byte) (sign | ((exponent + bias - 1) << mantissaBits) + units);
    }
}
