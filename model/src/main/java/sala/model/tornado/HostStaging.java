package sala.model.tornado;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import sala.kernels.storage.PackedBf16;
import sala.kernels.storage.StorageType;
import sala.loader.DType;
import sala.loader.TensorView;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Host memory through which weights go to the device. An array of a task graph has a host side of its own size; for a
 * whole model that would be all weights and caches once more. So those of one layer lie where those of every other layer
 * lie, and hold their values only from {@link Share#fill} to the next layer's: long enough to be sent.
 */
final class HostStaging {
    private static final long ALIGNMENT = 64;

    private final MemorySegment memory;

    /** @param bytes of the largest share, see {@link #bytes(long, int)} */
    HostStaging(long bytes) {
        memory = Arena.ofAuto().allocate(bytes, ALIGNMENT);
    }

    /** Bytes that an array takes of its share. */
    static long bytes(long elements, int elementBytes) {
        long bytes = Math.addExact(TornadoNativeArray.ARRAY_HEADER, Math.multiplyExact(elements, elementBytes));
        return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }

    /** Bytes that tensors take of their share: matrices in the storage type, norms in f32. */
    static long bytes(List<TensorView> tensors, StorageType storage) {
        long bytes = 0;
        for (TensorView tensor : tensors) {
            int elementBytes = tensor.shape().rank() == 1 ? Float.BYTES : storage.elementBytes();
            bytes = Math.addExact(bytes, bytes(tensor.shape().elementCount(), elementBytes));
        }
        return bytes;
    }

    /** The arrays of another layer, in the same memory as those of all before. */
    Share share() {
        return new Share();
    }

    /** Arrays that go to the device together. */
    final class Share {
        private record Content(TornadoNativeArray array, TensorView tensor, DType type) {}

        private final List<TornadoNativeArray> arrays = new ArrayList<>();
        private final List<Content> contents = new ArrayList<>();
        private long end;

        FloatArray floats(TensorView tensor) {
            return holding(tensor, DType.F32, floats(size(tensor)));
        }

        HalfFloatArray halfs(TensorView tensor) {
            return holding(tensor, DType.F16, halfs(size(tensor)));
        }

        BFloat16Array bfloats(TensorView tensor) {
            return holding(tensor, DType.BF16, add(BFloat16Array.fromSegmentShallow(next(size(tensor), Short.BYTES))));
        }

        /** bf16 elements, four to a word. */
        LongArray words(TensorView tensor) {
            int words = size(tensor) / PackedBf16.PER_WORD;
            return holding(tensor, DType.BF16, add(LongArray.fromSegmentShallow(next(words, Long.BYTES))));
        }

        /** Elements of any value, to be written by kernels. */
        FloatArray floats(int size) {
            return add(FloatArray.fromSegmentShallow(next(size, Float.BYTES)));
        }

        /** Elements of any value, to be written by kernels. */
        HalfFloatArray halfs(int size) {
            return add(HalfFloatArray.fromSegmentShallow(next(size, Short.BYTES)));
        }

        private MemorySegment next(int elements, int elementBytes) {
            long bytes = TornadoNativeArray.ARRAY_HEADER + (long) elements * elementBytes;
            MemorySegment slice = memory.asSlice(end, bytes);
            end += bytes(elements, elementBytes);
            return slice;
        }

        private <T extends TornadoNativeArray> T add(T array) {
            arrays.add(array);
            return array;
        }

        private <T extends TornadoNativeArray> T holding(TensorView tensor, DType type, T array) {
            contents.add(new Content(array, tensor, type));
            return array;
        }

        /**
         * Writes the tensors into the memory, over those of the share filled before.
         *
         * @throws sala.model.DeviceException if a value is beyond the range of its type
         */
        void fill() {
            for (TornadoNativeArray array : arrays) {
                // The header holds the number of elements; other shares have theirs in the same place.
                array.getSegmentWithHeader().set(ValueLayout.JAVA_INT, 0, array.getSize());
            }
            for (Content content : contents) {
                TensorCopy.fill(content.tensor(), content.array().getSegment(), content.type());
            }
        }

        private static int size(TensorView tensor) {
            long count = tensor.shape().elementCount();
            if (count > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("%s in %s: a device array holds at most %d elements, found %s"
                        .formatted(tensor.name(), tensor.source(), Integer.MAX_VALUE, tensor.shape()));
            }
            return (int) count;
        }
    }
}
