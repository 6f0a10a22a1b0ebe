package uk.ac.manchester.tornado.api.types.vectors;

import java.nio.ShortBuffer;
import uk.ac.manchester.tornado.api.types.HalfFloat;

/** Four half floats. */
public final class Half4 implements TornadoVectorsInterface<ShortBuffer> {
    public static final Class<Half4> TYPE = Half4.class;

    private final short[] storage = new short[4];

    public Half4() {}

    public Half4(HalfFloat x, HalfFloat y, HalfFloat z, HalfFloat w) {
        storage[0] = x.getHalfFloatValue();
        storage[1] = y.getHalfFloatValue();
        storage[2] = z.getHalfFloatValue();
        storage[3] = w.getHalfFloatValue();
    }

    public static Half4 add(Half4 a, Half4 b) {
        return new Half4(
                HalfFloat.add(a.getX(), b.getX()),
                HalfFloat.add(a.getY(), b.getY()),
                HalfFloat.add(a.getZ(), b.getZ()),
                HalfFloat.add(a.getW(), b.getW()));
    }

    public static Half4 sub(Half4 a, Half4 b) {
        return new Half4(
                HalfFloat.sub(a.getX(), b.getX()),
                HalfFloat.sub(a.getY(), b.getY()),
                HalfFloat.sub(a.getZ(), b.getZ()),
                HalfFloat.sub(a.getW(), b.getW()));
    }

    public static Half4 mult(Half4 a, Half4 b) {
        return new Half4(
                HalfFloat.mult(a.getX(), b.getX()),
                HalfFloat.mult(a.getY(), b.getY()),
                HalfFloat.mult(a.getZ(), b.getZ()),
                HalfFloat.mult(a.getW(), b.getW()));
    }

    public static Half4 div(Half4 a, Half4 b) {
        return new Half4(
                HalfFloat.div(a.getX(), b.getX()),
                HalfFloat.div(a.getY(), b.getY()),
                HalfFloat.div(a.getZ(), b.getZ()),
                HalfFloat.div(a.getW(), b.getW()));
    }

    public static Half4 add(Half4 a, HalfFloat b) {
        return new Half4(
                HalfFloat.add(a.getX(), b),
                HalfFloat.add(a.getY(), b),
                HalfFloat.add(a.getZ(), b),
                HalfFloat.add(a.getW(), b));
    }

    public static Half4 sub(Half4 a, HalfFloat b) {
        return new Half4(
                HalfFloat.sub(a.getX(), b),
                HalfFloat.sub(a.getY(), b),
                HalfFloat.sub(a.getZ(), b),
                HalfFloat.sub(a.getW(), b));
    }

    public static Half4 mult(Half4 a, HalfFloat b) {
        return new Half4(
                HalfFloat.mult(a.getX(), b),
                HalfFloat.mult(a.getY(), b),
                HalfFloat.mult(a.getZ(), b),
                HalfFloat.mult(a.getW(), b));
    }

    public static Half4 div(Half4 a, HalfFloat b) {
        return new Half4(
                HalfFloat.div(a.getX(), b),
                HalfFloat.div(a.getY(), b),
                HalfFloat.div(a.getZ(), b),
                HalfFloat.div(a.getW(), b));
    }

    public static HalfFloat dot(Half4 a, Half4 b) {
        return HalfFloat.add(
                HalfFloat.add(
                        HalfFloat.add(HalfFloat.mult(a.getX(), b.getX()), HalfFloat.mult(a.getY(), b.getY())),
                        HalfFloat.mult(a.getZ(), b.getZ())),
                HalfFloat.mult(a.getW(), b.getW()));
    }

    public HalfFloat get(int index) {
        return new HalfFloat(storage[index]);
    }

    public void set(int index, HalfFloat value) {
        storage[index] = value.getHalfFloatValue();
    }

    public void set(Half4 value) {
        System.arraycopy(value.storage, 0, storage, 0, storage.length);
    }

    public HalfFloat getX() {
        return get(0);
    }

    public void setX(HalfFloat value) {
        set(0, value);
    }

    public HalfFloat getY() {
        return get(1);
    }

    public void setY(HalfFloat value) {
        set(1, value);
    }

    public HalfFloat getZ() {
        return get(2);
    }

    public void setZ(HalfFloat value) {
        set(2, value);
    }

    public HalfFloat getW() {
        return get(3);
    }

    public void setW(HalfFloat value) {
        set(3, value);
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

    public Half4 duplicate() {
        Half4 copy = new Half4();
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
        return "Half4[" + get(0).getFloat32() + ", " + get(1).getFloat32() + ", " + get(2).getFloat32() + ", "
                + get(3).getFloat32() + "]";
    }
}
