package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import sala.loader.DType;
import sala.loader.TensorView;
import sala.testing.GuardedArray;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

final class MatVecTest {
    private static final int[] ROWS = {1, 2, 3, 4, 5, 63, 64, 65, 100};
    private static final int[] COLUMNS = {1, 8, 15, 16, 31, 32, 33, 36, 40, 48, 53, 63, 64, 65, 100, 1000};

    @ParameterizedTest
    @EnumSource(names = {"F64", "F32", "F16", "BF16"})
    void anyShapeAtAnyAddress(DType dtype) {
        RandomTensors random = RandomTensors.create();
        try (WorkerTeam team = new WorkerTeam(2)) {
            MatVec matVec = new MatVec(team, ColdStart.none(), 1000);
            for (int rows : ROWS) {
                for (int columns : COLUMNS) {
                    int misalignment = (rows + columns) % 5;
                    TensorView tensor =
                            TestMatrices.of(dtype, rows, columns, random.normal(rows * columns), misalignment);
                    float[] x = random.normalFloats(columns);
                    GuardedArray.Floats y = GuardedArray.floats(rows);
                    matVec.multiply(new WeightMatrix[] {WeightMatrix.of(tensor)}, x, new float[][] {y.values()});
                    String name = dtype + " " + rows + " x " + columns;
                    y.assertWritten(name);
                    TensorAssert.assertClose(name, product(tensor, x), y.toArray(), Tolerance.CPU_F32_MATMUL);
                }
            }
        }
    }

    /** Rows of 8 KB, so that a matrix is cut into many pieces, and of a width that gives each row a tail. */
    @ParameterizedTest
    @CsvSource({"4096, 700", "4099, 701"})
    void manyPieces(int columns, int rows) {
        RandomTensors random = RandomTensors.create();
        TensorView tensor = TestMatrices.of(DType.BF16, rows, columns, random.normal(rows * columns), 1);
        float[] x = random.normalFloats(columns);
        double[] expected = product(tensor, x);
        float[] first = multiply(1, tensor, x);
        TensorAssert.assertClose("one thread", expected, first, Tolerance.CPU_F32_MATMUL);
        for (int threads : new int[] {2, 3, 5}) {
            assertArrayEquals(first, multiply(threads, tensor, x), threads + " threads");
        }
    }

    @Test
    void severalMatricesShareTheVector() {
        RandomTensors random = RandomTensors.create();
        int columns = 100;
        float[] x = random.normalFloats(columns);
        TensorView[] tensors = {
            TestMatrices.of(DType.BF16, 65, columns, random.normal(65 * columns), 2),
            TestMatrices.of(DType.F32, 1, columns, random.normal(columns), 0),
            TestMatrices.of(DType.F16, 1000, columns, random.normal(1000 * columns), 0),
        };
        WeightMatrix[] matrices = new WeightMatrix[tensors.length];
        float[][] outputs = new float[tensors.length][];
        for (int i = 0; i < tensors.length; i++) {
            matrices[i] = WeightMatrix.of(tensors[i]);
            outputs[i] = new float[matrices[i].rows];
        }
        try (WorkerTeam team = new WorkerTeam(2)) {
            new MatVec(team, ColdStart.none(), columns).multiply(matrices, x, outputs);
        }
        for (int i = 0; i < tensors.length; i++) {
            TensorAssert.assertClose("matrix " + i, product(tensors[i], x), outputs[i], Tolerance.CPU_F32_MATMUL);
        }
    }

    private static float[] multiply(int threads, TensorView tensor, float[] x) {
        WeightMatrix matrix = WeightMatrix.of(tensor);
        float[] y = new float[matrix.rows];
        try (WorkerTeam team = new WorkerTeam(threads)) {
            new MatVec(team, ColdStart.none(), matrix.columns)
                    .multiply(new WeightMatrix[] {matrix}, x, new float[][] {y});
        }
        return y;
    }

    static double[] product(TensorView tensor, float[] x) {
        int rows = (int) tensor.shape().dimension(0);
        int columns = (int) tensor.shape().dimension(1);
        double[] y = new double[rows];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                y[r] += tensor.getDouble((long) r * columns + c) * x[c];
            }
        }
        return y;
    }
}
