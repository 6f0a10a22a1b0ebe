package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sala.loader.DType;
import sala.loader.Shape;
import sala.loader.TensorView;

final class WeightMatrixTest {
    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void everyFiniteElementIsWidenedExactly(DType dtype) {
        TensorView tensor = TestMatrices.everyFinite(dtype, 256);
        WeightMatrix matrix = WeightMatrix.of(tensor);
        float[] row = new float[256];
        for (int r = 0; r < matrix.rows; r++) {
            matrix.widen(r, 0, 256, row, 0);
            for (int c = 0; c < 256; c++) {
                assertEquals((float) tensor.getDouble(r * 256L + c), row[c]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F16", "BF16"})
    void everyFiniteElementIsMultipliedExactly(DType dtype) {
        TensorView tensor = TestMatrices.everyFinite(dtype, 256);
        WeightMatrix matrix = WeightMatrix.of(tensor);
        ProductInput input = new ProductInput(256);
        float[] lanes = new float[WeightMatrix.ROWS * VectorMath.LANES];
        float[] y = new float[matrix.rows];
        for (int c = 0; c < 256; c++) {
            float[] unit = new float[256];
            unit[c] = 1;
            input.set(unit, 256);
            matrix.multiply(input, 0, matrix.rows, lanes, y);
            for (int r = 0; r < matrix.rows; r++) {
                assertEquals((float) tensor.getDouble(r * 256L + c), y[r], 0f);
            }
        }
    }

    @Test
    void partOfARowIsWidened() {
        double[] values = new double[2 * 100];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        for (DType dtype : new DType[] {DType.F64, DType.F32, DType.F16, DType.BF16}) {
            WeightMatrix matrix = WeightMatrix.of(TestMatrices.of(dtype, 2, 100, values, 1));
            float[] out = new float[60];
            matrix.widen(1, 30, 53, out, 3);
            float[] expected = new float[60];
            for (int i = 0; i < 53; i++) {
                expected[3 + i] = 130 + i;
            }
            assertArrayEquals(expected, out, dtype.name());
        }
    }

    @Test
    void onlyMatricesOfFloatingPointTypesAreTaken() {
        TensorView vector =
                new TensorView("norm", DType.F32, Shape.of(4), Arena.ofAuto().allocate(16), "a.safetensors");
        assertRefused(vector, "norm", "a.safetensors", "[4]");
        TensorView bytes =
                new TensorView("ids", DType.I8, Shape.of(4, 4), Arena.ofAuto().allocate(16), "b.safetensors");
        assertRefused(bytes, "ids", "b.safetensors", "I8");
    }

    private static void assertRefused(TensorView tensor, String... parts) {
        String refusal = assertThrows(IllegalArgumentException.class, () -> WeightMatrix.of(tensor))
                .toString();
        for (String part : parts) {
            assertTrue(refusal.contains(part), refusal);
        }
    }
}
