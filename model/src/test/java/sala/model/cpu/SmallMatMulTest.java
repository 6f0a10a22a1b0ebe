package sala.model.cpu;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sala.testing.GuardedArray;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

final class SmallMatMulTest {
    private static final int LANES = VectorMath.LANES;

    /** All tile shapes: whole and partial tiles of rows and vectors, no step, one step, many; A row by row and column by column. */
    @ParameterizedTest
    @CsvSource({
        "1, 1, 1",
        "1, 4, 63",
        "1, 5, 64",
        "3, 1, 65",
        "3, 8, 7",
        "4, 1, 64",
        "4, 4, 64",
        "5, 6, 100",
        "16, 4, 128",
        "16, 8, 1000",
        "7, 3, 0"
    })
    void productsEqualDoubleSums(int rows, int vectors, int steps) {
        for (boolean accumulate : new boolean[] {false, true}) {
            check(rows, vectors, steps, steps, 1, accumulate);
            check(rows, vectors, steps, 1, rows, accumulate);
        }
    }

    private static void check(int rows, int vectors, int steps, int aRow, int aStep, boolean accumulate) {
        RandomTensors random = RandomTensors.create();
        int width = vectors * LANES;
        int aOffset = 3;
        int bOffset = 5;
        int cOffset = 2;
        int cRow = width + 1;
        float[] a = random.normalFloats(aOffset + rows * steps);
        float[] b = random.normalFloats(bOffset + steps * width);
        GuardedArray.Floats c = GuardedArray.floats(cOffset + (rows - 1) * cRow + width);
        float[] before = random.normalFloats(rows * width);
        double[] expected = new double[rows * width];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < width; column++) {
                if (accumulate) {
                    c.values()[cOffset + row * cRow + column] = before[row * width + column];
                    expected[row * width + column] = before[row * width + column];
                }
                for (int step = 0; step < steps; step++) {
                    expected[row * width + column] +=
                            (double) a[aOffset + row * aRow + step * aStep] * b[bOffset + step * width + column];
                }
            }
        }
        new SmallMatMul(ColdStart.none())
                .multiply(
                        a,
                        aOffset,
                        aRow,
                        aStep,
                        rows,
                        b,
                        bOffset,
                        width,
                        LANES,
                        steps,
                        c.values(),
                        cOffset,
                        cRow,
                        vectors,
                        accumulate);
        float[] actual = new float[rows * width];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(c.values(), cOffset + row * cRow, actual, row * width, width);
        }
        TensorAssert.assertClose("product", expected, actual, Tolerance.CPU_F32_MATMUL);
        c.assertGuardsIntact("product");
    }
}
