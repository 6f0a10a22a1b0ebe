package sala.kernels.rope;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.reference.RmsNorm;
import sala.kernels.reference.Rope;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelAssert;
import sala.kernels.testing.KernelRun;
import sala.kernels.testing.StoredOutput;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.RandomTensors;
import sala.testing.Tolerance;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class RopeTest {
    private static final float EPS = 1e-6f;
    private static final double THETA = 10_000;

    static List<GoldenVariant> variants() {
        return Golden.variants("rope");
    }

    /** Positions of a session's start, of the released context, past what a float counts exactly, and the last one. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8_191, 524_288, (1 << 24) - 3, (1 << 24) + 1, 100_000_001, Integer.MAX_VALUE - 10})
    void tableHoldsCosineAndSineOfTheFloatAngle(int position) {
        for (int headDim : new int[] {2, 32, 64, 128}) {
            table(position, 5, headDim);
        }
    }

    private static void table(int position, int numTokens, int headDim) {
        int width = headDim / 2;
        int maxTokens = numTokens + 2;
        try (KernelRun run = new KernelRun("table")) {
            IntArray step = step(run, position, numTokens);
            FloatArray frequencies = run.input(RopeTable.inverseFrequencies(headDim, THETA));
            FloatArray cosines = run.output(maxTokens * width);
            FloatArray sines = run.output(maxTokens * width);
            RopeTable.addTo(run.graph(), "table", step, frequencies, cosines, sines, maxTokens, headDim);
            run.execute();
            double[] angles =
                    Rope.angles(IntStream.range(position, position + numTokens).toArray(), headDim, THETA);
            double[] cosine = Arrays.stream(angles).map(Math::cos).toArray();
            double[] sine = Arrays.stream(angles).map(Math::sin).toArray();
            KernelAssert.assertClose("rope_table", StorageType.F32, cosine, cosines, Tolerance.KERNEL_ROPE_TABLE);
            KernelAssert.assertClose("rope_table", StorageType.F32, sine, sines, Tolerance.KERNEL_ROPE_TABLE);
            StoredOutput.assertUnwritten("rope_table", cosines, angles.length);
            StoredOutput.assertUnwritten("rope_table", sines, angles.length);
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void tableAndRotationEqualGolden(GoldenVariant variant) {
        int headDim = variant.integer("dim");
        int[] shape = variant.shape("x");
        int numTokens = shape[0];
        int numHeads = shape[1];
        int width = headDim / 2;
        double[] cos = variant.doubles("cos");
        double[] sin = variant.doubles("sin");
        int[] positions = new int[numTokens];
        for (int t = 0; t < numTokens; t++) {
            positions[t] = variant.parameters().required("positions").get(t).intValue();
        }
        float[] x = floats(variant.doubles("x"));
        for (int t = 0; t < numTokens; t++) {
            try (KernelRun run = new KernelRun("golden")) {
                IntArray step = step(run, positions[t], 1);
                FloatArray frequencies = run.input(RopeTable.inverseFrequencies(headDim, variant.number("theta")));
                FloatArray cosines = run.output(width);
                FloatArray sines = run.output(width);
                int row = numHeads * headDim;
                FloatArray q = run.state(Arrays.copyOfRange(x, t * row, (t + 1) * row));
                FloatArray k = run.state(Arrays.copyOfRange(x, t * row, t * row + headDim));
                RopeTable.addTo(run.graph(), "table", step, frequencies, cosines, sines, 1, headDim);
                QkRope.addTo(run.graph(), "rotate", step, q, k, cosines, sines, 1, numHeads, 1, headDim);
                run.execute();
                assertRow("rope_table", cos, t, cosines, Tolerance.KERNEL_ROPE_TABLE);
                assertRow("rope_table", sin, t, sines, Tolerance.KERNEL_ROPE_TABLE);
                assertRow("rope", variant.doubles("out"), t, q, Tolerance.KERNEL_ELEMENTWISE_F32);
            }
        }
    }

    private static void assertRow(String kernel, double[] expected, int row, FloatArray actual, Tolerance tolerance) {
        int width = actual.getSize();
        double[] part = Arrays.copyOfRange(expected, row * width, (row + 1) * width);
        KernelAssert.assertClose(kernel, StorageType.F32, part, actual, tolerance);
    }

    @ParameterizedTest
    @CsvSource({"1, 4, 4, 32", "3, 2, 2, 64", "2, 4, 1, 128", "5, 3, 3, 8"})
    void headsAreNormalisedAndTurned(int numTokens, int numHeads, int numKvHeads, int headDim) {
        Inputs inputs = new Inputs(numTokens, numHeads, numKvHeads, headDim);
        double[] q = RmsNorm.normalize(inputs.query, inputs.queryWeight, EPS);
        double[] k = RmsNorm.normalize(inputs.key, inputs.keyWeight, EPS);
        inputs.check(
                "qk_norm_rope",
                true,
                true,
                Rope.rotate(q, inputs.angles, headDim),
                Rope.rotate(k, inputs.angles, headDim));
        inputs.check("qk_norm", true, false, q, k);
        inputs.check(
                "qk_rope",
                false,
                true,
                Rope.rotate(inputs.query, inputs.angles, headDim),
                Rope.rotate(inputs.key, inputs.angles, headDim));
    }

    /** Heads of a call at a position past 2^24, in buffers with room for one more token. */
    private static final class Inputs {
        private static final int POSITION = (1 << 24) + 12_345;

        private final int numTokens;
        private final int numHeads;
        private final int numKvHeads;
        private final int headDim;
        private final double[] query;
        private final double[] key;
        private final double[] queryWeight;
        private final double[] keyWeight;
        private final double[] angles;

        Inputs(int numTokens, int numHeads, int numKvHeads, int headDim) {
            RandomTensors random = RandomTensors.create();
            this.numTokens = numTokens;
            this.numHeads = numHeads;
            this.numKvHeads = numKvHeads;
            this.headDim = headDim;
            query = random.normal(numTokens * numHeads * headDim);
            key = random.normal(numTokens * numKvHeads * headDim);
            queryWeight = random.normal(headDim);
            keyWeight = random.normal(headDim);
            angles = Rope.angles(IntStream.range(POSITION, POSITION + numTokens).toArray(), headDim, THETA);
        }

        void check(String kernel, boolean norm, boolean rope, double[] expectedQuery, double[] expectedKey) {
            int maxTokens = numTokens + 1;
            int width = headDim / 2;
            try (KernelRun run = new KernelRun(kernel)) {
                IntArray step = step(run, POSITION, numTokens);
                FloatArray q = run.state(padded(query, numHeads * headDim));
                FloatArray k = run.state(padded(key, numKvHeads * headDim));
                FloatArray queryWeights = run.input(queryWeight);
                FloatArray keyWeights = run.input(keyWeight);
                FloatArray frequencies = run.input(RopeTable.inverseFrequencies(headDim, THETA));
                FloatArray cosines = run.output(maxTokens * width);
                FloatArray sines = run.output(maxTokens * width);
                KernelGraph graph = run.graph();
                if (rope) {
                    RopeTable.addTo(graph, "table", step, frequencies, cosines, sines, maxTokens, headDim);
                }
                if (norm && rope) {
                    QkNormRope.addTo(
                            graph,
                            "heads",
                            step,
                            q,
                            k,
                            queryWeights,
                            keyWeights,
                            cosines,
                            sines,
                            maxTokens,
                            numHeads,
                            numKvHeads,
                            headDim,
                            EPS);
                } else if (norm) {
                    QkNorm.addTo(
                            graph,
                            "heads",
                            step,
                            q,
                            k,
                            queryWeights,
                            keyWeights,
                            maxTokens,
                            numHeads,
                            numKvHeads,
                            headDim,
                            EPS);
                } else {
                    QkRope.addTo(graph, "heads", step, q, k, cosines, sines, maxTokens, numHeads, numKvHeads, headDim);
                }
                run.execute();
                KernelAssert.assertClose(kernel, StorageType.F32, expectedQuery, q, Tolerance.KERNEL_ELEMENTWISE_F32);
                KernelAssert.assertClose(kernel, StorageType.F32, expectedKey, k, Tolerance.KERNEL_ELEMENTWISE_F32);
                assertUntouched(q, query.length);
                assertUntouched(k, key.length);
            }
        }

        /** The values, then a token of sevens that the kernel must leave alone. */
        private static float[] padded(double[] values, int tokenWidth) {
            float[] padded = Arrays.copyOf(floats(values), values.length + tokenWidth);
            Arrays.fill(padded, values.length, padded.length, 7);
            return padded;
        }

        private static void assertUntouched(FloatArray array, int from) {
            for (int i = from; i < array.getSize(); i++) {
                assertEquals(7, array.get(i), "a token past the call was changed");
            }
        }
    }

    @Test
    void wrongShapesAreRefused() {
        IntArray step = Step.create();
        FloatArray heads = new FloatArray(2 * 8);
        FloatArray weight = new FloatArray(8);
        FloatArray table = new FloatArray(4);
        KernelGraph graph = new KernelGraph("refused");
        assertEquals(
                "headDim: expected a positive multiple of 2, found 7",
                refusal(() -> RopeTable.addTo(graph, "t", step, table, table, table, 1, 7)));
        assertEquals(
                "cosines: expected at least 8 values [maxTokens, headDim/2], found 4",
                refusal(() -> RopeTable.addTo(graph, "t", step, table, table, table, 2, 8)));
        assertEquals(
                "k: expected at least 24 values [maxTokens, numKvHeads, headDim], found 16",
                refusal(() -> QkRope.addTo(graph, "t", step, heads, heads, table, table, 1, 2, 3, 8)));
        assertEquals(
                "queryWeight: expected at least 8 values [headDim], found 4",
                refusal(() -> QkNorm.addTo(graph, "t", step, heads, heads, table, weight, 1, 2, 2, 8, EPS)));
        assertEquals(
                "headDim: expected at most 128, found 130",
                refusal(() -> QkRope.addTo(graph, "t", step, heads, heads, table, table, 1, 1, 1, 130)));
        assertEquals(
                "sines: expected at least 4 values [maxTokens, headDim/2], found 2",
                refusal(() -> QkNormRope.addTo(
                        graph, "t", step, heads, heads, weight, weight, table, new FloatArray(2), 1, 2, 2, 8, EPS)));
    }

    private static IntArray step(KernelRun run, int position, int numTokens) {
        IntArray step = run.input(Step.create());
        Step.set(step, position, numTokens);
        return step;
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private static String refusal(Runnable call) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
