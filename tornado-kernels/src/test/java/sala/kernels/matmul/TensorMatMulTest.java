package sala.kernels.matmul;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
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
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelAssert;
import sala.kernels.testing.KernelRun;
import sala.kernels.testing.TestDevice;
import sala.testing.RandomTensors;
import sala.testing.Tolerance;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** The products of the tensor cores from tokens to tokens: rounding and turning, product, turning back. */
class TensorMatMulTest {
    /** Tokens, capacity, outputs and inputs around the tile of 128 x 128 x 32. */
    private static final List<int[]> SIZES = List.of(
            new int[] {1, 8, 16, 32},
            new int[] {63, 64, 100, 64},
            new int[] {65, 136, 130, 32},
            new int[] {100, 264, 48, 96},
            new int[] {129, 136, 129, 32});

    /** The forms of the product. */
    enum Form {
        F16,
        ASYNC_F16,
        PACKED_F16,
        PACKED_BF16;

        /** Rounds to the operands' type. */
        double round(double value) {
            return this == PACKED_BF16
                    ? BFloat16.bf16ToFloat(BFloat16.bf16FromFloat((float) value))
                    : Float.float16ToFloat(Float.floatToFloat16((float) value));
        }
    }

    private static List<Form> forms() {
        List<Form> forms = new ArrayList<>();
        if (TestDevice.hasTensorCores()) {
            forms.add(Form.F16);
            forms.add(Form.PACKED_F16);
        }
        if (TestDevice.hasBf16TensorCores()) {
            forms.add(Form.ASYNC_F16);
            forms.add(Form.PACKED_BF16);
        }
        return forms;
    }

