package uk.ac.manchester.tornado.api.types.collections;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.FloatBuffer;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.vectors.Float8;

/** An array of {@link Float8}, over 8 neighbouring elements of a {@link FloatArray} each. */
public final class VectorFloat8 implements TornadoCollectionInterface<FloatBuffer> {
    public static final Class<VectorFloat8> TYPE = VectorFloat8.class;
    private static final int WIDTH = 8;

    private final FloatArray storage;

    public VectorFloat8(FloatArray array) {
        this.storage = array;
    }

    public VectorFloat8(int numElements) {
        this(new FloatArray(numElements * WIDTH));
    }

    public int vectorWidth() {
        return WIDTH;
    }

    public FloatArray getArray() {
        return storage;
    }

    public Float8 get(int index) {
        int first = index * WIDTH;
        return new Float8(
                storage.get(first),
                storage.get(first + 1),
                storage.get(first + 2),
                storage.get(first + 3),
                storage.get(first + 4),
                storage.get(first + 5),
                storage.get(first + 6),
                storage.get(first + 7));
    }

    public void set(int index, Float8 value) {
        int first = index * WIDTH;
        for (int i = 0; i < WIDTH; i++) {
            storage.set(first + i, value.get(i));
        }
    }

    public void set(VectorFloat8 values) {
        storage.getSegment().copyFrom(values.storage.getSegment());
    }

    public void set(FloatArray values) {
        storage.getSegment().copyFrom(values.getSegment().asSlice(0, storage.getNumBytesOfSegment()));
    }

    public void fill(float value) {
        storage.init(value);
    }

    public VectorFloat8 duplicate() {
        VectorFloat8 copy = new VectorFloat8(getLength());
        copy.set(this);
        return copy;
    }

    public Float8 sum() {
        Float8 sum = new Float8();
        for (int i = 0; i < getLength(); i++) {
            sum = Float8.add(sum, get(i));
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
        return "VectorFloat8 <" + getLength() + ">";
    }
}
