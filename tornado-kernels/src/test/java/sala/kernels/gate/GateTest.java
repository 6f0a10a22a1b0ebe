package sala.kernels.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.reference.OutputGate;
import sala.kernels.reference.RmsNorm;
import sala.kernels.reference.SwiGlu;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelRun;
import sala.kernels.testing.StoredOutput;
import sala.kernels.testing.TestDevice;
import sala.testing.RandomTensors;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

class GateTest {
    private static final float EPS = 1e-6f;

    static Stream<Arguments> shapes() {
        return TestDevice.storageTypes().stream()
                .flatMap(type -> Stream.of(
                        Arguments.of(type, 1, 1),
                        Arguments.of(type, 3, 63),
                        Arguments.of(type, 2, 64),
                        Arguments.of(type, 1, 65),
                        Arguments.of(type, 4, 100),
                        Arguments.of(type, 2, 1000),
                        // More than the lanes of a norm keep in registers.
                        Arguments.of(type, 2, 5000)));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void outputsAreGated(StorageType type, int rows, int width) {
        double[] x = RandomTensors.create().normal((rows + 1) * width);
        double[] gate = gates((rows + 1) * width);
        try (KernelRun run = new KernelRun("gate")) {
            IntArray step = step(run, rows);
            FloatArray input = run.input(x);
            FloatArray gates = run.input(gate);
            TornadoNativeArray out = StoredOutput.create(run, type, x.length);
            switch (out) {
                case FloatArray floats ->
                    OutputGateF32.addTo(run.graph(), "gate", step, input, gates, floats, rows + 1, width);
                case HalfFloatArray halfs ->
                    OutputGateF16.addTo(run.graph(), "gate", step, input, gates, halfs, rows + 1, width);
                case BFloat16Array bfloats ->
                    OutputGateBf16.addTo(run.graph(), "gate", step, input, gates, bfloats, rows + 1, width);
                default -> throw new AssertionError(out.getClass());
            }
            run.execute();
            double[] expected = OutputGate.apply(Arrays.copyOf(x, rows * width), Arrays.copyOf(gate, rows * width));
            StoredOutput.assertWritten("output_gate", type, expected, out);
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void gateIsActivatedAndMultiplied(StorageType type, int rows, int width) {
        double[] gate = gates((rows + 1) * width);
        double[] up = RandomTensors.create().normal((rows + 1) * width);
        try (KernelRun run = new KernelRun("swiglu")) {
            IntArray step = step(run, rows);
            FloatArray gates = run.input(gate);
            FloatArray ups = run.input(up);
            TornadoNativeArray out = StoredOutput.create(run, type, up.length);
            switch (out) {
                case FloatArray floats ->
                    SwiGluF32.addTo(run.graph(), "swiglu", step, gates, ups, floats, rows + 1, width);
                case HalfFloatArray halfs ->
                    SwiGluF16.addTo(run.graph(), "swiglu", step, gates, ups, halfs, rows + 1, width);
                case BFloat16Array bfloats ->
                    SwiGluBf16.addTo(run.graph(), "swiglu", step, gates, ups, bfloats, rows + 1, width);
                default -> throw new AssertionError(out.getClass());
            }
            run.execute();
            double[] expected = SwiGlu.activate(Arrays.copyOf(gate, rows * width), Arrays.copyOf(up, rows * width));
            StoredOutput.assertWritten("swiglu", type, expected, out);
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void outputsAreNormalisedAndGated(StorageType type, int rows, int width) {
        RandomTensors random = RandomTensors.create();
        double[] x = random.normal((rows + 1) * width);
        double[] weight = random.normal(width);
        double[] gate = gates((rows + 1) * width);
        try (KernelRun run = new KernelRun("normgate")) {
            IntArray step = step(run, rows);
            FloatArray input = run.input(x);
            FloatArray weights = run.input(weight);
            FloatArray gates = run.input(gate);
            TornadoNativeArray out = StoredOutput.create(run, type, x.length);
            switch (out) {
                case FloatArray floats ->
                    OutputNormGateF32.addTo(
                            run.graph(), "gate", step, input, weights, gates, floats, rows + 1, width, EPS);
                case HalfFloatArray halfs ->
                    OutputNormGateF16.addTo(
                            run.graph(), "gate", step, input, weights, gates, halfs, rows + 1, width, EPS);
                case BFloat16Array bfloats ->
                    OutputNormGateBf16.addTo(
                            run.graph(), "gate", step, input, weights, gates, bfloats, rows + 1, width, EPS);
                default -> throw new AssertionError(out.getClass());
            }
            run.execute();
            double[] normed = RmsNorm.normalize(Arrays.copyOf(x, rows * width), weight, EPS);
            double[] expected = OutputGate.apply(normed, Arrays.copyOf(gate, rows * width));
            StoredOutput.assertWritten("output_norm_gate", type, expected, out);
        }
    }

    @Test
    void wrongShapesAreRefused() {
        IntArray step = Step.create();
        FloatArray rows = new FloatArray(4 * 8);
        FloatArray weight = new FloatArray(8);
        KernelGraph graph = new KernelGraph("refused");
        assertEquals(
                "gate: expected at least 32 values [maxTokens, width], found 8",
                refusal(() -> OutputGateF32.addTo(graph, "t", step, rows, weight, rows, 4, 8)));
        assertEquals(
                "intermediateSize: expected at least 1, found 0",
                refusal(() -> SwiGluF32.addTo(graph, "t", step, rows, rows, rows, 4, 0)));
        assertEquals(
                "out: expected at least 32 values [maxTokens, width], found 8",
                refusal(() -> OutputNormGateF32.addTo(graph, "t", step, rows, weight, rows, weight, 4, 8, EPS)));
    }

    /** Gates of a few units, and some so large that a plain exponential overflows. */
    private static double[] gates(int length) {
        double[] gates = RandomTensors.create().uniform(length, -8, 8);
        double[] extremes = {0, -0.0, 90, -90, 200, -200, 1000, -1e30};
        for (int i = 0; i < length; i++) {
            if (i % 7 == 3) {
                gates[i] = extremes[(i / 7) % extremes.length];
            }
        }
        return gates;
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
