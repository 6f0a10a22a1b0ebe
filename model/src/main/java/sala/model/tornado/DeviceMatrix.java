package sala.model.tornado;

import static sala.kernels.storage.PackedBf16.PER_WORD;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import sala.kernels.storage.StorageType;
import sala.loader.DType;
import sala.loader.TensorView;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A weight matrix {@code [rows, columns]} as the device keeps it, in one of three storage types. */
sealed interface DeviceMatrix {
    int rows();

    int columns();

    /** The array that task graphs transfer. */
    TornadoNativeArray values();

    record F32(FloatArray values, int rows, int columns) implements DeviceMatrix {}

    record F16(HalfFloatArray values, int rows, int columns) implements DeviceMatrix {}

    /** Four elements a word, see {@link sala.kernels.storage.PackedBf16}. */
    record PackedBf16(LongArray values, int rows, int columns) implements DeviceMatrix {}

    /**
     * Copies a tensor of two dimensions, as stored where the types agree, else value by value; bf16 is packed.
     *
     * @throws IllegalArgumentException if a value is beyond the range of the storage type, or there are more elements
     *     than an array holds
     */
    static DeviceMatrix of(TensorView tensor, StorageType storage) {
        int rows = Math.toIntExact(tensor.shape().dimension(0));
        int columns = Math.toIntExact(tensor.shape().dimension(1));
        long count = tensor.shape().elementCount();
        if (count > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("%s in %s: a device array holds at most %d elements, found %s"
                    .formatted(tensor.name(), tensor.source(), Integer.MAX_VALUE, tensor.shape()));
        }
        int size = (int) count;
        return switch (storage) {
            case F32 -> {
                FloatArray values = new FloatArray(size);
                fill(tensor, values.getSegment(), DType.F32);
                yield new F32(values, rows, columns);
            }
            case F16 -> {
                HalfFloatArray values = new HalfFloatArray(size);
                fill(tensor, values.getSegment(), DType.F16);
                yield new F16(values, rows, columns);
            }
            case BF16, PACKED_BF16 -> {
                if (columns % PER_WORD != 0) {
                    throw new IllegalArgumentException("%s in %s: packed bf16 needs columns in fours, found %s"
                            .formatted(tensor.name(), tensor.source(), tensor.shape()));
                }
                LongArray values = new LongArray(size / PER_WORD);
                fill(tensor, values.getSegment(), DType.BF16);
                yield new PackedBf16(values, rows, columns);
            }
        };
    }

    /** Copies a tensor into memory of a type, as it is or rounded. */
    static void fill(TensorView tensor, MemorySegment target, DType type) {
        if (tensor.dtype() == type) {
            MemorySegment.copy(tensor.data(), 0, target, 0, tensor.data().byteSize());
            return;
        }
        long count = tensor.shape().elementCount();
        ValueLayout.OfShort shorts = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.nativeOrder());
        for (long i = 0; i < count; i++) {
            float value = (float) tensor.getDouble(i);
            switch (type) {
                case F32 -> target.set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES, value);
                case F16 -> target.set(shorts, i * Short.BYTES, narrow(tensor, i, value));
                case BF16 -> target.set(shorts, i * Short.BYTES, roundToBf16(value));
                default -> throw new IllegalArgumentException("no storage type of the device: " + type);
            }
        }
    }

    private static short narrow(TensorView tensor, long index, float value) {
        short half = Float.floatToFloat16(value);
        if (Float.isInfinite(Float.float16ToFloat(half))) {
            throw new IllegalArgumentException(
                    "%s in %s: element %d is %s, beyond the range of f16 (65504): take another storage type"
                            .formatted(tensor.name(), tensor.source(), index, value));
        }
        return half;
    }

    /** To the nearest bfloat16, to even among equals. */
    private static short roundToBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int lowestKept = (bits >>> Short.SIZE) & 1;
        return (short) ((bits + 0x7fff + lowestKept) >>> Short.SIZE);
    }
}
