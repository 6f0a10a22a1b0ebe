package sala.kernels.matmul;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.reference.Linear;
import sala.kernels.reference.Matrix;
import sala.kernels.reference.OutputGate;
import sala.kernels.reference.SwiGlu;
import sala.kernels.storage.PackedBf16;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelAssert;
import sala.kernels.testing.KernelRun;
import sala.kernels.testing.TestDevice;
import sala.testing.RandomTensors;
import sala.testing.Tolerance;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

class MatMulTest {
    /** Tokens, capacity, outputs and inputs around the tile of 64 x 64 x 16. */
    private static final List<int[]> SIZES = List.of(
            new int[] {1, 1, 1, 1},
            new int[] {1, 70, 65, 17},
            new int[] {63, 64, 64, 16},
            new int[] {64, 64, 63, 64},
            new int[] {65, 130, 100, 33},
            new int[] {100, 100, 65, 100},
            new int[] {3, 8, 5, 1000});

    static Stream<Arguments> cases() {
        return TestDevice.matrixStorageTypes().stream()
                .flatMap(type -> SIZES.stream()
                        .filter(s -> type != StorageType.PACKED_BF16 || s[3] % PackedBf16.PER_WORD == 0)
                        .map(s -> Arguments.of(type, s[0], s[1], s[2], s[3])));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void projects(StorageType type, int tokens, int capacity, int outputSize, int inputSize) {
        RandomTensors random = RandomTensors.create();
        double[] x = random.normal(tokens * inputSize);
        try (KernelRun run = new KernelRun("matmul")) {
            FloatArray input = run.input(Arrays.copyOf(x, capacity * inputSize));
            TornadoNativeArray weights = run.input(type, random.normal(outputSize * inputSize));
            FloatArray out = run.output(capacity * outputSize);
            IntArray step = run.input(step(tokens));
            KernelGraph graph = run.graph();
            switch (weights) {
                case FloatArray w -> MatMulF32.addTo(graph, "t", input, w, out, step, capacity, outputSize, inputSize);
                case HalfFloatArray w ->
                    MatMulF16.addTo(graph, "t", input, w, out, step, capacity, outputSize, inputSize);
                case LongArray w ->
                    MatMulPackedBf16.addTo(graph, "t", input, w, out, step, capacity, outputSize, inputSize);
                default -> throw new AssertionError(type);
            }
            run.execute();
            KernelAssert.assertClose("matmul", type, project(x, weights, inputSize), out, Tolerance.KERNEL_MATMUL);
            assertUntouched(out, tokens * outputSize);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void addsToTheResidualStreamAndGates(StorageType type, int tokens, int capacity, int outputSize, int inputSize) {
        RandomTensors random = RandomTensors.create();
        double[] x = random.normal(tokens * inputSize);
        double[] before = random.normal(tokens * outputSize);
        float scale = (float) (1.4 / Math.sqrt(32));
        try (KernelRun run = new KernelRun("residual")) {
            FloatArray input = run.input(Arrays.copyOf(x, capacity * inputSize));
            TornadoNativeArray weights = run.input(type, random.normal(outputSize * inputSize));
            FloatArray mixed = run.state(rows(before, capacity * outputSize));
            FloatArray hidden = run.state(rows(before, capacity * outputSize));
            IntArray step = run.input(step(tokens));
            KernelGraph graph = run.graph();
            switch (weights) {
                case FloatArray w -> {
                    MatMulF32.addResidualTo(
                            graph, "down", input, w, hidden, step, capacity, outputSize, inputSize, scale);
                    MatMulF32.addGateTo(graph, "gate", input, w, mixed, step, capacity, outputSize, inputSize);
                }
                case HalfFloatArray w -> {
                    MatMulF16.addResidualTo(
                            graph, "down", input, w, hidden, step, capacity, outputSize, inputSize, scale);
                    MatMulF16.addGateTo(graph, "gate", input, w, mixed, step, capacity, outputSize, inputSize);
                }
                case LongArray w -> {
                    MatMulPackedBf16.addResidualTo(
                            graph, "down", input, w, hidden, step, capacity, outputSize, inputSize, scale);
                    MatMulPackedBf16.addGateTo(graph, "gate", input, w, mixed, step, capacity, outputSize, inputSize);
                }
                default -> throw new AssertionError(type);
            }
            run.execute();
            double[] y = project(x, weights, inputSize);
            double[] sum = before.clone();
            Arrays.setAll(sum, i -> before[i] + scale * y[i]);
            KernelAssert.assertClose("matmul-residual", type, sum, hidden, Tolerance.KERNEL_MATMUL);
            KernelAssert.assertClose(
                    "matmul-gate", type, OutputGate.apply(before, y), mixed, Tolerance.KERNEL_MATVEC_GATED);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void activatesTheMlp(StorageType type, int tokens, int capacity, int outputSize, int inputSize) {
        RandomTensors random = RandomTensors.create();
        double[] x = Arrays.stream(random.normal(tokens * inputSize))
                .map(value -> (float) (value / Math.sqrt(inputSize)))
                .toArray();
        try (KernelRun run = new KernelRun("swiglu")) {
            FloatArray input = run.input(Arrays.copyOf(x, capacity * inputSize));
            TornadoNativeArray gate = run.input(type, random.normal(outputSize * inputSize));
            TornadoNativeArray up = run.input(type, random.normal(outputSize * inputSize));
            FloatArray out = run.output(capacity * outputSize);
            IntArray step = run.input(step(tokens));
            KernelGraph graph = run.graph();
            switch (gate) {
                case FloatArray g ->
                    MatMulSwiGluF32.addTo(
                            graph, "t", input, g, (FloatArray) up, out, step, capacity, outputSize, inputSize);
                case HalfFloatArray g ->
                    MatMulSwiGluF16.addTo(
                            graph, "t", input, g, (HalfFloatArray) up, out, step, capacity, outputSize, inputSize);
                case LongArray g ->
                    MatMulSwiGluPackedBf16.addTo(
                            graph, "t", input, g, (LongArray) up, out, step, capacity, outputSize, inputSize);
                default -> throw new AssertionError(type);
            }
            run.execute();
            double[] expected = SwiGlu.activate(project(x, gate, inputSize), project(x, up, inputSize));
            KernelAssert.assertClose("matmul-swiglu", type, expected, out, Tolerance.KERNEL_MATVEC_GATED);
            assertUntouched(out, tokens * outputSize);
        }
    }

    @Test
    void arraysThatDoNotFitAreRefused() {
        KernelGraph graph = new KernelGraph("refused");
        FloatArray x = new FloatArray(4 * 8);
        FloatArray weights = new FloatArray(5 * 8);
        IntArray step = Step.create();
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> MatMulF32.addTo(graph, "t", x, weights, new FloatArray(19), step, 4, 5, 8));
        assertEquals("out: expected at least 20 values [tokenCapacity, outputSize], found 19", e.getMessage());
        assertThrows(
                IllegalArgumentException.class,
                () -> MatMulF32.addTo(graph, "t", x, weights, new FloatArray(25), step, 5, 5, 8));
        assertThrows(
                IllegalArgumentException.class,
                () -> MatMulF32.addTo(graph, "t", x, weights, new FloatArray(20), new IntArray(1), 4, 5, 8));
    }

    private static FloatArray rows(double[] values, int length) {
        FloatArray array = new FloatArray(length);
        array.init(0);
        for (int i = 0; i < values.length; i++) {
            array.set(i, (float) values[i]);
        }
        return array;
    }

    private static IntArray step(int tokens) {
        IntArray step = Step.create();
        Step.set(step, 0, tokens);
        return step;
    }

    private static void assertUntouched(FloatArray out, int from) {
        for (int i = from; i < out.getSize(); i++) {
            assertTrue(Float.isNaN(out.get(i)), "element " + i + " past the call's tokens was written");
        }
    }

    private static double[] project(double[] x, TornadoNativeArray weights, int inputSize) {
        return Linear.project(x, Matrix.of(KernelRun.values(weights), inputSize));
    }
}
