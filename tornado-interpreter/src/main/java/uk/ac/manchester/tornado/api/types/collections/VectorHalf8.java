package uk.ac.manchester.tornado.api.types.collections;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ShortBuffer;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.vectors.Half8;

/** An array of {@link Half8}, over 8 neighbouring elements of a {@link HalfFloatArray} each. */
public final class VectorHalf8 implements TornadoCollectionInterface<ShortBuffer> {
    public static final Class<VectorHalf8> TYPE = VectorHalf8.class;
    private static final int WIDTH = 8;

    private final HalfFloatArray storage;

    VectorHalf8(HalfFloatArray array) {
        this.storage = array;
    }

    public VectorHalf8(int numElements) {
        this(new HalfFloatArray(numElements * WIDTH));
    }

    public int vectorWidth() {
        return WIDTH;
    }

    public HalfFloatArray getArray() {
        return storage;
    }

    public Half8 get(int index) {
        int first = index * WIDTH;
        return new Half8(
                storage.get(first),
                storage.get(first + 1),
                storage.get(first + 2),
                storage.get(first + 3),
                storage.get(first + 4),
                storage.get(first + 5),
                storage.get(first + 6),
                storage.get(first + 7));
    }

    public void set(int index, Half8 value) {
        int first = index * WIDTH;
        for (int i = 0; i < WIDTH; i++) {
            storage.set(first + i, value.get(i));
        }
    }

    public void set(VectorHalf8 values) {
        storage.getSegment().copyFrom(values.storage.getSegment());
    }

    public void set(HalfFloatArray values) {
        storage.getSegment().copyFrom(values.getSegment().asSlice(0, storage.getNumBytesOfSegment()));
    }

    public void fill(HalfFloat value) {
        storage.init(value);
    }

    public VectorHalf8 duplicate() {
        VectorHalf8 copy = new VectorHalf8(getLength());
        copy.set(this);
        return copy;
    }

    public Half8 sum() {
        Half8 sum = new Half8();
        for (int i = 0; i < getLength(); i++) {
            sum = Half8.add(sum, get(i));
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
        return "VectorHalf8 <" + getLength() + ">";
    }
}
