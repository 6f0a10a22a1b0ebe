package uk.ac.manchester.tornado.api.types.vectors;

import java.nio.FloatBuffer;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.math.TornadoMath;

/** Four floats. */
public final class Float4 implements TornadoVectorsInterface<FloatBuffer> {
    public static final Class<Float4> TYPE = Float4.class;

    private final float[] storage = new float[4];

    public Float4() {}

    public Float4(float x, float y, float z, float w) {
        storage[0] = x;
        storage[1] = y;
        storage[2] = z;
        storage[3] = w;
    }

    public static Float4 add(Float4 a, Float4 b) {
        return new Float4(a.getX() + b.getX(), a.getY() + b.getY(), a.getZ() + b.getZ(), a.getW() + b.getW());
    }

    public static Float4 sub(Float4 a, Float4 b) {
        return new Float4(a.getX() - b.getX(), a.getY() - b.getY(), a.getZ() - b.getZ(), a.getW() - b.getW());
    }

    public static Float4 mult(Float4 a, Float4 b) {
        return new Float4(a.getX() * b.getX(), a.getY() * b.getY(), a.getZ() * b.getZ(), a.getW() * b.getW());
    }

    public static Float4 div(Float4 a, Float4 b) {
        return new Float4(a.getX() / b.getX(), a.getY() / b.getY(), a.getZ() / b.getZ(), a.getW() / b.getW());
    }

    public static Float4 min(Float4 a, Float4 b) {
        return new Float4(
                Math.min(a.getX(), b.getX()),
                Math.min(a.getY(), b.getY()),
                Math.min(a.getZ(), b.getZ()),
                Math.min(a.getW(), b.getW()));
    }

    public static Float4 max(Float4 a, Float4 b) {
        return new Float4(
                Math.max(a.getX(), b.getX()),
                Math.max(a.getY(), b.getY()),
                Math.max(a.getZ(), b.getZ()),
                Math.max(a.getW(), b.getW()));
    }

    public static Float4 add(Float4 a, float b) {
        return new Float4(a.getX() + b, a.getY() + b, a.getZ() + b, a.getW() + b);
    }

    public static Float4 sub(Float4 a, float b) {
        return new Float4(a.getX() - b, a.getY() - b, a.getZ() - b, a.getW() - b);
    }

    public static Float4 mult(Float4 a, float b) {
        return new Float4(a.getX() * b, a.getY() * b, a.getZ() * b, a.getW() * b);
    }

    public static Float4 div(Float4 a, float b) {
        return new Float4(a.getX() / b, a.getY() / b, a.getZ() / b, a.getW() / b);
    }

    public static float min(Float4 value) {
        return Math.min(Math.min(Math.min(value.getX(), value.getY()), value.getZ()), value.getW());
    }

    public static float max(Float4 value) {
        return Math.max(Math.max(Math.max(value.getX(), value.getY()), value.getZ()), value.getW());
    }

    public static float dot(Float4 a, Float4 b) {
        return a.getX() * b.getX() + a.getY() * b.getY() + a.getZ() * b.getZ() + a.getW() * b.getW();
    }

    public static Float4 sqrt(Float4 a) {
        return new Float4(
                TornadoMath.sqrt(a.getX()),
                TornadoMath.sqrt(a.getY()),
                TornadoMath.sqrt(a.getZ()),
                TornadoMath.sqrt(a.getW()));
    }

    public static float sum(Float4 a) {
        return a.getX() + a.getY() + a.getZ() + a.getW();
    }

    public static float length(Float4 value) {
        return TornadoMath.sqrt(dot(value, value));
    }

    public static Float4 scale(Float4 a, float value) {
        return mult(a, value);
    }

    public static Float4 floor(Float4 a) {
        return new Float4(
                TornadoMath.floor(a.getX()),
                TornadoMath.floor(a.getY()),
                TornadoMath.floor(a.getZ()),
                TornadoMath.floor(a.getW()));
    }

    public static Float4 fract(Float4 a) {
        return new Float4(
                TornadoMath.fract(a.getX()),
                TornadoMath.fract(a.getY()),
                TornadoMath.fract(a.getZ()),
                TornadoMath.fract(a.getW()));
    }

    public float get(int index) {
        return storage[index];
    }

    public void set(int index, float value) {
        storage[index] = value;
    }

    public void set(Float4 value) {
        System.arraycopy(value.storage, 0, storage, 0, storage.length);
    }

    public float getX() {
        return get(0);
    }

    public void setX(float value) {
        set(0, value);
    }

    public float getY() {
        return get(1);
    }

    public void setY(float value) {
        set(1, value);
    }

    public float getZ() {
        return get(2);
    }

    public void setZ(float value) {
        set(2, value);
    }

    public float getW() {
        return get(3);
    }

    public void setW(float value) {
        set(3, value);
    }

    public Float2 getHigh() {
        return new Float2(get(2), get(3));
    }

    public Float2 getLow() {
        return new Float2(get(0), get(1));
    }

    public Float4 duplicate() {
        Float4 copy = new Float4();
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
        return "Float4" + Arrays.toString(storage);
    }
}
