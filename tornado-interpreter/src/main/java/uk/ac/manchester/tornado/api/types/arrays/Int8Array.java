package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/** Bytes that are read as small integers. */
public final class Int8Array extends TornadoNativeArray {
    private static final ValueLayout.OfByte LAYOUT = ValueLayout.JAVA_BYTE;
    private static final int ELEMENT_BYTES = 1;

    public Int8Array(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private Int8Array(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    /** One array after the other. */
    public Int8Array(Int8Array... arrays) {
        super(totalSize(arrays), ELEMENT_BYTES);
        copyOneAfterTheOther(arrays);
    }

    public static Int8Array fromElements(byte... values) {
        Int8Array array = new Int8Array(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    public static Int8Array fromArray(byte[] values) {
        return fromElements(values);
    }

    /** A copy of a segment that holds values only, no header. */
    public static Int8Array fromSegment(MemorySegment segment) {
        Int8Array array = new Int8Array(elementsOf(segment, ELEMENT_BYTES));
        array.getSegment().copyFrom(segment);
        return array;
    }

    /** An array over the segment itself, whose first {@link #ARRAY_HEADER} bytes are the header and are written. */
    public static Int8Array fromSegmentShallow(MemorySegment segment) {
        return new Int8Array(segment);
    }

    /** Sets every element; may run as a task. */
    public static void initialize(Int8Array array, byte value) {
        for (@Parallel int i = 0; i < array.getSize(); i++) {
            array.set(i, value);
        }
    }

    public static Int8Array concat(Int8Array... arrays) {
        return new Int8Array(arrays);
    }

    public void set(int index, byte value) {
        data.setAtIndex(LAYOUT, index, value);
    }

    public byte get(int index) {
        return data.getAtIndex(LAYOUT, index);
    }

    public void init(byte value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    public byte[] toHeapArray() {
        byte[] values = new byte[getSize()];
        for (int i = 0; i < values.length; i++) {
            values[i] = get(i);
        }
        return values;
    }

    /** A copy of a part. */
    public Int8Array slice(int offset, int length) {
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
