package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import uk.ac.manchester.tornado.api.types.FP8;

/** FP8 values, kept as bits, read and written as E4M3 or E5M2. */
public final class FP8Array extends TornadoNativeArray {
    private static final ValueLayout.OfByte LAYOUT = ValueLayout.JAVA_BYTE;
    private static final int ELEMENT_BYTES = 1;

    public FP8Array(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private FP8Array(MemorySegment segmentWithHeader) {
        super(segmentWithHeader, ELEMENT_BYTES);
    }

    /** An array over the segment itself, whose first {@link #ARRAY_HEADER} bytes are the header and are written. */
    public static FP8Array fromSegmentShallow(MemorySegment segment) {
        return new FP8Array(segment);
    }

    public void set(int index, byte value) {
        data.setAtIndex(LAYOUT, index, value);
    }

    public byte get(int index) {
        return data.getAtIndex(LAYOUT, index);
    }

    @Override
    public void clear() {
        data.fill((byte) 0);
    }

    @Override
    public int getElementSize() {
        return ELEMENT_BYTES;
    }

    public static FP8Array fromFloatsE4M3(float... values) {
        FP8Array array = new FP8Array(values.length);
        for (int i = 0; i < values.length; i++) {
            array.setE4M3(i, values[i]);
        }
        return array;
    }

    public float getE4M3(int index) {
        return FP8.e4m3ToFloat(get(index));
    }

    public void setE4M3(int index, float value) {
        set(index, FP8.e4m3FromFloat(value));
    }

    public static FP8Array fromFloatsE5M2(float... values) {
        FP8Array array = new FP8Array(values.length);
        for (int i = 0; i < values.length; i++) {
            array.setE5M2(i, values[i]);
        }
        return array;
    }

    public float getE5M2(int index) {
        return FP8.e5m2ToFloat(get(index));
    }

    public void setE5M2(int index, float value) {
        set(index, FP8.e5m2FromFloat(value));
    }
}
