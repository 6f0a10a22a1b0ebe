package uk.ac.manchester.tornado.api.types.collections;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.FloatBuffer;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.vectors.Float2;

/** An array of {@link Float2}, over 2 neighbouring elements of a {@link FloatArray} each. */
public final class VectorFloat2 implements TornadoCollectionInterface<FloatBuffer> {
    public static final Class<VectorFloat2> TYPE = VectorFloat2.class;
    private static final int WIDTH = 2;

    private final FloatArray storage;

    VectorFloat2(FloatArray array) {
        this.storage = array;
    }

    public VectorFloat2(int numElements) {
        this(new FloatArray(numElements * WIDTH));
    }

    public int vectorWidth() {
        return WIDTH;
    }

    public FloatArray getArray() {
        return storage;
    }

    public Float2 get(int index) {
        int first = index * WIDTH;
        return new Float2(storage.get(first), storage.get(first + 1));
    }

    public void set(int index, Float2 value) {
        int first = index * WIDTH;
        for (int i = 0; i < WIDTH; i++) {
            storage.set(first + i, value.get(i));
        }
    }

    public void set(VectorFloat2 values) {
        storage.getSegment().copyFrom(values.storage.getSegment());
    }

    public void set(FloatArray values) {
        storage.getSegment().copyFrom(values.getSegment().asSlice(0, storage.getNumBytesOfSegment()));
    }

    public void fill(float value) {
        storage.init(value);
    }

    public VectorFloat2 duplicate() {
        VectorFloat2 copy = new VectorFloat2(getLength());
        copy.set(this);
        return copy;
    }

    public Float2 sum() {
        Float2 sum = new Float2();
        for (int i = 0; i < getLength(); i++) {
            sum = Float2.add(sum, get(i));
        }
        return sum;
    }

    /** The number of vectors. */
    public int getLength() {
        return storage.getSize() / WIDTH;
    }

    /** The number of components. */
    @Override
    public int size() {
        return storage.getSize();
    }

    public void clear() {
        storage.clear();
    }

    @Override
    public void loadFromBuffer(FloatBuffer buffer) {
        storage.getSegment().copyFrom(MemorySegment.ofBuffer(buffer));
    }

    @Override
    public FloatBuffer asBuffer() {
        return FloatBuffer.wrap(storage.getSegment().toArray(ValueLayout.JAVA_FLOAT));
    }

    @Override
    public long getNumBytes() {
        return storage.getNumBytesOfSegment();
    }

    @Override
    public long getNumBytesWithHeader() {
        return storage.getNumBytesOfSegmentWithHeader();
    }

    @Override
    public MemorySegment getSegment() {
        return storage.getSegment();
    }

    @Override
    public MemorySegment getSegmentWithHeader() {
        return storage.getSegmentWithHeader();
    }

    @Override
    public String toString() {
        return "VectorFloat2 <" + getLength() + ">";
    }
}
