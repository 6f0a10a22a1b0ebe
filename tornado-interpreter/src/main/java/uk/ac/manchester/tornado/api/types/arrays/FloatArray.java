package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.FloatBuffer;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/** Float values. */
public final class FloatArray extends TornadoNativeArray {
    private static final ValueLayout.OfFloat LAYOUT = ValueLayout.JAVA_FLOAT;
    private static final int ELEMENT_BYTES = 4;

    public FloatArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private FloatArray(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    /** One array after the other. */
    public FloatArray(FloatArray... arrays) {
        super(totalSize(arrays), ELEMENT_BYTES);
        copyOneAfterTheOther(arrays);
    }

    public static FloatArray fromElements(float... values) {
        FloatArray array = new FloatArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, values[i]);
        }
        return array;
    }

    public static FloatArray fromArray(float[] values) {
        return fromElements(values);
    }

    /** A copy of a segment that holds values only, no header. */
    public static FloatArray fromSegment(MemorySegment segment) {
        FloatArray array = new FloatArray(elementsOf(segment, ELEMENT_BYTES));
        array.getSegment().copyFrom(segment);
        return array;
    }

    /** An array over the segment itself, whose first {@link #ARRAY_HEADER} bytes are the header and are written. */
    public static FloatArray fromSegmentShallow(MemorySegment segment) {
        return new FloatArray(segment);
    }

    public static FloatArray fromFloatBuffer(FloatBuffer buffer) {
        FloatArray array = new FloatArray(buffer.remaining());
        array.getSegment().copyFrom(MemorySegment.ofBuffer(buffer));
        return array;
    }

    /** Sets every element; may run as a task. */
    public static void initialize(FloatArray array, float value) {
        for (@Parallel int i = 0; i < array.getSize(); i++) {
            array.set(i, value);
        }
    }

    public static FloatArray concat(FloatArray... arrays) {
        return new FloatArray(arrays);
    }

    public void set(int index, float value) {
        data.setAtIndex(LAYOUT, index, value);
    }

    public float get(int index) {
        return data.getAtIndex(LAYOUT, index);
    }

    public void init(float value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    public float[] toHeapArray() {
        float[] values = new float[getSize()];
        for (int i = 0; i < values.length; i++) {
            values[i] = get(i);
        }
        return values;
    }

    /** A copy of a part. */
    public FloatArray slice(int offset, int length) {
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
