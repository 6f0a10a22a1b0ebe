package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A part of an array, given in elements; after {@link #materialize()} it is told in bytes from the header on. */
public class DataRange {
    private final TornadoNativeArray array;
    private long offset;
    private long size;
    private boolean materialized;

    public DataRange(TornadoNativeArray array) {
        this.array = array;
    }

    public DataRange withOffset(long offset) {
        this.offset = offset;
        return this;
    }

    /** Elements to copy; 0 means the whole array. */
    public DataRange withSize(long size) {
        this.size = size;
        return this;
    }

    /** Bytes before the part, the header included. */
    public long getOffset() {
        requireMaterialized();
        return TornadoNativeArray.ARRAY_HEADER + offset * array.getElementSize();
    }

    /** Bytes of the part. */
    public long getPartialSize() {
        requireMaterialized();
        return bytes();
    }

    public void materialize() {
        if (offset * array.getElementSize() + bytes() > array.getNumBytesOfSegment()) {
            throw new TornadoRuntimeException("a range of %d elements from %d does not fit an array of %d"
                    .formatted(bytes() / array.getElementSize(), offset, array.getSize()));
        }
        materialized = true;
    }

    public TornadoNativeArray getArray() {
        return array;
    }

    private long bytes() {
        return size == 0 ? array.getNumBytesOfSegment() : size * array.getElementSize();
    }

    private void requireMaterialized() {
        if (!materialized) {
            throw new TornadoRuntimeException("a range is asked for bytes before materialize()");
        }
    }
}
