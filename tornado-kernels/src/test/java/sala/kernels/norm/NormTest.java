package sala.kernels.norm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.reference.RmsNorm;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelAssert;
import sala.kernels.testing.KernelRun;
import sala.kernels.testing.StoredOutput;
import sala.kernels.testing.TestDevice;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.RandomTensors;
import sala.testing.Tolerance;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

class NormTest {
    private static final float EPS = 1e-6f;

    static List<GoldenVariant> variants() {
        return Golden.variants("rmsnorm");
    }

    static Stream<Arguments> shapes() {
        return TestDevice.storageTypes().stream()
                .flatMap(type -> Stream.of(
                        Arguments.of(type, 1, 1),
                        Arguments.of(type, 3, 63),
                        Arguments.of(type, 2, 64),
                        Arguments.of(type, 1, 65),
                        Arguments.of(type, 4, 100),
                        Arguments.of(type, 2, 1000),
                        Arguments.of(type, 1, 4096),
                        // More than the lanes keep in registers.
                        Arguments.of(type, 2, 5000)));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void rmsNormEqualsGolden(GoldenVariant variant) {
        int rows = variant.integer("rows");
        int width = variant.integer("width");
        try (KernelRun run = new KernelRun("golden")) {
            IntArray step = step(run, rows);
            FloatArray x = run.input(variant.doubles("x"));
            FloatArray weight = run.input(variant.doubles("weight"));
            FloatArray out = run.output(rows * width);
            RmsNormF32.addTo(run.graph(), "norm", step, x, weight, out, rows, width, (float) variant.number("eps"));
            run.execute();
            KernelAssert.assertClose(
                    "rmsnorm", StorageType.F32, variant.doubles("out"), out, Tolerance.KERNEL_ELEMENTWISE_F32);
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void rowsAreNormalised(StorageType type, int rows, int width) {
        RandomTensors random = RandomTensors.create();
        int maxRows = rows + 1;
        double[] x = random.normal(maxRows * width);
        double[] weight = random.normal(width);
        try (KernelRun run = new KernelRun("rmsnorm")) {
            IntArray step = step(run, rows);
            FloatArray input = run.input(x);
            FloatArray weights = run.input(weight);
            TornadoNativeArray out = StoredOutput.create(run, type, maxRows * width);
            switch (out) {
                case FloatArray floats ->
                    RmsNormF32.addTo(run.graph(), "norm", step, input, weights, floats, maxRows, width, EPS);
                case HalfFloatArray halfs ->
                    RmsNormF16.addTo(run.graph(), "norm", step, input, weights, halfs, maxRows, width, EPS);
                case BFloat16Array bfloats ->
                    RmsNormBf16.addTo(run.graph(), "norm", step, input, weights, bfloats, maxRows, width, EPS);
                default -> throw new AssertionError(out.getClass());
            }
            run.execute();
            double[] expected = RmsNorm.normalize(Arrays.copyOf(x, rows * width), weight, EPS);
            StoredOutput.assertWritten("rmsnorm", type, expected, out);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 1000, 4096, 5000})
    void finalNormTakesTheLastRow(int width) {
        RandomTensors random = RandomTensors.create();
        int rows = 3;
        double[] hidden = random.normal((rows + 1) * width);
        double[] weight = random.normal(width);
        try (KernelRun run = new KernelRun("final")) {
            IntArray step = step(run, rows);
            FloatArray stream = run.input(hidden);
            FloatArray weights = run.input(weight);
            FloatArray out = run.output(width);
            FinalNorm.addTo(run.graph(), "norm", step, stream, weights, out, rows + 1, width, EPS);
            run.execute();
            double[] last = Arrays.copyOfRange(hidden, (rows - 1) * width, rows * width);
            KernelAssert.assertClose(
                    "final_norm",
                    StorageType.F32,
                    RmsNorm.normalize(last, weight, EPS),
                    out,
                    Tolerance.KERNEL_ELEMENTWISE_F32);
        }
    }

    @Test
    void zerosAndLargeValuesAreNormalised() {
        int width = 300;
        double[] x = new double[2 * width];
        Arrays.fill(x, width, 2 * width, 1e15);
        double[] weight = RandomTensors.create().normal(width);
        try (KernelRun run = new KernelRun("extremes")) {
            IntArray step = step(run, 2);
            FloatArray input = run.input(x);
            FloatArray weights = run.input(weight);
            FloatArray out = run.output(x.length);
            RmsNormF32.addTo(run.graph(), "norm", step, input, weights, out, 2, width, EPS);
            run.execute();
            double[] expected = RmsNorm.normalize(x, weight, EPS);
            KernelAssert.assertClose("rmsnorm", StorageType.F32, expected, out, Tolerance.KERNEL_ELEMENTWISE_F32);
        }
    }

    @Test
    void wrongShapesAreRefused() {
        IntArray step = Step.create();
        FloatArray rows = new FloatArray(4 * 8);
        FloatArray weight = new FloatArray(8);
        KernelGraph graph = new KernelGraph("refused");
        assertEquals(
                "weight: expected at least 9 values [width], found 8",
                refusal(() -> RmsNormF32.addTo(graph, "t", step, rows, weight, rows, 3, 9, EPS)));
        assertEquals(
                "x: expected at least 40 values [maxTokens, width], found 32",
                refusal(() -> RmsNormF32.addTo(graph, "t", step, rows, weight, rows, 5, 8, EPS)));
        assertEquals(
                "out: expected at least 8 values [width], found 4",
                refusal(() -> FinalNorm.addTo(graph, "t", step, rows, weight, new FloatArray(4), 4, 8, EPS)));
    }

    private static IntArray step(KernelRun run, int numTokens) {
        IntArray step = run.input(Step.create());
        Step.set(step, 3, numTokens);
        return step;
    }

    private static String refusal(Runnable call) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
