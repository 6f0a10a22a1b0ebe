package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An array outside the Java heap: a header, then the elements. The header's first four bytes hold the number of
 * elements. Memory is zero at the start and lives as long as the array is reachable.
 */
public abstract sealed class TornadoNativeArray
        permits ByteArray,
                CharArray,
                DoubleArray,
                FloatArray,
                HalfFloatArray,
                IntArray,
                LongArray,
                ShortArray,
                Int8Array,
                FP8Array,
                BFloat16Array {
    /** Bytes before the elements. Not a constant to the compiler: the real API computes it when it starts. */
    public static final long ARRAY_HEADER = Long.parseLong("16");

    /** The elements, without the header. */
    final MemorySegment data;

    private final MemorySegment segmentWithHeader;
    private final int numberOfElements;

    TornadoNativeArray(int numberOfElements, int elementBytes) {
        if (numberOfElements < 0) {
            throw new IllegalArgumentException(
                    "an array of " + numberOfElements + " elements: the number must not be negative");
        }
        this.numberOfElements = numberOfElements;
        this.segmentWithHeader =
                Arena.ofAuto().allocate(ARRAY_HEADER + (long) numberOfElements * elementBytes, ARRAY_HEADER);
        this.data = segmentWithHeader.asSlice(ARRAY_HEADER);
        segmentWithHeader.set(ValueLayout.JAVA_INT, 0, numberOfElements);
    }

    TornadoNativeArray(MemorySegment segmentWithHeader, int elementBytes) {
        this.segmentWithHeader = segmentWithHeader;
        this.data = segmentWithHeader.asSlice(ARRAY_HEADER);
        this.numberOfElements = elementsOf(data, elementBytes);
        segmentWithHeader.set(ValueLayout.JAVA_INT, 0, numberOfElements);
    }

    static int elementsOf(MemorySegment segment, int elementBytes) {
        long bytes = segment.byteSize();
        if (bytes % elementBytes != 0) {
            throw new IllegalArgumentException(
                    "a segment of %d bytes does not divide into elements of %d bytes".formatted(bytes, elementBytes));
        }
        return Math.toIntExact(bytes / elementBytes);
    }

    static int totalSize(TornadoNativeArray[] arrays) {
        int size = 0;
        for (TornadoNativeArray array : arrays) {
            size = Math.addExact(size, array.getSize());
        }
        return size;
    }

    final void copyOneAfterTheOther(TornadoNativeArray[] arrays) {
        long offset = 0;
        for (TornadoNativeArray array : arrays) {
            MemorySegment.copy(array.data, 0, data, offset, array.data.byteSize());
            offset += array.data.byteSize();
        }
    }

    final MemorySegment partOf(int offset, int length) {
        if (offset < 0 || length < 0 || offset + length > numberOfElements) {
            throw new IllegalArgumentException(
                    "a slice of %d elements from %d of an array of %d".formatted(length, offset, numberOfElements));
        }
        return data.asSlice((long) offset * getElementSize(), (long) length * getElementSize());
    }

    /** The number of elements. */
    public int getSize() {
        return numberOfElements;
    }

    /** The elements. */
    public MemorySegment getSegment() {
        return data;
    }

    /** The header and the elements. */
    public MemorySegment getSegmentWithHeader() {
        return segmentWithHeader;
    }

    public long getNumBytesOfSegmentWithHeader() {
        return segmentWithHeader.byteSize();
    }

    public long getNumBytesOfSegment() {
        return data.byteSize();
    }

    /** Sets every element to zero. */
    protected abstract void clear();

    /** Bytes of one element. */
    public abstract int getElementSize();
}
