package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ShortBuffer;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/** Short values. */
public final class ShortArray extends TornadoNativeArray {
    private static final ValueLayout.OfShort LAYOUT = ValueLayout.JAVA_SHORT;
    private static final int ELEMENT_BYTES = 2;

    public ShortArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private ShortArray(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    /** One array after the other. */
    public ShortArray(ShortArray... arrays) {
        super(totalSize(arrays), ELEMENT_BYTES);
        copyOneAfterTheOther(arrays);
    }

    public static ShortArray fromElements(short... values) {
        ShortArray array = new ShortArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    public static ShortArray fromArray(short[] values) {
        return fromElements(values);
    }

    /** A copy of a segment that holds values only, no header. */
    public static ShortArray fromSegment(MemorySegment segment) {
        ShortArray array = new ShortArray(elementsOf(segment, ELEMENT_BYTES));
        array.getSegment().copyFrom(segment);
        return array;
    }

    /** An array over the segment itself, whose first {@link #ARRAY_HEADER} bytes are the header and are written. */
    public static ShortArray fromSegmentShallow(MemorySegment segment) {
        return new ShortArray(segment);
    }

    public static ShortArray fromShortBuffer(ShortBuffer buffer) {
        ShortArray array = new ShortArray(buffer.remaining());
        array.getSegment().copyFrom(MemorySegment.ofBuffer(buffer));
        return array;
    }

    /** Sets every element; may run as a task. */
    public static void initialize(ShortArray array, short value) {
        for (@Parallel int i = 0; i < array.getSize(); i++) {
            array.set(i, value);
        }
    }

    public static ShortArray concat(ShortArray... arrays) {
        return new ShortArray(arrays);
    }

    public void set(int index, short value) {
        data.setAtIndex(LAYOUT, index, value);
    }

    public short get(int index) {
        return data.getAtIndex(LAYOUT, index);
    }

    public void init(short value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    public short[] toHeapArray() {
        short[] values = new short[getSize()];
        for (int i = 0; i < values.length; i++) {
            values[i] = get(i);
        }
        return values;
    }

    /** A copy of a part. */
    public ShortArray slice(int offset, int length) {
        return fromSegment(partOf(offset, length));
    }

    @Override
    public void clear() {
        data.fill((byte) 0);
    }

    @Override
    public int getElementSize() {
        return ELEMENT_BYTES;
    }
}
