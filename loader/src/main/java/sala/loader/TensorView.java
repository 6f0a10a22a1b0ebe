package sala.loader;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A named, typed, read-only slice of a mapped file (or of memory, for weights made from a seed). Nothing is copied.
 *
 * @param name tensor name as in the file
 * @param dtype element type
 * @param shape dimensions, C order
 * @param data little-endian elements, {@code shape.elementCount() * dtype.bytes()} bytes, not necessarily aligned
 * @param source where the data comes from, for messages: a file name
 */
public record TensorView(String name, DType dtype, Shape shape, MemorySegment data, String source) {
    private static final ValueLayout.OfShort LE_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat LE_FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble LE_DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    public TensorView {
        long expected = Math.multiplyExact(shape.elementCount(), dtype.bytes());
        if (data.byteSize() != expected) {
            throw new IllegalArgumentException("tensor %s in %s: %s of %s takes %d bytes, found %d"
                    .formatted(name, source, dtype, shape, expected, data.byteSize()));
        }
        data = data.asReadOnly();
    }

    /**
     * The elements.
     *
     * @throws IllegalStateException if the checkpoint they belong to was closed
     */
    @Override
    public MemorySegment data() {
        if (!data.scope().isAlive()) {
            throw new IllegalStateException("tensor %s in %s: its checkpoint is closed".formatted(name, source));
        }
        return data;
    }

    /**
     * Element {@code index} in C order, widened exactly.
     *
     * @throws IllegalStateException if the element type is not a floating-point type this project computes with,
     *     or the checkpoint was closed
     */
    public double getDouble(long index) {
        return switch (dtype) {
            case F64 -> data().get(LE_DOUBLE, index * Double.BYTES);
            case F32 -> data().get(LE_FLOAT, index * Float.BYTES);
            case F16 -> Float.float16ToFloat(data().get(LE_SHORT, index * Short.BYTES));
            case BF16 -> Float.intBitsToFloat(data().get(LE_SHORT, index * Short.BYTES) << 16);
            case F8_E4M3, F8_E5M2, F8_E8M0, I64, I32, I16, I8, U64, U32, U16, U8, BOOL ->
                throw new IllegalStateException(
                        "tensor %s in %s: expected F64, F32, F16 or BF16, found %s".formatted(name, source, dtype));
        };
    }

    /** All elements widened exactly, in C order. */
    public double[] toDoubles() {
        double[] values = new double[Math.toIntExact(shape.elementCount())];
        for (int i = 0; i < values.length; i++) {
            values[i] = getDouble(i);
        }
        return values;
    }

    /** All elements as {@code float}, in C order; only F64 elements are rounded. */
    public float[] toFloats() {
        float[] values = new float[Math.toIntExact(shape.elementCount())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) getDouble(i);
        }
        return values;
    }
}
