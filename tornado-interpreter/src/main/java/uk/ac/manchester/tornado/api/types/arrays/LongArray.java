package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.LongBuffer;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/** Long values. */
public final class LongArray extends TornadoNativeArray {
    private static final ValueLayout.OfLong LAYOUT = ValueLayout.JAVA_LONG;
    private static final int ELEMENT_BYTES = 8;

    public LongArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private LongArray(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    /** One array after the other. */
    public LongArray(LongArray... arrays) {
        super(totalSize(arrays), ELEMENT_BYTES);
        copyOneAfterTheOther(arrays);
    }

    public static LongArray fromElements(long... values) {
        LongArray array = new LongArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    public static LongArray fromArray(long[] values) {
        return fromElements(values);
    }

    /** A copy of a segment that holds values only, no header. */
    public static LongArray fromSegment(MemorySegment segment) {
        LongArray array = new LongArray(elementsOf(segment, ELEMENT_BYTES));
        array.getSegment().copyFrom(segment);
        return array;
    }

    /** An array over the segment itself, whose first {@link #ARRAY_HEADER} bytes are the header and are written. */
    public static LongArray fromSegmentShallow(MemorySegment segment) {
        return new LongArray(segment);
    }

    public static LongArray fromLongBuffer(LongBuffer buffer) {
        LongArray array = new LongArray(buffer.remaining());
        array.getSegment().copyFrom(MemorySegment.ofBuffer(buffer));
        return array;
    }

    /** Sets every element; may run as a task. */
    public static void initialize(LongArray array, long value) {
        for (@Parallel int i = 0; i < array.getSize(); i++) {
            array.set(i, value);
        }
    }

    public static LongArray concat(LongArray... arrays) {
        return new LongArray(arrays);
    }

    public void set(int index, long value) {
        data.setAtIndex(LAYOUT, index, value);
    }

    public long get(int index) {
        return data.getAtIndex(LAYOUT, index);
    }

    public void init(long value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    public long[] toHeapArray() {
        long[] values = new long[getSize()];
        for (int i = 0; i < values.length; i++) {
            values[i] = get(i);
        }
        return values;
    }

    /** A copy of a part. */
    public LongArray slice(int offset, int length) {
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
