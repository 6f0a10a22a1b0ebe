package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import sala.loader.DType;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.GuardedArray;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

/** Against {@code golden/kernels} where it has the operation, otherwise against its formula in f64. */
final class TokenOpsTest {
    private static final RandomTensors RANDOM = RandomTensors.create();

    static List<GoldenVariant> rmsNormVariants() {
        return Golden.variants("rmsnorm");
    }

    static List<GoldenVariant> ropeVariants() {
        return Golden.variants("rope");
    }

    @ParameterizedTest
    @MethodSource("rmsNormVariants")
    void rmsNormMatchesGolden(GoldenVariant variant) {
        int[] shape = variant.shape("x");
        int width = shape[shape.length - 1];
        float[] x = floats(variant.doubles("x"));
        GuardedArray.Floats out = GuardedArray.floats(x.length);
        try (WorkerTeam team = new WorkerTeam(2)) {
            new TokenOps(team, ColdStart.none(), width)
                    .norm(x, floats(variant.doubles("weight")), variant.number("eps"), x.length / width, out.values());
        }
        out.assertWritten(variant.label("out"));
        TensorAssert.assertClose(
                variant.label("out"), variant.doubles("out"), out.toArray(), Tolerance.CPU_F32_ELEMENTWISE);
    }

    @ParameterizedTest
    @MethodSource("ropeVariants")
    void ropeMatchesGolden(GoldenVariant variant) {
        int[] shape = variant.shape("x");
        int numHeads = shape[1];
        int headDim = shape[2];
        int[] positions = variant.ints("positions");
        float[] x = floats(variant.doubles("x"));
        Rope rope = new Rope(headDim, variant.number("theta"), 2);
        for (int t = 0; t < positions.length; t++) {
            // as the second token of a call, so that the row of the table matters
            rope.prepare(positions[t] - 1, 0, 2);
            for (int head = 0; head < numHeads; head++) {
                rope.rotate(x, (t * numHeads + head) * headDim, 1);
            }
        }
        TensorAssert.assertClose(variant.label("out"), variant.doubles("out"), x, Tolerance.CPU_F32_ELEMENTWISE);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 63", "1, 64", "1, 65", "1, 100", "1, 1000", "3, 36", "5, 53", "64, 48", "190, 48"})
    void elementsMatchTheirFormula(int count, int width) {
        int length = count * width;
        float[] a = RANDOM.normalFloats(length);
        float[] b = RANDOM.normalFloats(length);
        float scale = 0.2475f;
        double[] swiGlu = new double[length];
        double[] gated = new double[length];
        double[] sum = new double[length];
        for (int i = 0; i < length; i++) {
            swiGlu[i] = a[i] / (1 + Math.exp(-a[i])) * b[i];
            gated[i] = a[i] / (1 + Math.exp(-b[i]));
            sum[i] = a[i] + (double) scale * b[i];
        }
        try (WorkerTeam team = new WorkerTeam(2)) {
            TokenOps ops = new TokenOps(team, ColdStart.none(), width);
            float[] actual = a.clone();
            ops.swiGlu(actual, b, count, width);
            TensorAssert.assertClose("swiGlu", swiGlu, actual, Tolerance.CPU_F32_ELEMENTWISE);
            actual = a.clone();
            ops.outputGate(actual, b, count, width);
            TensorAssert.assertClose("outputGate", gated, actual, Tolerance.CPU_F32_ELEMENTWISE);
            actual = a.clone();
            ops.addScaled(actual, b, scale, count, width);
            TensorAssert.assertClose("addScaled", sum, actual, Tolerance.CPU_F32_ELEMENTWISE);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 8", "1, 5, 128", "7, 3, 8", "33, 6, 32", "33, 6, 64"})
    void headsAreNormedAndRotatedOneByOne(int count, int numHeads, int headDim) {
        float[] x = RANDOM.normalFloats(count * numHeads * headDim);
        float[] weight = RANDOM.normalFloats(headDim);
        int position = 1000;
        float[] expected = x.clone();
        for (int token = 0; token < count; token++) {
            Rope rope = new Rope(headDim, 10_000, 1);
            rope.prepare(position + token, 0, 1);
            for (int head = 0; head < numHeads; head++) {
                int offset = (token * numHeads + head) * headDim;
                RmsNorm.apply(x, offset, weight, 1e-6, expected, offset);
                rope.rotate(expected, offset, 0);
            }
        }
        try (WorkerTeam team = new WorkerTeam(3)) {
            TokenOps ops = new TokenOps(team, ColdStart.none(), headDim);
            Rope rope = new Rope(headDim, 10_000, count);
            ops.prepareRope(rope, position, count);
            ops.normHeads(x, weight, 1e-6, count, numHeads);
            ops.rotate(rope, x, count, numHeads, headDim);
        }
        assertArrayEquals(expected, x);
    }

    @ParameterizedTest
    @CsvSource({"1, 36", "4, 40", "9, 100", "100, 100"})
    void embeddingRowsAreScaled(int count, int width) {
        int vocabSize = 11;
        double[] table = RANDOM.normal(vocabSize * width);
        WeightMatrix matrix = WeightMatrix.of(TestMatrices.of(DType.F32, vocabSize, width, table, 3));
        int[] tokens = RANDOM.ints(count + 2, vocabSize);
        GuardedArray.Floats out = GuardedArray.floats(count * width);
        try (WorkerTeam team = new WorkerTeam(2)) {
            new TokenOps(team, ColdStart.none(), width).embed(matrix, tokens, 2, count, 12f, out.values());
        }
        out.assertWritten("embedding");
        for (int i = 0; i < count * width; i++) {
            float expected = (float) table[tokens[2 + i / width] * width + i % width] * 12f;
            assertEquals(expected, out.values()[i]);
        }
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
