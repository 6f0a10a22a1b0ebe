package sala.kernels.matvec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sala.kernels.KernelGraph;
import sala.kernels.reference.Linear;
import sala.kernels.reference.Matrix;
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
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

class MatVecTest {
    /** Rows and columns around the lanes of a team and the eight loads of a step. */
    private static final List<int[]> SIZES = List.of(
            new int[] {1, 1},
            new int[] {3, 63},
            new int[] {5, 64},
            new int[] {64, 65},
            new int[] {65, 100},
            new int[] {100, 1000},
            new int[] {7, 1024},
            new int[] {2, 2100},
            new int[] {5, 8196});

    static Stream<Arguments> cases() {
        return TestDevice.matrixStorageTypes().stream()
                .flatMap(type -> SIZES.stream()
                        .filter(size -> type != StorageType.PACKED_BF16 || size[1] % PackedBf16.PER_WORD == 0)
                        .map(size -> Arguments.of(type, size[0], size[1])));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void projects(StorageType type, int outputSize, int inputSize) {
        RandomTensors random = RandomTensors.create();
        double[] x = random.normal(inputSize);
        try (KernelRun run = new KernelRun("matvec")) {
            FloatArray input = run.input(x);
            TornadoNativeArray weights = run.input(type, random.normal(outputSize * inputSize));
            FloatArray out = run.output(outputSize);
            switch (weights) {
                case FloatArray w ->
                    MatVecF32.addTo(run.graph(), "head", input, w, out, outputSize, inputSize, 0.0625f);
                case HalfFloatArray w ->
                    MatVecF16.addTo(run.graph(), "head", input, w, out, outputSize, inputSize, 0.0625f);
                case LongArray w ->
                    MatVecPackedBf16.addTo(run.graph(), "head", input, w, out, outputSize, inputSize, 0.0625f);
                default -> throw new AssertionError(type);
            }
            run.execute();
            double[] expected = scaled(project(x, weights, inputSize), 0.0625);
            KernelAssert.assertClose("matvec", type, expected, out, Tolerance.KERNEL_MATVEC);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void addsToTheResidualStream(StorageType type, int outputSize, int inputSize) {
        RandomTensors random = RandomTensors.create();
        double[] x = random.normal(inputSize);
        double[] before = random.normal(outputSize);
        float scale = (float) (1.4 / Math.sqrt(32));
        try (KernelRun run = new KernelRun("residual")) {
            FloatArray input = run.input(x);
            TornadoNativeArray weights = run.input(type, random.normal(outputSize * inputSize));
            FloatArray hidden = run.state(floats(before));
            switch (weights) {
                case FloatArray w ->
                    MatVecResidualF32.addTo(run.graph(), "down", input, w, hidden, outputSize, inputSize, scale);
                case HalfFloatArray w ->
                    MatVecResidualF16.addTo(run.graph(), "down", input, w, hidden, outputSize, inputSize, scale);
                case LongArray w ->
                    MatVecResidualPackedBf16.addTo(run.graph(), "down", input, w, hidden, outputSize, inputSize, scale);
                default -> throw new AssertionError(type);
            }
            double[] branch = scaled(project(x, weights, inputSize), scale);
            double[] expected = before;
            for (int call = 0; call < 2; call++) {
                run.execute();
                expected = sum(expected, branch);
                KernelAssert.assertClose("matvec-residual", type, expected, hidden, Tolerance.KERNEL_MATVEC);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void activatesTheMlp(StorageType type, int outputSize, int inputSize) {
        RandomTensors random = RandomTensors.create();
        double[] x = scaled(random.normal(inputSize), 1 / Math.sqrt(inputSize));
        try (KernelRun run = new KernelRun("swiglu")) {
            FloatArray input = run.input(x);
            TornadoNativeArray gate = run.input(type, random.normal(outputSize * inputSize));
            TornadoNativeArray up = run.input(type, random.normal(outputSize * inputSize));
            FloatArray out = run.output(outputSize);
            switch (gate) {
                case FloatArray g ->
                    MatVecSwiGluF32.addTo(run.graph(), "mlp", input, g, (FloatArray) up, out, outputSize, inputSize);
                case HalfFloatArray g ->
                    MatVecSwiGluF16.addTo(
                            run.graph(), "mlp", input, g, (HalfFloatArray) up, out, outputSize, inputSize);
                case LongArray g ->
                    MatVecSwiGluPackedBf16.addTo(
                            run.graph(), "mlp", input, g, (LongArray) up, out, outputSize, inputSize);
                default -> throw new AssertionError(type);
            }
            run.execute();
            double[] rounded = KernelRun.values(input);
            double[] expected = SwiGlu.activate(project(rounded, gate, inputSize), project(rounded, up, inputSize));
            KernelAssert.assertClose("matvec-swiglu", type, expected, out, Tolerance.KERNEL_MATVEC_GATED);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void projectsQueryKeyAndValueTogether(StorageType type, int qSize, int inputSize) {
        assertProjected(type, qSize, 0, inputSize);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void projectsTheGateWithThem(StorageType type, int qSize, int inputSize) {
        assertProjected(type, qSize, qSize, inputSize);
    }

    private static void assertProjected(StorageType type, int qSize, int gateSize, int inputSize) {
        RandomTensors random = RandomTensors.create();
        int kvSize = Math.max(1, qSize / 16);
        double[] x = random.normal(inputSize);
        try (KernelRun run = new KernelRun("qkv")) {
            FloatArray input = run.input(x);
            TornadoNativeArray qProj = run.input(type, random.normal(qSize * inputSize));
            TornadoNativeArray kProj = run.input(type, random.normal(kvSize * inputSize));
            TornadoNativeArray vProj = run.input(type, random.normal(kvSize * inputSize));
            TornadoNativeArray gateProj = run.input(type, random.normal(qSize * inputSize));
            FloatArray q = run.output(qSize);
            FloatArray k = run.output(kvSize);
            FloatArray v = run.output(kvSize);
            FloatArray gate = run.output(qSize);
            switch (qProj) {
                case FloatArray w ->
                    MatVecQkvF32.addTo(
                            run.graph(),
                            "qkv",
                            input,
                            w,
                            (FloatArray) kProj,
                            (FloatArray) vProj,
                            (FloatArray) gateProj,
                            q,
                            k,
                            v,
                            gate,
                            qSize,
                            kvSize,
                            gateSize,
                            inputSize);
                case HalfFloatArray w ->
                    MatVecQkvF16.addTo(
                            run.graph(),
                            "qkv",
                            input,
                            w,
                            (HalfFloatArray) kProj,
                            (HalfFloatArray) vProj,
                            (HalfFloatArray) gateProj,
                            q,
                            k,
                            v,
                            gate,
                            qSize,
                            kvSize,
                            gateSize,
                            inputSize);
                case LongArray w ->
                    MatVecQkvPackedBf16.addTo(
                            run.graph(),
                            "qkv",
                            input,
                            w,
                            (LongArray) kProj,
                            (LongArray) vProj,
                            (LongArray) gateProj,
                            q,
                            k,
                            v,
                            gate,
                            qSize,
                            kvSize,
                            gateSize,
                            inputSize);
                default -> throw new AssertionError(type);
            }
            run.execute();
            KernelAssert.assertClose("matvec-qkv", type, project(x, qProj, inputSize), q, Tolerance.KERNEL_MATVEC);
            KernelAssert.assertClose("matvec-qkv", type, project(x, kProj, inputSize), k, Tolerance.KERNEL_MATVEC);
            KernelAssert.assertClose("matvec-qkv", type, project(x, vProj, inputSize), v, Tolerance.KERNEL_MATVEC);
            if (gateSize > 0) {
                KernelAssert.assertClose(
                        "matvec-qkv", type, project(x, gateProj, inputSize), gate, Tolerance.KERNEL_MATVEC);
            }
        }
    }

    /** A row that 128 lanes share is a row that 32 lanes share: zeros behind it change the split and nothing else. */
    @Test
    void splitRowsAreWholeRows() {
        RandomTensors random = RandomTensors.create();
        int inputSize = 400;
        int paddedSize = 2400;
        int rows = 9;
        assertEquals(32, RowTeams.lanesFor(inputSize));
        assertEquals(128, RowTeams.lanesFor(paddedSize));
        double[] weights = random.normal(rows * inputSize);
        double[] padded = new double[rows * paddedSize];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(weights, row * inputSize, padded, row * paddedSize, inputSize);
        }
        double[] x = random.normal(inputSize);
        try (KernelRun run = new KernelRun("split")) {
            FloatArray input = run.input(x);
            FloatArray paddedInput = run.input(Arrays.copyOf(x, paddedSize));
            FloatArray matrix = run.input(weights);
            FloatArray paddedMatrix = run.input(padded);
            FloatArray whole = run.output(rows);
            FloatArray split = run.output(rows);
            MatVecF32.addTo(run.graph(), "whole", input, matrix, whole, rows, inputSize, 1.0f);
            MatVecF32.addTo(run.graph(), "split", paddedInput, paddedMatrix, split, rows, paddedSize, 1.0f);
            run.execute();
            KernelAssert.assertClose(
                    "matvec-split", StorageType.F32, KernelRun.values(whole), split, Tolerance.KERNEL_MATVEC);
        }
    }

    @Test
    void arraysThatDoNotFitAreRefused() {
        KernelGraph graph = new KernelGraph("refused");
        FloatArray x = new FloatArray(8);
        FloatArray weights = new FloatArray(4 * 8);
        FloatArray out = new FloatArray(4);
        assertRefused(
                "weights: expected at least 40 values [outputSize, inputSize], found 32",
                () -> MatVecF32.addTo(graph, "t", x, weights, new FloatArray(5), 5, 8, 1.0f));
        assertRefused(
                "out: expected at least 4 values [outputSize], found 3",
                () -> MatVecF32.addTo(graph, "t", x, weights, new FloatArray(3), 4, 8, 1.0f));
        assertRefused(
                "inputSize: expected at least 1, found 0",
                () -> MatVecF32.addTo(graph, "t", x, weights, out, 4, 0, 1.0f));
        assertRefused(
                "x and hidden: expected two arrays, found one in both roles",
                () -> MatVecResidualF32.addTo(graph, "t", x, weights, x, 4, 8, 1.0f));
        assertRefused(
                "weights: expected at most 2147483647 values, found a shape [outputSize, inputSize] of 4294967296",
                () -> MatVecF32.addTo(graph, "t", new FloatArray(65_536), weights, out, 65_536, 65_536, 1.0f));
    }

    private static void assertRefused(String message, Runnable call) {
        assertEquals(
                message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }

    private static double[] project(double[] x, TornadoNativeArray weights, int inputSize) {
        return Linear.project(x, Matrix.of(KernelRun.values(weights), inputSize));
    }

    private static double[] scaled(double[] values, double scale) {
        return Arrays.stream(values).map(value -> value * scale).toArray();
    }

    private static double[] sum(double[] a, double[] b) {
        double[] sum = a.clone();
        Arrays.setAll(sum, i -> a[i] + b[i]);
        return sum;
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
