package uk.ac.manchester.tornado.api.types.vectors;

import java.nio.ShortBuffer;
import uk.ac.manchester.tornado.api.types.HalfFloat;

/** Two half floats. */
public final class Half2 implements TornadoVectorsInterface<ShortBuffer> {
    public static final Class<Half2> TYPE = Half2.class;

    private final short[] storage = new short[2];

    public Half2() {}

    public Half2(HalfFloat x, HalfFloat y) {
        storage[0] = x.getHalfFloatValue();
        storage[1] = y.getHalfFloatValue();
    }

    public static Half2 add(Half2 a, Half2 b) {
        return new Half2(HalfFloat.add(a.getX(), b.getX()), HalfFloat.add(a.getY(), b.getY()));
    }

    public static Half2 sub(Half2 a, Half2 b) {
        return new Half2(HalfFloat.sub(a.getX(), b.getX()), HalfFloat.sub(a.getY(), b.getY()));
    }

    public static Half2 mult(Half2 a, Half2 b) {
        return new Half2(HalfFloat.mult(a.getX(), b.getX()), HalfFloat.mult(a.getY(), b.getY()));
    }

    public static Half2 div(Half2 a, Half2 b) {
        return new Half2(HalfFloat.div(a.getX(), b.getX()), HalfFloat.div(a.getY(), b.getY()));
    }

    public static Half2 add(Half2 a, HalfFloat b) {
        return new Half2(HalfFloat.add(a.getX(), b), HalfFloat.add(a.getY(), b));
    }

    public static Half2 sub(Half2 a, HalfFloat b) {
        return new Half2(HalfFloat.sub(a.getX(), b), HalfFloat.sub(a.getY(), b));
    }

    public static Half2 mult(Half2 a, HalfFloat b) {
        return new Half2(HalfFloat.mult(a.getX(), b), HalfFloat.mult(a.getY(), b));
    }

    public static Half2 div(Half2 a, HalfFloat b) {
        return new Half2(HalfFloat.div(a.getX(), b), HalfFloat.div(a.getY(), b));
    }

    public static HalfFloat dot(Half2 a, Half2 b) {
        return HalfFloat.add(HalfFloat.mult(a.getX(), b.getX()), HalfFloat.mult(a.getY(), b.getY()));
    }

    public static void add(Half2 a, Half2 b, Half2 result) {
        result.set(add(a, b));
    }

    public static void sub(Half2 a, Half2 b, Half2 result) {
        result.set(sub(a, b));
    }

    public static void mult(Half2 a, Half2 b, Half2 result) {
        result.set(mult(a, b));
    }

    /** {@code a * b + c}, each component rounded after the product and after the sum. */
    public static Half2 fma(Half2 a, Half2 b, Half2 c) {
        return add(mult(a, b), c);
    }

    public static float lowFloat(Half2 a) {
        return a.getX().getFloat32();
    }

    public static float highFloat(Half2 a) {
        return a.getY().getFloat32();
    }

    public static Half2 fromFloats(float x, float y) {
        return new Half2(new HalfFloat(x), new HalfFloat(y));
    }

    public HalfFloat get(int index) {
        return new HalfFloat(storage[index]);
    }

    public void set(int index, HalfFloat value) {
        storage[index] = value.getHalfFloatValue();
    }

    public void set(Half2 value) {
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

    public Half2 duplicate() {
        Half2 copy = new Half2();
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
        return "Half2[" + get(0).getFloat32() + ", " + get(1).getFloat32() + "]";
    }
}
