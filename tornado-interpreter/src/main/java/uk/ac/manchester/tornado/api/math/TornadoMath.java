package uk.ac.manchester.tornado.api.math;

import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.vectors.Float2;
import uk.ac.manchester.tornado.api.types.vectors.Float4;
import uk.ac.manchester.tornado.api.types.vectors.Float8;

/** Functions that a kernel may call. A device computes the transcendental ones in its own precision. */
public class TornadoMath {
    public TornadoMath() {}

    public static float min(float a, float b) {
        return Math.min(a, b);
    }

    public static double min(double a, double b) {
        return Math.min(a, b);
    }

    public static long min(long a, long b) {
        return Math.min(a, b);
    }

    public static int min(int a, int b) {
        return Math.min(a, b);
    }

    public static short min(short a, short b) {
        return (short) Math.min(a, b);
    }

    public static byte min(byte a, byte b) {
        return (byte) Math.min(a, b);
    }

    public static HalfFloat min(HalfFloat a, HalfFloat b) {
        return a.getFloat32() < b.getFloat32() ? a : b;
    }

    public static float max(float a, float b) {
        return Math.max(a, b);
    }

    public static double max(double a, double b) {
        return Math.max(a, b);
    }

    public static long max(long a, long b) {
        return Math.max(a, b);
    }

    public static int max(int a, int b) {
        return Math.max(a, b);
    }

    public static short max(short a, short b) {
        return (short) Math.max(a, b);
    }

    public static byte max(byte a, byte b) {
        return (byte) Math.max(a, b);
    }

    public static HalfFloat max(HalfFloat a, HalfFloat b) {
        return a.getFloat32() > b.getFloat32() ? a : b;
    }

    public static float abs(float value) {
        return Math.abs(value);
    }

    public static double abs(double value) {
        return Math.abs(value);
    }

    public static long abs(long value) {
        return Math.abs(value);
    }

    public static int abs(int value) {
        return Math.abs(value);
    }

    public static short abs(short value) {
        return (short) Math.abs(value);
    }

    public static byte abs(byte value) {
        return (byte) Math.abs(value);
    }

    public static long clamp(long value, long min, long max) {
        return max(min, min(max, value));
    }

    public static int clamp(int value, int min, int max) {
        return max(min, min(max, value));
    }

    public static short clamp(short value, short min, short max) {
        return max(min, min(max, value));
    }

    public static byte clamp(byte value, byte min, byte max) {
        return max(min, min(max, value));
    }

    public static float clamp(float value, float min, float max) {
        return max(min, min(max, value));
    }

    public static double clamp(double value, double min, double max) {
        return max(min, min(max, value));
    }

    public static float exp(float value) {
        return (float) Math.exp(value);
    }

    public static double exp(double value) {
        return Math.exp(value);
    }

    public static float sqrt(float value) {
        return (float) Math.sqrt(value);
    }

    public static double sqrt(double value) {
        return Math.sqrt(value);
    }

    public static float floor(float value) {
        return (float) Math.floor(value);
    }

    public static double floor(double value) {
        return Math.floor(value);
    }

    public static float ceil(float value) {
        return (float) Math.ceil(value);
    }

    public static double ceil(double value) {
        return Math.ceil(value);
    }

    public static float log(float value) {
        return (float) Math.log(value);
    }

    public static double log(double value) {
        return Math.log(value);
    }

    public static float atan(float value) {
        return (float) Math.atan(value);
    }

    public static double atan(double value) {
        return Math.atan(value);
    }

    public static float tan(float value) {
        return (float) Math.tan(value);
    }

    public static double tan(double value) {
        return Math.tan(value);
    }

    public static float tanh(float value) {
        return (float) Math.tanh(value);
    }

    public static double tanh(double value) {
        return Math.tanh(value);
    }

    public static float acos(float value) {
        return (float) Math.acos(value);
    }

    public static double acos(double value) {
        return Math.acos(value);
    }

    public static float asin(float value) {
        return (float) Math.asin(value);
    }

    public static double asin(double value) {
        return Math.asin(value);
    }

    public static float cos(float value) {
        return (float) Math.cos(value);
    }

    public static double cos(double value) {
        return Math.cos(value);
    }

    public static float sin(float value) {
        return (float) Math.sin(value);
    }

    public static double sin(double value) {
        return Math.sin(value);
    }

    public static float signum(float value) {
        return Math.signum(value);
    }

    public static double signum(double value) {
        return Math.signum(value);
    }

    public static float toRadians(float value) {
        return (float) Math.toRadians(value);
    }

    public static double toRadians(double value) {
        return Math.toRadians(value);
    }

    public static float pow(float a, float b) {
        return (float) Math.pow(a, b);
    }

    public static double pow(double a, double b) {
        return Math.pow(a, b);
    }

    public static float atan2(float a, float b) {
        return (float) Math.atan2(a, b);
    }

    public static double atan2(double a, double b) {
        return Math.atan2(a, b);
    }

    public static float fract(float value) {
        return value - floor(value);
    }

    public static double fract(double value) {
        return value - floor(value);
    }

    public static float log2(float value) {
        return log(value) / log(2f);
    }

    public static double log2(double value) {
        return log(value) / log(2.0);
    }

    public static float sinpi(float value) {
        return (float) sinpi((double) value);
    }

    public static double sinpi(double value) {
        return sin(value * Math.PI);
    }

    public static float cospi(float value) {
        return (float) cospi((double) value);
    }

    public static double cospi(double value) {
        return cos(value * Math.PI);
    }

    public static float acosh(float value) {
        return (float) acosh((double) value);
    }

    public static double acosh(double value) {
        return log(value + sqrt(value * value - 1));
    }

    public static float asinh(float value) {
        return (float) asinh((double) value);
    }

    public static double asinh(double value) {
        return log(value + sqrt(value * value + 1));
    }

    public static Float2 cos(Float2 value) {
        return new Float2(cos(value.getX()), cos(value.getY()));
    }

    public static Float2 sin(Float2 value) {
        return new Float2(sin(value.getX()), sin(value.getY()));
    }

    public static Float4 cos(Float4 value) {
        return new Float4(cos(value.getX()), cos(value.getY()), cos(value.getZ()), cos(value.getW()));
    }

    public static Float4 sin(Float4 value) {
        return new Float4(sin(value.getX()), sin(value.getY()), sin(value.getZ()), sin(value.getW()));
    }

    public static Float8 cos(Float8 value) {
        return new Float8(
                cos(value.getS0()),
                cos(value.getS1()),
                cos(value.getS2()),
                cos(value.getS3()),
                cos(value.getS4()),
                cos(value.getS5()),
                cos(value.getS6()),
                cos(value.getS7()));
    }

    public static Float8 sin(Float8 value) {
        return new Float8(
                sin(value.getS0()),
                sin(value.getS1()),
                sin(value.getS2()),
                sin(value.getS3()),
                sin(value.getS4()),
                sin(value.getS5()),
                sin(value.getS6()),
                sin(value.getS7()));
    }

    public static float floatPI() {
        return (float) Math.PI;
    }

    public static double PI() {
        return Math.PI;
    }
}
