package sala.model.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.LongStream;
import sala.loader.DType;
import sala.loader.TensorView;
import sala.model.DeviceException;

/** Copies a tensor into memory of the device's element type. */
final class TensorCopy {
    private static final long PIECE_ELEMENTS = 1 << 16;
    private static final ValueLayout.OfShort LE_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort NATIVE_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.nativeOrder());

    private TensorCopy() {}

    /**
     * Copies all elements, as they are where the types agree, else rounded to the nearest; large tensors by all cores.
     *
     * @param type F32, F16 or BF16
     * @throws DeviceException if a value is beyond the range of f16
     */
    static void fill(TensorView tensor, MemorySegment target, DType type) {
        if (tensor.dtype() == type) {
            MemorySegment.copy(tensor.data(), 0, target, 0, tensor.data().byteSize());
            return;
        }
        long count = tensor.shape().elementCount();
        if (count <= PIECE_ELEMENTS) {
            convert(tensor, target, type, 0, count);
            return;
        }
        LongStream.range(0, Math.ceilDiv(count, PIECE_ELEMENTS))
                .parallel()
                .forEach(piece -> convert(
                        tensor, target, type, piece * PIECE_ELEMENTS, Math.min(count, (piece + 1) * PIECE_ELEMENTS)));
    }

    private static void convert(TensorView tensor, MemorySegment target, DType type, long from, long to) {
        MemorySegment data = tensor.data();
        boolean widensShorts = tensor.dtype() == DType.BF16;
        for (long i = from; i < to; i++) {
            float value = widensShorts
                    ? Float.intBitsToFloat(data.get(LE_SHORT, i * Short.BYTES) << Short.SIZE)
                    : (float) tensor.getDouble(i);
            switch (type) {
                case F32 -> target.set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES, value);
                case F16 -> target.set(NATIVE_SHORT, i * Short.BYTES, narrow(tensor, i, value));
                case BF16 -> target.set(NATIVE_SHORT, i * Short.BYTES, roundToBf16(value));
                default -> throw new IllegalArgumentException("no storage type of the device: " + type);
            }
        }
    }

    private static short narrow(TensorView tensor, long index, float value) {
        short half = Float.floatToFloat16(value);
        if (Float.isInfinite(Float.float16ToFloat(half))) {
            throw new DeviceException("%s in %s: element %d is %s, beyond the range of f16 (65504): take --weights f32"
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
