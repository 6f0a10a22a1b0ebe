package uk.ac.manchester.tornado.api.types.collections;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.IntBuffer;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.vectors.Int2;

/** An array of {@link Int2}, over 2 neighbouring elements of an {@link IntArray} each. */
public final class VectorInt2 implements TornadoCollectionInterface<IntBuffer> {
    public static final Class<VectorInt2> TYPE = VectorInt2.class;
    private static final int WIDTH = 2;

    private final IntArray storage;

    VectorInt2(IntArray array) {
        this.storage = array;
    }

    public VectorInt2(int numElements) {
        this(new IntArray(numElements * WIDTH));
    }

    public int vectorWidth() {
        return WIDTH;
    }

    public IntArray getArray() {
        return storage;
    }

    public Int2 get(int index) {
        int first = index * WIDTH;
        return new Int2(storage.get(first), storage.get(first + 1));
    }

    public void set(int index, Int2 value) {
        int first = index * WIDTH;
        for (int i = 0; i < WIDTH; i++) {
            storage.set(first + i, value.get(i));
        }
    }

    public void set(VectorInt2 values) {
        storage.getSegment().copyFrom(values.storage.getSegment());
    }

    public void set(IntArray values) {
        storage.getSegment().copyFrom(values.getSegment().asSlice(0, storage.getNumBytesOfSegment()));
    }

    public void fill(int value) {
        storage.init(value);
    }

    public VectorInt2 duplicate() {
        VectorInt2 copy = new VectorInt2(getLength());
        copy.set(this);
        return copy;
    }

    public Int2 sum() {
        Int2 sum = new Int2();
        for (int i = 0; i < getLength(); i++) {
            sum = Int2.add(sum, get(i));
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
    public void loadFromBuffer(IntBuffer buffer) {
        storage.getSegment().copyFrom(MemorySegment.ofBuffer(buffer));
    }

    @Override
    public IntBuffer asBuffer() {
        return IntBuffer.wrap(storage.getSegment().toArray(ValueLayout.JAVA_INT));
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
        return "VectorInt2 <" + getLength() + ">";
    }
}
