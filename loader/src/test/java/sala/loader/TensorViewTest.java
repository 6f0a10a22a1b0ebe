package sala.loader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class TensorViewTest {
    /** One byte in front, so that no element is aligned. */
    private static TensorView view(DType dtype, Shape shape, ByteBuffer data) {
        byte[] shifted = new byte[1 + data.capacity()];
        data.get(0, shifted, 1, data.capacity());
        return new TensorView("t", dtype, shape, MemorySegment.ofArray(shifted).asSlice(1), "file");
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void f64IsExact() {
        double[] values = {0, -0.0, 1.1, Double.MIN_VALUE, -Double.MAX_VALUE, Double.POSITIVE_INFINITY, Double.NaN};
        ByteBuffer data = buffer(8 * values.length);
        for (double value : values) {
            data.putDouble(value);
        }
        assertArrayEquals(values, view(DType.F64, Shape.of(values.length), data).toDoubles());
    }

    @Test
    void f32IsExact() {
        float[] values = {0, -0f, 1.1f, Float.MIN_VALUE, -Float.MAX_VALUE, Float.NEGATIVE_INFINITY, Float.NaN};
        ByteBuffer data = buffer(4 * values.length);
        for (float value : values) {
            data.putFloat(value);
        }
        assertArrayEquals(values, view(DType.F32, Shape.of(values.length), data).toFloats());
    }

    /** Every F16 bit pattern against the definition of the format. */
    @Test
    void f16IsExact() {
        ByteBuffer data = buffer(2 << 16);
        for (int bits = 0; bits < 1 << 16; bits++) {
            data.putShort((short) bits);
        }
        double[] values = view(DType.F16, Shape.of(256, 256), data).toDoubles();
        for (int bits = 0; bits < 1 << 16; bits++) {
            int exponent = bits >> 10 & 31;
            int mantissa = bits & 1023;
            double magnitude = exponent == 0
                    ? Math.scalb((double) mantissa, -24)
                    : exponent < 31
                            ? Math.scalb(1024.0 + mantissa, exponent - 25)
                            : mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
            assertEquals(bits >> 15 == 0 ? magnitude : -magnitude, values[bits], "bits " + bits);
        }
    }

    /** Every BF16 bit pattern against the definition of the format. */
    @Test
    void bf16IsExact() {
        ByteBuffer data = buffer(2 << 16);
        for (int bits = 0; bits < 1 << 16; bits++) {
            data.putShort((short) bits);
        }
        double[] values = view(DType.BF16, Shape.of(1 << 16), data).toDoubles();
        for (int bits = 0; bits < 1 << 16; bits++) {
            int exponent = bits >> 7 & 255;
            int mantissa = bits & 127;
            double magnitude = exponent == 0
                    ? Math.scalb((double) mantissa, -133)
                    : exponent < 255
                            ? Math.scalb(128.0 + mantissa, exponent - 134)
                            : mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
            assertEquals(bits >> 15 == 0 ? magnitude : -magnitude, values[bits], "bits " + bits);
        }
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void onlyFloatingPointTypesAreWidened(DType dtype) {
        TensorView view = view(dtype, Shape.of(1), buffer(dtype.bytes()));
        if (dtype.isFloatingPoint()) {
            assertEquals(0, view.getDouble(0));
            return;
        }
        String message = String.valueOf(assertThrows(IllegalStateException.class, () -> view.getDouble(0))
                .getMessage());
        assertTrue(message.contains("tensor t in file") && message.contains("found " + dtype), message);
    }

    @Test
    void dataOfAnotherSizeIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> view(DType.F32, Shape.of(2), buffer(7)));
        assertThrows(IllegalArgumentException.class, () -> Shape.of(1, -1));
        assertThrows(
                ArithmeticException.class, () -> Shape.of(1L << 32, 1L << 31).elementCount());
    }

    @Test
    void elementsOutsideAreRefused() {
        TensorView view = view(DType.F32, Shape.of(2), buffer(8));
        assertThrows(IndexOutOfBoundsException.class, () -> view.getDouble(2));
        assertThrows(IndexOutOfBoundsException.class, () -> view.getDouble(-1));
    }

    @Test
    void closedMemorySaysSo() {
        Arena arena = Arena.ofShared();
        TensorView view = new TensorView("t", DType.F32, Shape.of(1), arena.allocate(4), "file");
        arena.close();
        for (Runnable use : new Runnable[] {view::data, () -> view.getDouble(0), view::toFloats, view::toDoubles}) {
            String message = String.valueOf(
                    assertThrows(IllegalStateException.class, use::run).getMessage());
            assertTrue(message.contains("tensor t in file: its checkpoint is closed"), message);
        }
    }
}
