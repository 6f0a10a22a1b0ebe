package sala.model.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import sala.loader.DType;
import sala.loader.Shape;
import sala.loader.TensorView;

/** A matrix of a seed, larger than the caches if it is to stand for weights that stream from memory. */
final class SeededMatrix {
    private static final ValueLayout.OfShort LE_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat LE_FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private SeededMatrix() {}

    static TensorView create(DType dtype, int rows, int columns, Arena arena) {
        long count = (long) rows * columns;
        MemorySegment data = arena.allocate(count * dtype.bytes(), 64);
        Random random = new Random(42);
        for (long i = 0; i < count; i++) {
            float value = random.nextFloat() - 0.5f;
            switch (dtype) {
                case BF16 ->
                    data.set(LE_SHORT, i * Short.BYTES, (short) (Float.floatToRawIntBits(value) >>> Short.SIZE));
                case F16 -> data.set(LE_SHORT, i * Short.BYTES, Float.floatToFloat16(value));
                case F32 -> data.set(LE_FLOAT, i * Float.BYTES, value);
                case F64, F8_E4M3, F8_E5M2, F8_E8M0, I64, I32, I16, I8, U64, U32, U16, U8, BOOL ->
                    throw new IllegalArgumentException("expected BF16, F16 or F32, found " + dtype);
            }
        }
        return new TensorView("weight", dtype, Shape.of(rows, columns), data, "seed");
    }

    static float[] vector(int length) {
        Random random = new Random(43);
        float[] x = new float[length];
        for (int i = 0; i < length; i++) {
            x[i] = random.nextFloat() - 0.5f;
        }
        return x;
    }

    /** Throws unless {@code found} is the product of a row with a vector. */
    static void check(TensorView tensor, int row, float[] x, int xOffset, float found) {
        int columns = (int) tensor.shape().dimension(1);
        double expected = 0;
        double magnitude = 0;
        for (int column = 0; column < columns; column++) {
            double term = tensor.getDouble((long) row * columns + column) * x[xOffset + column];
            expected += term;
            magnitude += Math.abs(term);
        }
        if (!(Math.abs(found - expected) <= 1e-6 * magnitude)) {
            throw new IllegalStateException("row %d: expected %s, found %s".formatted(row, expected, found));
        }
    }
}
