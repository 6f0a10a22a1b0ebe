package sala.kernels.lightning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.reference.DecaySlopes;
import sala.kernels.reference.LightningAttention;
import sala.kernels.testing.KernelAssert;
import sala.kernels.testing.KernelRun;
import sala.kernels.testing.StoredOutput;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.RandomTensors;
import sala.testing.Tolerance;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class LightningTest {
    private static final Tolerance TOLERANCE = Tolerance.KERNEL_LIGHTNING_F32;

    static List<GoldenVariant> variants() {
        return Golden.variants("lightning");
    }

    /** Tokens, heads, head dim, chunk size. */
    static Stream<Arguments> prefills() {
        return Stream.of(
                Arguments.of(1, 2, 32, 64),
                Arguments.of(63, 1, 64, 64),
                Arguments.of(64, 2, 32, 64),
                Arguments.of(65, 1, 128, 64),
                Arguments.of(100, 2, 32, 32),
                Arguments.of(100, 1, 64, 128),
                Arguments.of(150, 1, 32, 128),
                Arguments.of(40, 2, 16, 7),
                Arguments.of(5, 2, 8, 1),
                Arguments.of(1000, 1, 16, 64));
    }

    @ParameterizedTest
    @CsvSource({"1, 8", "2, 16", "4, 32", "3, 64", "2, 128", "1, 40", "1, 256"})
    void stepsEqualTheRecurrence(int numHeads, int headDim) {
        Case inputs = Case.random(numHeads, headDim, 5);
        Result expected = inputs.reference();
        assertClose("lightning_step", expected, inputs.recurrent());
    }

    @ParameterizedTest
    @MethodSource("variants")
    void stepsEqualGolden(GoldenVariant variant) {
        Case inputs = Case.golden(variant);
        if (inputs.numTokens() <= 70) {
            assertClose("lightning_step", Case.expected(variant), inputs.recurrent());
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void chunksEqualGolden(GoldenVariant variant) {
        Case inputs = Case.golden(variant);
        for (int chunkSize : new int[] {16, 100}) {
            assertClose("lightning_chunked", Case.expected(variant), inputs.chunked(chunkSize, inputs.numTokens()));
        }
    }

    @ParameterizedTest
    @MethodSource("prefills")
    void chunksEqualTheRecurrence(int numTokens, int numHeads, int headDim, int chunkSize) {
        Case inputs = Case.random(numHeads, headDim, numTokens);
        assertClose("lightning_chunked", inputs.reference(), inputs.chunked(chunkSize, numTokens));
    }

    @ParameterizedTest
    @CsvSource({"12, 1, 16", "130, 63, 16", "130, 64, 32", "130, 40, 64", "40, 7, 3"})
    void stateContinuesOverCalls(int numTokens, int callLength, int chunkSize) {
        Case inputs = Case.random(2, 32, numTokens);
        assertClose("lightning_chunked", inputs.reference(), inputs.chunked(chunkSize, callLength));
    }

    /** The head that forgets least, fed with what adds up: all keys and values alike. */
    @Test
    void equalTokensAddUp() {
        int numTokens = 500;
        double[] ones = new double[numTokens * 8];
        Arrays.fill(ones, 1);
        Case inputs = new Case(1, 8, ones, ones, ones, new double[64], 1 / Math.sqrt(8), DecaySlopes.of(1));
        assertClose("lightning_chunked", inputs.reference(), inputs.chunked(64, numTokens));
    }

    @Test
    void equalTokensAddUpStepByStep() {
        int numTokens = 300;
        double[] ones = new double[numTokens * 8];
        Arrays.fill(ones, 1);
        Case inputs = new Case(1, 8, ones, ones, ones, new double[64], 1 / Math.sqrt(8), DecaySlopes.of(1));
        assertClose("lightning_step", inputs.reference(), inputs.recurrent());
    }

    @Test
    void statesAreZeroedAndCopied() {
        float[] values = new float[1000];
        Arrays.fill(values, Float.NaN);
        try (KernelRun run = new KernelRun("reset")) {
            FloatArray state = run.state(values);
            FloatArray source = run.input(RandomTensors.create().normal(1000));
            FloatArray copy = run.output(1001);
            StateReset.addTo(run.graph(), "reset", state);
            StateCopy.addTo(run.graph(), "copy", source, copy);
            run.execute();
            for (int i = 0; i < 1000; i++) {
                assertEquals(0f, state.get(i));
                assertEquals(source.get(i), copy.get(i));
            }
            StoredOutput.assertUnwritten("state_copy", copy, 1000);
        }
    }

    @Test
    void wrongShapesAreRefused() {
        IntArray step = Step.create();
        FloatArray token = new FloatArray(2 * 8);
        FloatArray decays = LightningDecay.decays(2);
        FloatArray state = new FloatArray(2 * 8 * 8);
        KernelGraph graph = new KernelGraph("refused");
        assertEquals(
                "headDim: expected a positive multiple of 8, found 12",
                refusal(() -> RecurrentStep.addTo(graph, "t", token, token, token, decays, state, token, 2, 12, 1)));
        assertEquals(
                "state: expected at least 192 values [numHeads, headDim, headDim], found 128",
                refusal(() -> RecurrentStep.addTo(
                        graph, "t", state, state, state, LightningDecay.decays(3), state, state, 3, 8, 1)));
        assertEquals(
                "chunkStates: expected at least 256 values [maxChunks, numHeads, headDim, headDim], found 128",
                refusal(() -> ChunkedPrefill.addTo(
                        graph, "t", step, state, state, state, decays, state, state, state, 5, 4, 2, 8, 1)));
        assertEquals(
                "chunkSize: expected at least 1, found 0",
                refusal(() -> ChunkedPrefill.addTo(
                        graph, "t", step, state, state, state, decays, state, state, state, 5, 0, 2, 8, 1)));
        assertEquals(
                "state: expected at least 1 values [size], found 0",
                refusal(() -> StateReset.addTo(graph, "t", new FloatArray(0))));
        assertEquals(
                "to: expected at least 128 values [size], found 16",
                refusal(() -> StateCopy.addTo(graph, "t", state, token)));
    }

    private static void assertClose(String kernel, Result expected, Result actual) {
        KernelAssert.assertClose(kernel, "f32", expected.out(), floats(actual.out()), TOLERANCE);
        KernelAssert.assertClose(kernel + "_state", "f32", expected.state(), floats(actual.state()), TOLERANCE);
    }

    /** Outputs of all tokens and the state after the last. */
    private record Result(double[] out, double[] state) {}

    /** Tokens of some heads and the state before the first. */
    private record Case(
            int numHeads,
            int headDim,
            double[] q,
            double[] k,
            double[] v,
            double[] state,
            double attentionScale,
            double[] decaySlopes) {
        static Case random(int numHeads, int headDim, int numTokens) {
            RandomTensors random = RandomTensors.create();
            int size = numTokens * numHeads * headDim;
            return new Case(
                    numHeads,
                    headDim,
                    random.normal(size),
                    random.normal(size),
                    random.normal(size),
                    random.normal(numHeads * headDim * headDim),
                    Math.pow(headDim, -0.5),
                    DecaySlopes.of(numHeads));
        }

        /** A golden variant; heads of 4 channels are padded to the 8 that the step needs, which adds zeros only. */
        static Case golden(GoldenVariant variant) {
            int numHeads = variant.integer("heads");
            int dim = variant.integer("dim");
            int headDim = Math.max(8, dim);
            return new Case(
                    numHeads,
                    headDim,
                    widen(variant.doubles("q"), dim, headDim),
                    widen(variant.doubles("k"), dim, headDim),
                    widen(variant.doubles("v"), dim, headDim),
                    widenState(variant.doubles("state_in"), dim, headDim),
                    variant.number("scale"),
                    variant.doubles("slopes"));
        }

        static Result expected(GoldenVariant variant) {
            int dim = variant.integer("dim");
            int headDim = Math.max(8, dim);
            return new Result(
                    widen(variant.doubles("out"), dim, headDim),
                    widenState(variant.doubles("state_out"), dim, headDim));
        }

        int tokenWidth() {
            return numHeads * headDim;
        }

        int numTokens() {
            return q.length / tokenWidth();
        }

        Result reference() {
            double[] after = state.clone();
            double[] out = new double[q.length];
            for (int t = 0; t < numTokens(); t++) {
                double[] token = LightningAttention.recurrentStep(
                        token(q, t), token(k, t), token(v, t), decaySlopes, attentionScale, after);
                System.arraycopy(token, 0, out, t * tokenWidth(), tokenWidth());
            }
            return new Result(out, after);
        }

        private double[] token(double[] array, int t) {
            return Arrays.copyOfRange(array, t * tokenWidth(), (t + 1) * tokenWidth());
        }

        /** Token by token on the device. */
        Result recurrent() {
            double[] result = new double[q.length];
            try (KernelRun run = new KernelRun("recurrent")) {
                FloatArray query = run.input(new FloatArray(tokenWidth()));
                FloatArray key = run.input(new FloatArray(tokenWidth()));
                FloatArray value = run.input(new FloatArray(tokenWidth()));
                FloatArray decays = run.input(Arrays.stream(decaySlopes)
                        .map(slope -> Math.exp(-slope))
                        .toArray());
                FloatArray running = run.state(floats(state));
                FloatArray out = run.output(tokenWidth());
                RecurrentStep.addTo(
                        run.graph(), "step", query, key, value, decays, running, out, numHeads, headDim, (float)
                                attentionScale);
                for (int t = 0; t < numTokens(); t++) {
                    fill(query, q, t * tokenWidth());
                    fill(key, k, t * tokenWidth());
                    fill(value, v, t * tokenWidth());
                    run.execute();
                    System.arraycopy(KernelRun.values(out), 0, result, t * tokenWidth(), tokenWidth());
                }
                return new Result(result, KernelRun.values(running));
            }
        }

        /** By chunks on the device, in calls of up to {@code callLength} tokens. */
        Result chunked(int chunkSize, int callLength) {
            double[] result = new double[q.length];
            try (KernelRun run = new KernelRun("chunked")) {
                IntArray step = run.input(Step.create());
                FloatArray query = run.input(new FloatArray(callLength * tokenWidth()));
                FloatArray key = run.input(new FloatArray(callLength * tokenWidth()));
                FloatArray value = run.input(new FloatArray(callLength * tokenWidth()));
                FloatArray slopes = run.input(decaySlopes);
                FloatArray running = run.state(floats(state));
                FloatArray chunkStates =
                        run.output(ChunkedPrefill.chunkStatesSize(callLength, chunkSize, numHeads, headDim));
                FloatArray out = run.output(callLength * tokenWidth());
                ChunkedPrefill.addTo(
                        run.graph(),
                        "prefill",
                        step,
                        query,
                        key,
                        value,
                        slopes,
                        running,
                        chunkStates,
                        out,
                        callLength,
                        chunkSize,
                        numHeads,
                        headDim,
                        (float) attentionScale);
                for (int from = 0; from < numTokens(); from += callLength) {
                    int length = Math.min(callLength, numTokens() - from);
                    Step.set(step, from, length);
                    // What lies past the call's tokens must not count.
                    query.init(Float.NaN);
                    key.init(Float.NaN);
                    value.init(Float.NaN);
                    fill(query, Arrays.copyOf(q, (from + length) * tokenWidth()), from * tokenWidth());
                    fill(key, Arrays.copyOf(k, (from + length) * tokenWidth()), from * tokenWidth());
                    fill(value, Arrays.copyOf(v, (from + length) * tokenWidth()), from * tokenWidth());
                    run.execute();
                    for (int i = 0; i < length * tokenWidth(); i++) {
                        result[from * tokenWidth() + i] = out.get(i);
                    }
                    StoredOutput.assertUnwritten("lightning_chunked", out, length * tokenWidth());
                }
                return new Result(result, KernelRun.values(running));
            }
        }

        /** Copies values from {@code from} on, as many as there are and fit. */
        private static void fill(FloatArray array, double[] values, int from) {
            for (int i = 0; i < Math.min(array.getSize(), values.length - from); i++) {
                array.set(i, (float) values[from + i]);
            }
        }

        private static double[] widen(double[] heads, int dim, int headDim) {
            double[] wide = new double[heads.length / dim * headDim];
            for (int head = 0; head < heads.length / dim; head++) {
                System.arraycopy(heads, head * dim, wide, head * headDim, dim);
            }
            return wide;
        }

        private static double[] widenState(double[] state, int dim, int headDim) {
            double[] rows = widen(state, dim, headDim);
            return widen(rows, dim * headDim, headDim * headDim);
        }
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
