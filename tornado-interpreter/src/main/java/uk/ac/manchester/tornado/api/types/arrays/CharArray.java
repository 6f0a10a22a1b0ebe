package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.CharBuffer;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/** Char values. */
public final class CharArray extends TornadoNativeArray {
    private static final ValueLayout.OfChar LAYOUT = ValueLayout.JAVA_CHAR;
    private static final int ELEMENT_BYTES = 2;

    public CharArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private CharArray(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    /** One array after the other. */
    public CharArray(CharArray... arrays) {
        super(totalSize(arrays), ELEMENT_BYTES);
        copyOneAfterTheOther(arrays);
    }

    public static CharArray fromElements(char... values) {
        CharArray array = new CharArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    public static CharArray fromArray(char[] values) {
        return fromElements(values);
    }

    /** A copy of a segment that holds values only, no header. */
    public static CharArray fromSegment(MemorySegment segment) {
        CharArray array = new CharArray(elementsOf(segment, ELEMENT_BYTES));
        array.getSegment().copyFrom(segment);
        return array;
    }

    /** An array over the segment itself, whose first {@link #ARRAY_HEADER} bytes are the header and are written. */
    public static CharArray fromSegmentShallow(MemorySegment segment) {
        return new CharArray(segment);
    }

    public static CharArray fromCharBuffer(CharBuffer buffer) {
        CharArray array = new CharArray(buffer.remaining());
        array.getSegment().copyFrom(MemorySegment.ofBuffer(buffer));
        return array;
    }

    /** Sets every element; may run as a task. */
    public static void initialize(CharArray array, char value) {
        for (@Parallel int i = 0; i < array.getSize(); i++) {
            array.set(i, value);
        }
    }

    public static CharArray concat(CharArray... arrays) {
        return new CharArray(arrays);
    }

    public void set(int index, char value) {
        data.setAtIndex(LAYOUT, index, value);
    }

    public char get(int index) {
        return data.getAtIndex(LAYOUT, index);
    }

    public void init(char value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    public char[] toHeapArray() {
        char[] values = new char[getSize()];
        for (int i = 0; i < values.length; i++) {
            values[i] = get(i);
        }
        return values;
    }

    /** A copy of a part. */
    public CharArray slice(int offset, int length) {
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
