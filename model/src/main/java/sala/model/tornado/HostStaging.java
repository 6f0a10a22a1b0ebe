package sala.model.tornado;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import sala.kernels.storage.PackedBf16;
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
 *
 * <p>The memory is a list of slots, and an array begins where a slot begins. TornadoVM pins the host side of each array
 * (CUDA, PTX) under the array's address, and keeps it pinned; the driver refuses to copy from a range that only begins or
 * ends in a pinned one. So two arrays either lie apart or begin at the same address, the first of them being the largest.
 */
final class HostStaging {
    private static final long PAGE = 4096;

    /** A slot is not given to an array of less than this share of it, which would waste what a larger one needs. */
    private static final int LEAST_USED = 2;

    private final List<MemorySegment> slots = new ArrayList<>();

    /** Bytes of all slots. */
    long bytes() {
        return slots.stream().mapToLong(MemorySegment::byteSize).sum();
    }

    /** The smallest slot for so many bytes that is not taken, or a new one. */
    private int slot(long bytes, BitSet taken) {
        return IntStream.range(0, slots.size())
                .filter(slot -> !taken.get(slot))
                .filter(slot -> slots.get(slot).byteSize() >= bytes)
                .filter(slot -> slots.get(slot).byteSize() / LEAST_USED <= bytes)
                .boxed()
                .min(Comparator.comparingLong(slot -> slots.get(slot).byteSize()))
                .orElseGet(() -> {
                    slots.add(Arena.ofAuto().allocate(bytes, PAGE));
                    return slots.size() - 1;
                });
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
        private final BitSet taken = new BitSet();

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
            int slot = slot(bytes, taken);
            taken.set(slot);
            return slots.get(slot).asSlice(0, bytes);
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
