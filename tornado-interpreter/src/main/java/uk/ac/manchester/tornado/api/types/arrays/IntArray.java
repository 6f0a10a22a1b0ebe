package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.IntBuffer;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/** Int values. */
public final class IntArray extends TornadoNativeArray {
    private static final ValueLayout.OfInt LAYOUT = ValueLayout.JAVA_INT;
    private static final int ELEMENT_BYTES = 4;

    public IntArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private IntArray(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    /** One array after the other. */
    public IntArray(IntArray... arrays) {
        super(totalSize(arrays), ELEMENT_BYTES);
        copyOneAfterTheOther(arrays);
    }

    public static IntArray fromElements(int... values) {
        IntArray array = new IntArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    public static IntArray fromArray(int[] values) {
        return fromElements(values);
    }

    /** A copy of a segment that holds values only, no header. */
    public static IntArray fromSegment(MemorySegment segment) {
        IntArray array = new IntArray(elementsOf(segment, ELEMENT_BYTES));
        array.getSegment().copyFrom(segment);
        return array;
    }

    /** An array over the segment itself, whose first {@link #ARRAY_HEADER} bytes are the header and are written. */
    public static IntArray fromSegmentShallow(MemorySegment segment) {
        return new IntArray(segment);
    }

    public static IntArray fromIntBuffer(IntBuffer buffer) {
        IntArray array = new IntArray(buffer.remaining());
        array.getSegment().copyFrom(MemorySegment.ofBuffer(buffer));
        return array;
    }

    /** Sets every element; may run as a task. */
    public static void initialize(IntArray array, int value) {
        for (@Parallel int i = 0; i < array.getSize(); i++) {
            array.set(i, value);
        }
    }

    public static IntArray concat(IntArray... arrays) {
        return new IntArray(arrays);
    }

    public void set(int index, int value) {
        data.setAtIndex(LAYOUT, index, value);
    }

    public int get(int index) {
        return data.getAtIndex(LAYOUT, index);
    }

    public void init(int value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    public int[] toHeapArray() {
        int[] values = new int[getSize()];
        for (int i = 0; i < values.length; i++) {
            values[i] = get(i);
        }
        return values;
    }

    /** A copy of a part. */
    public IntArray slice(int offset, int length) {
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
