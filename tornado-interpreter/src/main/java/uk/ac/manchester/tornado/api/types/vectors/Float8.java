package uk.ac.manchester.tornado.api.types.vectors;

import java.nio.FloatBuffer;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.math.TornadoMath;

/** Eight floats. */
public final class Float8 implements TornadoVectorsInterface<FloatBuffer> {
    public static final Class<Float8> TYPE = Float8.class;

    private final float[] storage = new float[8];

    public Float8() {}

    public Float8(float s0, float s1, float s2, float s3, float s4, float s5, float s6, float s7) {
        storage[0] = s0;
        storage[1] = s1;
        storage[2] = s2;
        storage[3] = s3;
        storage[4] = s4;
        storage[5] = s5;
        storage[6] = s6;
        storage[7] = s7;
    }

    public static Float8 add(Float8 a, Float8 b) {
        return new Float8(
                a.getS0() + b.getS0(),
                a.getS1() + b.getS1(),
                a.getS2() + b.getS2(),
                a.getS3() + b.getS3(),
                a.getS4() + b.getS4(),
                a.getS5() + b.getS5(),
                a.getS6() + b.getS6(),
                a.getS7() + b.getS7());
    }

    public static Float8 sub(Float8 a, Float8 b) {
        return new Float8(
                a.getS0() - b.getS0(),
                a.getS1() - b.getS1(),
                a.getS2() - b.getS2(),
                a.getS3() - b.getS3(),
                a.getS4() - b.getS4(),
                a.getS5() - b.getS5(),
                a.getS6() - b.getS6(),
                a.getS7() - b.getS7());
    }

    public static Float8 mult(Float8 a, Float8 b) {
        return new Float8(
                a.getS0() * b.getS0(),
                a.getS1() * b.getS1(),
                a.getS2() * b.getS2(),
                a.getS3() * b.getS3(),
                a.getS4() * b.getS4(),
                a.getS5() * b.getS5(),
                a.getS6() * b.getS6(),
                a.getS7() * b.getS7());
    }

    public static Float8 div(Float8 a, Float8 b) {
        return new Float8(
                a.getS0() / b.getS0(),
                a.getS1() / b.getS1(),
                a.getS2() / b.getS2(),
                a.getS3() / b.getS3(),
                a.getS4() / b.getS4(),
                a.getS5() / b.getS5(),
                a.getS6() / b.getS6(),
                a.getS7() / b.getS7());
    }

    public static Float8 min(Float8 a, Float8 b) {
        return new Float8(
                Math.min(a.getS0(), b.getS0()),
                Math.min(a.getS1(), b.getS1()),
                Math.min(a.getS2(), b.getS2()),
                Math.min(a.getS3(), b.getS3()),
                Math.min(a.getS4(), b.getS4()),
                Math.min(a.getS5(), b.getS5()),
                Math.min(a.getS6(), b.getS6()),
                Math.min(a.getS7(), b.getS7()));
    }

    public static Float8 max(Float8 a, Float8 b) {
        return new Float8(
                Math.max(a.getS0(), b.getS0()),
                Math.max(a.getS1(), b.getS1()),
                Math.max(a.getS2(), b.getS2()),
                Math.max(a.getS3(), b.getS3()),
                Math.max(a.getS4(), b.getS4()),
                Math.max(a.getS5(), b.getS5()),
                Math.max(a.getS6(), b.getS6()),
                Math.max(a.getS7(), b.getS7()));
    }

    public static Float8 add(Float8 a, float b) {
        return new Float8(
                a.getS0() + b,
                a.getS1() + b,
                a.getS2() + b,
                a.getS3() + b,
                a.getS4() + b,
                a.getS5() + b,
                a.getS6() + b,
                a.getS7() + b);
    }

    public static Float8 sub(Float8 a, float b) {
        return new Float8(
                a.getS0() - b,
                a.getS1() - b,
                a.getS2() - b,
                a.getS3() - b,
                a.getS4() - b,
                a.getS5() - b,
                a.getS6() - b,
                a.getS7() - b);
    }

