package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.HalfFloat;

/** Bytes; two of them may be read as a half float. */
public final class ByteArray extends TornadoNativeArray {
    private static final ValueLayout.OfByte LAYOUT = ValueLayout.JAVA_BYTE;
    private static final int ELEMENT_BYTES = 1;

    public ByteArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private ByteArray(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    /** One array after the other. */
    public ByteArray(ByteArray... arrays) {
        super(totalSize(arrays), ELEMENT_BYTES);
        copyOneAfterTheOther(arrays);
    }

    public static ByteArray fromElements(byte... values) {
        ByteArray array = new ByteArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    public static ByteArray fromArray(byte[] values) {
        return fromElements(values);
    }

    /** A copy of a segment that holds values only, no header. */
    public static ByteArray fromSegment(MemorySegment segment) {
        ByteArray array = new ByteArray(elementsOf(segment, ELEMENT_BYTES));
        array.getSegment().copyFrom(segment);
        return array;
    }

    /** An array over the segment itself, whose first {@link #ARRAY_HEADER} bytes are the header and are written. */
    public static ByteArray fromSegmentShallow(MemorySegment segment) {
        return new ByteArray(segment);
    }

    public static ByteArray fromByteBuffer(ByteBuffer buffer) {
        ByteArray array = new ByteArray(buffer.remaining());
        array.getSegment().copyFrom(MemorySegment.ofBuffer(buffer));
        return array;
    }

    /** Sets every element; may run as a task. */
    public static void initialize(ByteArray array, byte value) {
        for (@Parallel int i = 0; i < array.getSize(); i++) {
            array.set(i, value);
        }
    }

    public static ByteArray concat(ByteArray... arrays) {
        return new ByteArray(arrays);
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
    public ByteArray slice(int offset, int length) {
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

    /** Writes a half float at a byte index. */
    public void setHalfFloat(int byteIndex, HalfFloat value) {
        data.set(ValueLayout.JAVA_SHORT_UNALIGNED, byteIndex, value.getHalfFloatValue());
    }

    /** Reads a half float at a byte index. */
    public HalfFloat getHalfFloat(int byteIndex) {
        return new HalfFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, byteIndex));
    }
}
