package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sala.loader.DType;
import sala.loader.TensorView;
import sala.testing.GuardedArray;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

final class MatMulTest {
    private static final int[][] SHAPES = {{1, 1}, {7, 36}, {8, 40}, {9, 48}, {63, 53}, {64, 256}, {65, 257}, {130, 600}
    };
    private static final int[] TOKEN_COUNTS = {1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100};

    @ParameterizedTest
    @EnumSource(names = {"F64", "F32", "F16", "BF16"})
    void anyShapeAndTokenCount(DType dtype) {
        RandomTensors random = RandomTensors.create();
        try (WorkerTeam team = new WorkerTeam(2)) {
            MatMul matMul = new MatMul(team, ColdStart.none(), 100, 600);
            for (int[] shape : SHAPES) {
                int rows = shape[0];
                int columns = shape[1];
                TensorView tensor = TestMatrices.of(dtype, rows, columns, random.normal(rows * columns), rows % 3);
                WeightMatrix[] matrices = {WeightMatrix.of(tensor)};
                for (int tokenCount : TOKEN_COUNTS) {
                    float[] x = random.normalFloats(tokenCount * columns);
                    GuardedArray.Floats y = GuardedArray.floats(tokenCount * rows);
                    matMul.multiply(matrices, x, tokenCount, new float[][] {y.values()});
                    String name = "%s %d x %d, %d tokens".formatted(dtype, rows, columns, tokenCount);
                    y.assertWritten(name);
                    TensorAssert.assertClose(
                            name, product(tensor, x, tokenCount), y.toArray(), Tolerance.CPU_F32_MATMUL);
                }
            }
        }
    }

    @Test
    void resultsDependNeitherOnThreadsNorOnTheOtherTokens() {
        RandomTensors random = RandomTensors.create();
        int rows = 200;
        int columns = 300;
        int tokenCount = 77;
        TensorView tensor = TestMatrices.of(DType.BF16, rows, columns, random.normal(rows * columns), 0);
        float[] x = random.normalFloats(tokenCount * columns);
        float[] all = multiply(1, tensor, x, tokenCount);
        assertArrayEquals(all, multiply(3, tensor, x, tokenCount), "three threads");
        for (int token = 0; token < tokenCount; token++) {
            float[] row = Arrays.copyOfRange(x, token * columns, (token + 1) * columns);
            float[] expected = Arrays.copyOfRange(all, token * rows, (token + 1) * rows);
            assertArrayEquals(expected, multiply(1, tensor, row, 1), "token " + token + " alone");
        }
    }

    @Test
    void severalMatricesShareTheTokens() {
        RandomTensors random = RandomTensors.create();
        int columns = 48;
        int tokenCount = 20;
        float[] x = random.normalFloats(tokenCount * columns);
        TensorView first = TestMatrices.of(DType.BF16, 70, columns, random.normal(70 * columns), 0);
        TensorView second = TestMatrices.of(DType.F32, 129, columns, random.normal(129 * columns), 0);
        float[][] outputs = {new float[tokenCount * 70], new float[tokenCount * 129]};
        try (WorkerTeam team = new WorkerTeam(2)) {
            new MatMul(team, ColdStart.none(), tokenCount, columns)
                    .multiply(
                            new WeightMatrix[] {WeightMatrix.of(first), WeightMatrix.of(second)},
                            x,
                            tokenCount,
                            outputs);
        }
        TensorAssert.assertClose("first", product(first, x, tokenCount), outputs[0], Tolerance.CPU_F32_MATMUL);
        TensorAssert.assertClose("second", product(second, x, tokenCount), outputs[1], Tolerance.CPU_F32_MATMUL);
    }

    @Test
    void moreTokensThanPlannedAreRefused() {
        WeightMatrix[] matrices = {WeightMatrix.of(TestMatrices.of(DType.F32, 1, 1, new double[] {1}, 0))};
        try (WorkerTeam team = new WorkerTeam(1)) {
            MatMul matMul = new MatMul(team, ColdStart.none(), 10, 1);
            float[][] outputs = {new float[11]};
            assertThrows(IllegalArgumentException.class, () -> matMul.multiply(matrices, new float[11], 11, outputs));
            assertThrows(IllegalArgumentException.class, () -> matMul.multiply(matrices, new float[11], 0, outputs));
        }
    }

    private static float[] multiply(int threads, TensorView tensor, float[] x, int tokenCount) {
        WeightMatrix matrix = WeightMatrix.of(tensor);
        float[] y = new float[tokenCount * matrix.rows];
        try (WorkerTeam team = new WorkerTeam(threads)) {
            new MatMul(team, ColdStart.none(), tokenCount, matrix.columns)
                    .multiply(new WeightMatrix[] {matrix}, x, tokenCount, new float[][] {y});
        }
        return y;
    }

    private static double[] product(TensorView tensor, float[] x, int tokenCount) {
        int rows = (int) tensor.shape().dimension(0);
        int columns = (int) tensor.shape().dimension(1);
        double[] y = new double[tokenCount * rows];
        for (int token = 0; token < tokenCount; token++) {
            float[] row = Arrays.copyOfRange(x, token * columns, (token + 1) * columns);
            System.arraycopy(MatVecTest.product(tensor, row), 0, y, token * rows, rows);
        }
        return y;
    }
}
