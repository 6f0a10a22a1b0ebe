package uk.ac.manchester.tornado.api.types.collections;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ShortBuffer;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.vectors.Half4;

/** An array of {@link Half4}, over 4 neighbouring elements of a {@link HalfFloatArray} each. */
public final class VectorHalf4 implements TornadoCollectionInterface<ShortBuffer> {
    public static final Class<VectorHalf4> TYPE = VectorHalf4.class;
    private static final int WIDTH = 4;

    private final HalfFloatArray storage;

    VectorHalf4(HalfFloatArray array) {
        this.storage = array;
    }

    public VectorHalf4(int numElements) {
        this(new HalfFloatArray(numElements * WIDTH));
    }

    public int vectorWidth() {
        return WIDTH;
    }

    public HalfFloatArray getArray() {
        return storage;
    }

    public Half4 get(int index) {
        int first = index * WIDTH;
        return new Half4(storage.get(first), storage.get(first + 1), storage.get(first + 2), storage.get(first + 3));
    }

    public void set(int index, Half4 value) {
        int first = index * WIDTH;
        for (int i = 0; i < WIDTH; i++) {
            storage.set(first + i, value.get(i));
        }
    }

    public void set(VectorHalf4 values) {
        storage.getSegment().copyFrom(values.storage.getSegment());
    }

    public void set(HalfFloatArray values) {
        storage.getSegment().copyFrom(values.getSegment().asSlice(0, storage.getNumBytesOfSegment()));
    }

    public void fill(HalfFloat value) {
        storage.init(value);
    }

    public VectorHalf4 duplicate() {
        VectorHalf4 copy = new VectorHalf4(getLength());
        copy.set(this);
        return copy;
    }

    public Half4 sum() {
        Half4 sum = new Half4();
        for (int i = 0; i < getLength(); i++) {
            sum = Half4.add(sum, get(i));
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
    public void loadFromBuffer(ShortBuffer buffer) {
        storage.getSegment().copyFrom(MemorySegment.ofBuffer(buffer));
    }

    @Override
    public ShortBuffer asBuffer() {
        return ShortBuffer.wrap(storage.getSegment().toArray(ValueLayout.JAVA_SHORT));
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
        return "VectorHalf4 <" + getLength() + ">";
    }
}