    static Stream<Arguments> cases() {
        return forms().stream().flatMap(form -> SIZES.stream().map(s -> Arguments.of(form, s[0], s[1], s[2], s[3])));
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("cases")
    void projects(Form form, int tokens, int capacity, int outputSize, int inputSize) {
        RandomTensors random = RandomTensors.create();
        double[] x = random.normal(tokens * inputSize);
        double[] weights = rounded(form, random.normal(outputSize * inputSize));
        double[] before = random.normal(tokens * outputSize);
        float scale = (float) (1.4 / Math.sqrt(32));
        try (KernelRun run = new KernelRun("tensor")) {
            FloatArray input = run.input(Arrays.copyOf(x, capacity * inputSize));
            FloatArray outColumns = run.output((outputSize + 15) / 16 * 16 * capacity);
            FloatArray out = run.output(capacity * outputSize);
            FloatArray mixed = run.state(rows(before, capacity * outputSize));
            FloatArray hidden = run.state(rows(before, capacity * outputSize));
            IntArray step = run.input(step(tokens));
            product(run, form, weights, input, outColumns, step, capacity, outputSize, inputSize);
            KernelGraph graph = run.graph();
            ColumnsToTokens.addTo(graph, "rows", outColumns, out, step, capacity, outputSize);
            ColumnsToTokens.addResidualTo(graph, "residual", outColumns, hidden, step, capacity, outputSize, scale);
            ColumnsToTokens.addGateTo(graph, "gate", outColumns, mixed, step, capacity, outputSize);
            run.execute();
            double[] y = Linear.project(rounded(form, x), Matrix.of(weights, inputSize));
            double[] sum = before.clone();
            Arrays.setAll(sum, i -> before[i] + scale * y[i]);
            String dtype = form == Form.PACKED_BF16 ? "bf16" : "f16";
            String name = "tensor-matmul-" + form.name().toLowerCase(Locale.ROOT);
            KernelAssert.assertClose(name, dtype, y, firsts(out, y.length), Tolerance.KERNEL_MATMUL);
            KernelAssert.assertClose(name + "-residual", dtype, sum, firsts(hidden, y.length), Tolerance.KERNEL_MATMUL);
            KernelAssert.assertClose(
                    name + "-gate",
                    dtype,
                    OutputGate.apply(before, y),
                    firsts(mixed, y.length),
                    Tolerance.KERNEL_MATVEC_GATED);
            for (int i = y.length; i < out.getSize(); i++) {
                assertTrue(Float.isNaN(out.get(i)), "element " + i + " past the call's tokens was written");
            }
        }
    }

    static Stream<Arguments> smallCases() {
        return forms().stream()
                .flatMap(form -> SIZES.stream().limit(2).map(s -> Arguments.of(form, s[0], s[1], s[2], s[3])));
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("smallCases")
    void activatesBetweenTwoProducts(Form form, int tokens, int capacity, int hiddenSize, int inputSize) {
        RandomTensors random = RandomTensors.create();
        int intermediateSize = 64;
        double[] x = Arrays.stream(random.normal(tokens * inputSize))
                .map(value -> (float) (value / Math.sqrt(inputSize)))
                .toArray();
        double[] gateProj = rounded(form, random.normal(intermediateSize * inputSize));
        double[] upProj = rounded(form, random.normal(intermediateSize * inputSize));
        double[] downProj = rounded(form, random.normal(hiddenSize * intermediateSize));
        try (KernelRun run = new KernelRun("mlp")) {
            FloatArray input = run.input(Arrays.copyOf(x, capacity * inputSize));
            FloatArray gate = run.output(intermediateSize * capacity);
            FloatArray up = run.output(intermediateSize * capacity);
            FloatArray downColumns = run.output((hiddenSize + 15) / 16 * 16 * capacity);
            FloatArray out = run.output(capacity * hiddenSize);
            IntArray step = run.input(step(tokens));
            KernelGraph graph = run.graph();
            switch (form) {
                case F16, ASYNC_F16 -> {
                    HalfFloatArray xColumns = halfs(run, inputSize * capacity);
                    HalfFloatArray activated = halfs(run, intermediateSize * capacity);
                    HalfFloatArray gateWeights = run.input(half(gateProj));
                    HalfFloatArray upWeights = run.input(half(upProj));
                    HalfFloatArray downWeights = run.input(half(downProj));
                    TokensToColumnsF16.addTo(graph, "x", input, xColumns, step, capacity, inputSize);
                    TensorMatMulF16.addTo(
                            graph, "gate", gateWeights, xColumns, gate, step, capacity, intermediateSize, inputSize);
                    TensorMatMulF16.addTo(
                            graph, "up", upWeights, xColumns, up, step, capacity, intermediateSize, inputSize);
                    SwiGluColumns.addF16To(graph, "silu", gate, up, activated, step, capacity, intermediateSize);
                    TensorMatMulF16.addTo(
                            graph,
                            "down",
                            downWeights,
                            activated,
                            downColumns,
                            step,
                            capacity,
                            hiddenSize,
                            intermediateSize);
                }
                case PACKED_F16 -> {
                    LongArray xColumns = words(run, inputSize * capacity);
                    LongArray activated = words(run, intermediateSize * capacity);
                    LongArray gateWeights = run.input(packed(form, gateProj));
                    LongArray upWeights = run.input(packed(form, upProj));
                    LongArray downWeights = run.input(packed(form, downProj));
                    HalfFloatArray halfColumns = halfs(run, inputSize * capacity);
                    HalfFloatArray halfActivated = halfs(run, intermediateSize * capacity);
                    TokensToColumnsF16.addTo(graph, "x", input, halfColumns, step, capacity, inputSize);
                    PackF16.addTo(graph, "pack", halfColumns, xColumns, inputSize * capacity / 4);
                    PackedTensorMatMulF16.addTo(
                            graph, "gate", gateWeights, xColumns, gate, step, capacity, intermediateSize, inputSize);
                    PackedTensorMatMulF16.addTo(
                            graph, "up", upWeights, xColumns, up, step, capacity, intermediateSize, inputSize);
                    SwiGluColumns.addF16To(graph, "silu", gate, up, halfActivated, step, capacity, intermediateSize);
                    PackF16.addTo(graph, "packed", halfActivated, activated, intermediateSize * capacity / 4);
                    PackedTensorMatMulF16.addTo(
                            graph,
                            "down",
                            downWeights,
                            activated,
                            downColumns,
                            step,
                            capacity,
                            hiddenSize,
                            intermediateSize);
                }
                case PACKED_BF16 -> {
                    LongArray xColumns = words(run, inputSize * capacity);
                    LongArray activated = words(run, intermediateSize * capacity);
                    LongArray gateWeights = run.input(packed(form, gateProj));
                    LongArray upWeights = run.input(packed(form, upProj));
                    LongArray downWeights = run.input(packed(form, downProj));
                    TokensToColumnsPackedBf16.addTo(graph, "x", input, xColumns, step, capacity, inputSize);
                    PackedTensorMatMulBf16.addTo(
                            graph, "gate", gateWeights, xColumns, gate, step, capacity, intermediateSize, inputSize);
                    PackedTensorMatMulBf16.addTo(
                            graph, "up", upWeights, xColumns, up, step, capacity, intermediateSize, inputSize);
                    SwiGluColumns.addPackedBf16To(graph, "silu", gate, up, activated, step, capacity, intermediateSize);
                    PackedTensorMatMulBf16.addTo(
                            graph,
                            "down",
                            downWeights,
                            activated,
                            downColumns,
                            step,
                            capacity,
                            hiddenSize,
                            intermediateSize);
                }
            }
            ColumnsToTokens.addTo(graph, "rows", downColumns, out, step, capacity, hiddenSize);
            run.execute();
            double[] xRounded = rounded(form, x);
            double[] activated = SwiGlu.activate(
                    Linear.project(xRounded, Matrix.of(gateProj, inputSize)),
                    Linear.project(xRounded, Matrix.of(upProj, inputSize)));
            double[] expected = Linear.project(rounded(form, activated), Matrix.of(downProj, intermediateSize));
            KernelAssert.assertClose(
                    "tensor-mlp-" + form.name().toLowerCase(Locale.ROOT),
                    form == Form.PACKED_BF16 ? "bf16" : "f16",
                    expected,
                    firsts(out, expected.length),
                    form == Form.PACKED_BF16 ? Tolerance.KERNEL_TENSOR_MLP_BF16 : Tolerance.KERNEL_TENSOR_MLP_F16);
        }
    }

    @Test
    void sizesThatDoNotFitAreRefused() {
        KernelGraph graph = new KernelGraph("refused");
        IntArray step = Step.create();
        HalfFloatArray weights = new HalfFloatArray(16 * 32);
        HalfFloatArray columns = new HalfFloatArray(32 * 8);
        FloatArray out = new FloatArray(16 * 8);
        assertEquals(
                "inputSize: expected a positive multiple of 32, found 48",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> TensorMatMulF16.addTo(graph, "t", weights, columns, out, step, 8, 8, 48))
                        .getMessage());
        assertEquals(
                "tokenCapacity: expected a positive multiple of 8, found 12",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> AsyncTensorMatMulF16.addTo(graph, "t", weights, columns, out, step, 12, 8, 32))
                        .getMessage());
        assertEquals(
                "outColumns: expected at least 256 values [outputSize up to a multiple of 16, tokenCapacity], found 128",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> TensorMatMulF16.addTo(
                                        graph, "t", new HalfFloatArray(17 * 32), columns, out, step, 8, 17, 32))
                        .getMessage());
        assertEquals(
                "weights: expected at least 128 values [outputSize, inputSize] in words of 4, found 127",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> PackedTensorMatMulF16.addTo(
                                        graph, "t", new LongArray(127), new LongArray(64), out, step, 8, 16, 32))
                        .getMessage());
    }

    private static void product(
            KernelRun run,
            Form form,
            double[] weights,
            FloatArray input,
            FloatArray outColumns,
            IntArray step,
            int capacity,
            int outputSize,
            int inputSize) {
        KernelGraph graph = run.graph();
        switch (form) {
            case F16 -> {
                HalfFloatArray w = run.input(half(weights));
                HalfFloatArray columns = halfs(run, inputSize * capacity);
                TokensToColumnsF16.addTo(graph, "columns", input, columns, step, capacity, inputSize);
                TensorMatMulF16.addTo(graph, "product", w, columns, outColumns, step, capacity, outputSize, inputSize);
            }
            case ASYNC_F16 -> {
                HalfFloatArray w = run.input(half(weights));
                HalfFloatArray columns = halfs(run, inputSize * capacity);
                TokensToColumnsF16.addTo(graph, "columns", input, columns, step, capacity, inputSize);
                AsyncTensorMatMulF16.addTo(
                        graph, "product", w, columns, outColumns, step, capacity, outputSize, inputSize);
            }
            case PACKED_F16 -> {
                LongArray w = run.input(packed(form, weights));
                LongArray columns = words(run, inputSize * capacity);
                HalfFloatArray halfColumns = halfs(run, inputSize * capacity);
                TokensToColumnsF16.addTo(graph, "columns", input, halfColumns, step, capacity, inputSize);
                PackF16.addTo(graph, "pack", halfColumns, columns, inputSize * capacity / 4);
                PackedTensorMatMulF16.addTo(
                        graph, "product", w, columns, outColumns, step, capacity, outputSize, inputSize);
            }
            case PACKED_BF16 -> {
                LongArray w = run.input(packed(form, weights));
                LongArray columns = words(run, inputSize * capacity);
                TokensToColumnsPackedBf16.addTo(graph, "columns", input, columns, step, capacity, inputSize);
                PackedTensorMatMulBf16.addTo(
                        graph, "product", w, columns, outColumns, step, capacity, outputSize, inputSize);
            }
        }
    }

    /** Scratch of half-precision columns. */
    private static HalfFloatArray halfs(KernelRun run, int length) {
        return run.outputHalfs(length);
    }

    /** Scratch of packed columns. */
    private static LongArray words(KernelRun run, int elements) {
        return run.state(new LongArray(elements / 4));
    }

    private static HalfFloatArray half(double[] values) {
        return (HalfFloatArray) KernelRun.stored(StorageType.F16, values);
    }

    private static LongArray packed(Form form, double[] values) {
        LongArray words = new LongArray(values.length / 4);
        for (int i = 0; i < values.length; i++) {
            short bits = form == Form.PACKED_BF16
                    ? BFloat16.bf16FromFloat((float) values[i])
                    : Float.floatToFloat16((float) values[i]);
            words.set(i / 4, words.get(i / 4) | ((bits & 0xffffL) << (i % 4 * 16)));
        }
        return words;
    }

    private static double[] rounded(Form form, double[] values) {
        return Arrays.stream(values).map(form::round).toArray();
    }

    private static float[] firsts(FloatArray array, int length) {
        return Arrays.copyOf(array.toHeapArray(), length);
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
}
