package uk.ac.manchester.tornado.api.types.vectors;

import java.nio.IntBuffer;
import java.util.Arrays;

/** Four ints. */
public final class Int4 implements TornadoVectorsInterface<IntBuffer> {
    public static final Class<Int4> TYPE = Int4.class;

    private final int[] storage = new int[4];

    public Int4() {}

    public Int4(int x, int y, int z, int w) {
        storage[0] = x;
        storage[1] = y;
        storage[2] = z;
        storage[3] = w;
    }

    public static Int4 add(Int4 a, Int4 b) {
        return new Int4(a.getX() + b.getX(), a.getY() + b.getY(), a.getZ() + b.getZ(), a.getW() + b.getW());
    }

    public static Int4 sub(Int4 a, Int4 b) {
        return new Int4(a.getX() - b.getX(), a.getY() - b.getY(), a.getZ() - b.getZ(), a.getW() - b.getW());
    }

    public static Int4 mult(Int4 a, Int4 b) {
        return new Int4(a.getX() * b.getX(), a.getY() * b.getY(), a.getZ() * b.getZ(), a.getW() * b.getW());
    }

    public static Int4 div(Int4 a, Int4 b) {
        return new Int4(a.getX() / b.getX(), a.getY() / b.getY(), a.getZ() / b.getZ(), a.getW() / b.getW());
    }

    public static Int4 min(Int4 a, Int4 b) {
        return new Int4(
                Math.min(a.getX(), b.getX()),
                Math.min(a.getY(), b.getY()),
                Math.min(a.getZ(), b.getZ()),
                Math.min(a.getW(), b.getW()));
    }

    public static Int4 max(Int4 a, Int4 b) {
        return new Int4(
                Math.max(a.getX(), b.getX()),
                Math.max(a.getY(), b.getY()),
                Math.max(a.getZ(), b.getZ()),
                Math.max(a.getW(), b.getW()));
    }

    public static Int4 add(Int4 a, int b) {
        return new Int4(a.getX() + b, a.getY() + b, a.getZ() + b, a.getW() + b);
    }

    public static Int4 sub(Int4 a, int b) {
        return new Int4(a.getX() - b, a.getY() - b, a.getZ() - b, a.getW() - b);
    }

    public static Int4 mult(Int4 a, int b) {
        return new Int4(a.getX() * b, a.getY() * b, a.getZ() * b, a.getW() * b);
    }

    public static Int4 div(Int4 a, int b) {
        return new Int4(a.getX() / b, a.getY() / b, a.getZ() / b, a.getW() / b);
    }

    public static int min(Int4 value) {
        return Math.min(Math.min(Math.min(value.getX(), value.getY()), value.getZ()), value.getW());
    }

    public static int max(Int4 value) {
        return Math.max(Math.max(Math.max(value.getX(), value.getY()), value.getZ()), value.getW());
    }

    public int get(int index) {
        return storage[index];
    }

    public void set(int index, int value) {
        storage[index] = value;
    }

    public void set(Int4 value) {
        System.arraycopy(value.storage, 0, storage, 0, storage.length);
    }

    public int getX() {
        return get(0);
    }

    public void setX(int value) {
        set(0, value);
    }

    public int getY() {
        return get(1);
    }

    public void setY(int value) {
        set(1, value);
    }

    public int getZ() {
        return get(2);
    }

    public void setZ(int value) {
        set(2, value);
    }

    public int getW() {
        return get(3);
    }

    public void setW(int value) {
        set(3, value);
    }

    public Int4 duplicate() {
        Int4 copy = new Int4();
        copy.set(this);
        return copy;
    }

    /** The components themselves, not a copy. */
    public int[] toArray() {
        return storage;
    }

    /** The components themselves, not a copy. */
    public int[] getArray() {
        return storage;
    }

    @Override
    public void loadFromBuffer(IntBuffer buffer) {
        asBuffer().put(buffer);
    }

    @Override
    public IntBuffer asBuffer() {
        return IntBuffer.wrap(storage);
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
        return "Int4" + Arrays.toString(storage);
    }
}
