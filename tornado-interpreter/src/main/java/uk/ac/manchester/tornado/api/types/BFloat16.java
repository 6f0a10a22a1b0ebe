package uk.ac.manchester.tornado.api.types;

/** Conversions between floats and bfloat16 bits. */
public final class BFloat16 {
    /** The largest finite value. */
    public static final float BF16_MAX = 3.3895314e38f;

    private BFloat16() {}

    public static float bf16ToFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** The nearest bfloat16, ties to even, as the conversion of the hardware does it. */
    public static short bf16FromFloat(float value) {
        if (Float.isNaN(value)) {
            return 0x7FC0;
        }
        int bits = Float.floatToRawIntBits(value);
        return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }
}