    public static Float8 mult(Float8 a, float b) {
        return new Float8(
                a.getS0() * b,
                a.getS1() * b,
                a.getS2() * b,
                a.getS3() * b,
                a.getS4() * b,
                a.getS5() * b,
                a.getS6() * b,
                a.getS7() * b);
    }

    public static Float8 div(Float8 a, float b) {
        return new Float8(
                a.getS0() / b,
                a.getS1() / b,
                a.getS2() / b,
                a.getS3() / b,
                a.getS4() / b,
                a.getS5() / b,
                a.getS6() / b,
                a.getS7() / b);
    }

    public static float min(Float8 value) {
        return Math.min(
                Math.min(
                        Math.min(
                                Math.min(
                                        Math.min(
                                                Math.min(Math.min(value.getS0(), value.getS1()), value.getS2()),
                                                value.getS3()),
                                        value.getS4()),
                                value.getS5()),
                        value.getS6()),
                value.getS7());
    }

    public static float max(Float8 value) {
        return Math.max(
                Math.max(
                        Math.max(
                                Math.max(
                                        Math.max(
                                                Math.max(Math.max(value.getS0(), value.getS1()), value.getS2()),
                                                value.getS3()),
                                        value.getS4()),
                                value.getS5()),
                        value.getS6()),
                value.getS7());
    }

    public static float dot(Float8 a, Float8 b) {
        return a.getS0() * b.getS0()
                + a.getS1() * b.getS1()
                + a.getS2() * b.getS2()
                + a.getS3() * b.getS3()
                + a.getS4() * b.getS4()
                + a.getS5() * b.getS5()
                + a.getS6() * b.getS6()
                + a.getS7() * b.getS7();
    }

    public static Float8 sqrt(Float8 a) {
        return new Float8(
                TornadoMath.sqrt(a.getS0()),
                TornadoMath.sqrt(a.getS1()),
                TornadoMath.sqrt(a.getS2()),
                TornadoMath.sqrt(a.getS3()),
                TornadoMath.sqrt(a.getS4()),
                TornadoMath.sqrt(a.getS5()),
                TornadoMath.sqrt(a.getS6()),
                TornadoMath.sqrt(a.getS7()));
    }

    public float get(int index) {
        return storage[index];
    }

    public void set(int index, float value) {
        storage[index] = value;
    }

    public void set(Float8 value) {
        System.arraycopy(value.storage, 0, storage, 0, storage.length);
    }

    public float getS0() {
        return get(0);
    }

    public void setS0(float value) {
        set(0, value);
    }

    public float getS1() {
        return get(1);
    }

    public void setS1(float value) {
        set(1, value);
    }

    public float getS2() {
        return get(2);
    }

    public void setS2(float value) {
        set(2, value);
    }

    public float getS3() {
        return get(3);
    }

    public void setS3(float value) {
        set(3, value);
    }

    public float getS4() {
        return get(4);
    }

    public void setS4(float value) {
        set(4, value);
    }

    public float getS5() {
        return get(5);
    }

    public void setS5(float value) {
        set(5, value);
    }

    public float getS6() {
        return get(6);
    }

    public void setS6(float value) {
        set(6, value);
    }

    public float getS7() {
        return get(7);
    }

    public void setS7(float value) {
        set(7, value);
    }

    public Float4 getHigh() {
        return new Float4(get(4), get(5), get(6), get(7));
    }

    public Float4 getLow() {
        return new Float4(get(0), get(1), get(2), get(3));
    }

    public Float8 duplicate() {
        Float8 copy = new Float8();
        copy.set(this);
        return copy;
    }

    /** The components themselves, not a copy. */
    public float[] toArray() {
        return storage;
    }

    /** The components themselves, not a copy. */
    public float[] getArray() {
        return storage;
    }

    @Override
    public void loadFromBuffer(FloatBuffer buffer) {
        asBuffer().put(buffer);
    }

    @Override
    public FloatBuffer asBuffer() {
        return FloatBuffer.wrap(storage);
    }

    @Override
    public int size() {
        return storage.length;
    }

    @Override
    public long getNumBytes() {
        return (long) storage.length * 4;
    }

    @Override
    public String toString() {
        return "Float8" + Arrays.toString(storage);
    }
}
