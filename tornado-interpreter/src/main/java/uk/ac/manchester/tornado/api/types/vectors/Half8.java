package uk.ac.manchester.tornado.api.types.vectors;

import java.nio.ShortBuffer;
import uk.ac.manchester.tornado.api.types.HalfFloat;

/** Eight half floats. */
public final class Half8 implements TornadoVectorsInterface<ShortBuffer> {
    public static final Class<Half8> TYPE = Half8.class;

    private final short[] storage = new short[8];

    public Half8() {}

    public Half8(
            HalfFloat s0,
            HalfFloat s1,
            HalfFloat s2,
            HalfFloat s3,
            HalfFloat s4,
            HalfFloat s5,
            HalfFloat s6,
            HalfFloat s7) {
        storage[0] = s0.getHalfFloatValue();
        storage[1] = s1.getHalfFloatValue();
        storage[2] = s2.getHalfFloatValue();
        storage[3] = s3.getHalfFloatValue();
        storage[4] = s4.getHalfFloatValue();
        storage[5] = s5.getHalfFloatValue();
        storage[6] = s6.getHalfFloatValue();
        storage[7] = s7.getHalfFloatValue();
    }

    public static Half8 add(Half8 a, Half8 b) {
        return new Half8(
                HalfFloat.add(a.getS0(), b.getS0()),
                HalfFloat.add(a.getS1(), b.getS1()),
                HalfFloat.add(a.getS2(), b.getS2()),
                HalfFloat.add(a.getS3(), b.getS3()),
                HalfFloat.add(a.getS4(), b.getS4()),
                HalfFloat.add(a.getS5(), b.getS5()),
                HalfFloat.add(a.getS6(), b.getS6()),
                HalfFloat.add(a.getS7(), b.getS7()));
    }

    public static Half8 sub(Half8 a, Half8 b) {
        return new Half8(
                HalfFloat.sub(a.getS0(), b.getS0()),
                HalfFloat.sub(a.getS1(), b.getS1()),
                HalfFloat.sub(a.getS2(), b.getS2()),
                HalfFloat.sub(a.getS3(), b.getS3()),
                HalfFloat.sub(a.getS4(), b.getS4()),
                HalfFloat.sub(a.getS5(), b.getS5()),
                HalfFloat.sub(a.getS6(), b.getS6()),
                HalfFloat.sub(a.getS7(), b.getS7()));
    }

    public static Half8 mult(Half8 a, Half8 b) {
        return new Half8(
                HalfFloat.mult(a.getS0(), b.getS0()),
                HalfFloat.mult(a.getS1(), b.getS1()),
                HalfFloat.mult(a.getS2(), b.getS2()),
                HalfFloat.mult(a.getS3(), b.getS3()),
                HalfFloat.mult(a.getS4(), b.getS4()),
                HalfFloat.mult(a.getS5(), b.getS5()),
                HalfFloat.mult(a.getS6(), b.getS6()),
                HalfFloat.mult(a.getS7(), b.getS7()));
    }

    public static Half8 div(Half8 a, Half8 b) {
        return new Half8(
                HalfFloat.div(a.getS0(), b.getS0()),
                HalfFloat.div(a.getS1(), b.getS1()),
                HalfFloat.div(a.getS2(), b.getS2()),
                HalfFloat.div(a.getS3(), b.getS3()),
                HalfFloat.div(a.getS4(), b.getS4()),
                HalfFloat.div(a.getS5(), b.getS5()),
                HalfFloat.div(a.getS6(), b.getS6()),
                HalfFloat.div(a.getS7(), b.getS7()));
    }

    public static Half8 add(Half8 a, HalfFloat b) {
        return new Half8(
                HalfFloat.add(a.getS0(), b),
                HalfFloat.add(a.getS1(), b),
                HalfFloat.add(a.getS2(), b),
                HalfFloat.add(a.getS3(), b),
                HalfFloat.add(a.getS4(), b),
                HalfFloat.add(a.getS5(), b),
                HalfFloat.add(a.getS6(), b),
                HalfFloat.add(a.getS7(), b));
    }

    public static Half8 sub(Half8 a, HalfFloat b) {
        return new Half8(
                HalfFloat.sub(a.getS0(), b),
                HalfFloat.sub(a.getS1(), b),
                HalfFloat.sub(a.getS2(), b),
                HalfFloat.sub(a.getS3(), b),
                HalfFloat.sub(a.getS4(), b),
                HalfFloat.sub(a.getS5(), b),
                HalfFloat.sub(a.getS6(), b),
                HalfFloat.sub(a.getS7(), b));
    }

