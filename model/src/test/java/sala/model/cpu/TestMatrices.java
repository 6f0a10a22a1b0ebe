package sala.model.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import sala.loader.DType;
import sala.loader.Shape;
import sala.loader.TensorView;

/** Stored matrices made from values, at any address. */
final class TestMatrices {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private TestMatrices() {}

    /**
     * A matrix of values rounded to a type.
     *
     * @param misalignment bytes by which the data misses a multiple of 64
     */
    static TensorView of(DType dtype, int rows, int columns, double[] values, int misalignment) {
        MemorySegment data = allocate(dtype, rows, columns, misalignment);
        for (int i = 0; i < values.length; i++) {
            switch (dtype) {
                case F64 -> data.set(DOUBLE, (long) i * Double.BYTES, values[i]);
                case F32 -> data.set(FLOAT, (long) i * Float.BYTES, (float) values[i]);
                case F16 -> data.set(SHORT, (long) i * Short.BYTES, Float.floatToFloat16((float) values[i]));
                case BF16 ->
                    data.set(
                            SHORT, (long) i * Short.BYTES, (short) (Float.floatToRawIntBits((float) values[i]) >>> 16));
                case F8_E4M3, F8_E5M2, F8_E8M0, I64, I32, I16, I8, U64, U32, U16, U8, BOOL ->
                    throw new AssertionError(dtype);
            }
        }
        return new TensorView("weight", dtype, Shape.of(rows, columns), data, "test");
    }

    /** A matrix of 16-bit elements, all those of a finite value, each {@code repeat} times in a row. */
    static TensorView everyFinite(DType dtype, int columns) {
        int exponentMask = dtype == DType.F16 ? 0x7c00 : 0x7f80;
        int count = 0;
        MemorySegment data = allocate(dtype, 1 << 16, 1, 0);
        for (int bits = 0; bits < 1 << 16; bits++) {
            if ((bits & exponentMask) != exponentMask) {
                data.set(SHORT, (long) count++ * Short.BYTES, (short) bits);
            }
        }
        int rows = count / columns;
        MemorySegment whole = data.asSlice(0, (long) rows * columns * Short.BYTES);
        return new TensorView("weight", dtype, Shape.of(rows, columns), whole, "test");
    }

    private static MemorySegment allocate(DType dtype, int rows, int columns, int misalignment) {
        long bytes = (long) rows * columns * dtype.bytes();
        return Arena.ofAuto().allocate(bytes + misalignment, 64).asSlice(misalignment, bytes);
    }
}