    public static Half8 mult(Half8 a, HalfFloat b) {
        return new Half8(
                HalfFloat.mult(a.getS0(), b),
                HalfFloat.mult(a.getS1(), b),
                HalfFloat.mult(a.getS2(), b),
                HalfFloat.mult(a.getS3(), b),
                HalfFloat.mult(a.getS4(), b),
                HalfFloat.mult(a.getS5(), b),
                HalfFloat.mult(a.getS6(), b),
                HalfFloat.mult(a.getS7(), b));
    }

    public static Half8 div(Half8 a, HalfFloat b) {
        return new Half8(
                HalfFloat.div(a.getS0(), b),
                HalfFloat.div(a.getS1(), b),
                HalfFloat.div(a.getS2(), b),
                HalfFloat.div(a.getS3(), b),
                HalfFloat.div(a.getS4(), b),
                HalfFloat.div(a.getS5(), b),
                HalfFloat.div(a.getS6(), b),
                HalfFloat.div(a.getS7(), b));
    }

    public static HalfFloat dot(Half8 a, Half8 b) {
        return HalfFloat.add(
                HalfFloat.add(
                        HalfFloat.add(
                                HalfFloat.add(
                                        HalfFloat.add(
                                                HalfFloat.add(
                                                        HalfFloat.add(
                                                                HalfFloat.mult(a.getS0(), b.getS0()),
                                                                HalfFloat.mult(a.getS1(), b.getS1())),
                                                        HalfFloat.mult(a.getS2(), b.getS2())),
                                                HalfFloat.mult(a.getS3(), b.getS3())),
                                        HalfFloat.mult(a.getS4(), b.getS4())),
                                HalfFloat.mult(a.getS5(), b.getS5())),
                        HalfFloat.mult(a.getS6(), b.getS6())),
                HalfFloat.mult(a.getS7(), b.getS7()));
    }

    public HalfFloat get(int index) {
        return new HalfFloat(storage[index]);
    }

    public void set(int index, HalfFloat value) {
        storage[index] = value.getHalfFloatValue();
    }

    public void set(Half8 value) {
        System.arraycopy(value.storage, 0, storage, 0, storage.length);
    }

    public HalfFloat getS0() {
        return get(0);
    }

    public void setS0(HalfFloat value) {
        set(0, value);
    }

    public HalfFloat getS1() {
        return get(1);
    }

    public void setS1(HalfFloat value) {
        set(1, value);
    }

    public HalfFloat getS2() {
        return get(2);
    }

    public void setS2(HalfFloat value) {
        set(2, value);
    }

    public HalfFloat getS3() {
        return get(3);
    }

    public void setS3(HalfFloat value) {
        set(3, value);
    }

    public HalfFloat getS4() {
        return get(4);
    }

    public void setS4(HalfFloat value) {
        set(4, value);
    }

    public HalfFloat getS5() {
        return get(5);
    }

    public void setS5(HalfFloat value) {
        set(5, value);
    }

    public HalfFloat getS6() {
        return get(6);
    }

    public void setS6(HalfFloat value) {
        set(6, value);
    }

    public HalfFloat getS7() {
        return get(7);
    }

    public void setS7(HalfFloat value) {
        set(7, value);
    }

    public Half4 getHigh() {
        return new Half4(get(4), get(5), get(6), get(7));
    }

    public Half4 getLow() {
        return new Half4(get(0), get(1), get(2), get(3));
    }

    public Half8 duplicate() {
        Half8 copy = new Half8();
        copy.set(this);
        return copy;
    }

    /** The components themselves, not a copy. */
    public short[] toArray() {
        return storage;
    }

    /** The components themselves, not a copy. */
    public short[] getArray() {
        return storage;
    }

    @Override
    public void loadFromBuffer(ShortBuffer buffer) {
        asBuffer().put(buffer);
    }

    @Override
    public ShortBuffer asBuffer() {
        return ShortBuffer.wrap(storage);
    }

    @Override
    public int size() {
        return storage.length;
    }

    @Override
    public long getNumBytes() {
        return (long) storage.length * 2;
    }

    @Override
    public String toString() {
        return "Half8[" + get(0).getFloat32() + ", " + get(1).getFloat32() + ", " + get(2).getFloat32() + ", "
                + get(3).getFloat32() + ", " + get(4).getFloat32() + ", " + get(5).getFloat32() + ", "
                + get(6).getFloat32() + ", " + get(7).getFloat32() + "]";
    }
}
