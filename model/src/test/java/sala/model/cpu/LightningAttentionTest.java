package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.kernels.reference.DecaySlopes;
import sala.loader.ModelConfig;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.GuardedArray;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

final class LightningAttentionTest {
    /** Inputs, and the outputs and state that one way of computing gives. */
    private static final class Run {
        final ModelConfig config;
        final int tokens;
        final float[] q;
        final float[] k;
        final float[] v;
        final double[] stateIn;

        Run(ModelConfig config, int tokens, float[] q, float[] k, float[] v, double[] stateIn) {
            this.config = config;
            this.tokens = tokens;
            this.q = q;
            this.k = k;
            this.v = v;
            this.stateIn = stateIn;
        }

        static Run random(int numHeads, int headDim, int tokens) {
            RandomTensors random = RandomTensors.create();
            int size = tokens * numHeads * headDim;
            return new Run(
                    TestConfigs.lightning(numHeads, headDim, 1 / Math.sqrt(headDim)),
                    tokens,
                    random.normalFloats(size),
                    random.normalFloats(size),
                    random.normalFloats(size),
                    random.normal(numHeads * headDim * headDim));
        }

        /** Output, then state, computed in calls of {@code step} tokens by {@code workers} workers. */
        double[][] compute(int step, int workers) {
            int width = config.lightning().width();
            CpuRecurrentState state = new CpuRecurrentState(config);
            state.write(stateIn);
            double[] out = new double[tokens * width];
            try (WorkerTeam team = new WorkerTeam(workers)) {
                LightningAttention attention = new LightningAttention(config, team, ColdStart.none());
                for (int start = 0; start < tokens; start += step) {
                    int count = Math.min(step, tokens - start);
                    GuardedArray.Floats piece = GuardedArray.floats(count * width);
                    attention.run(
                            state,
                            slice(q, start, count),
                            slice(k, start, count),
                            slice(v, start, count),
                            count,
                            piece.values());
                    piece.assertWritten("out");
                    System.arraycopy(TestConfigs.widen(piece.toArray()), 0, out, start * width, count * width);
                }
            }
            double[] stateOut = new double[stateIn.length];
            state.read(stateOut);
            return new double[][] {out, stateOut};
        }

        double[][] reference() {
            double[] state = stateIn.clone();
            double[] out = sala.kernels.reference.LightningAttention.chunkedPrefill(
                    TestConfigs.widen(q),
                    TestConfigs.widen(k),
                    TestConfigs.widen(v),
                    DecaySlopes.of(config.lightning().numHeads()),
                    config.lightning().attentionScale(),
                    state,
                    1);
            return new double[][] {out, state};
        }

        private float[] slice(float[] values, int start, int count) {
            int width = config.lightning().width();
            return Arrays.copyOfRange(values, start * width, (start + count) * width);
        }
    }

    static List<GoldenVariant> variants() {
        return Golden.variants("lightning");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void bothFormsEqualGolden(GoldenVariant variant) {
        Run run = new Run(
                TestConfigs.lightning(variant.integer("heads"), variant.integer("dim"), variant.number("scale")),
                variant.integer("tokens"),
                TestConfigs.narrow(variant.doubles("q")),
                TestConfigs.narrow(variant.doubles("k")),
                TestConfigs.narrow(variant.doubles("v")),
                variant.doubles("state_in"));
        for (int step : new int[] {1, run.tokens}) {
            assertClose(
                    variant + " by " + step,
                    new double[][] {variant.doubles("out"), variant.doubles("state_out")},
                    run.compute(step, 2));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 8, 1",
        "3, 8, 63",
        "2, 16, 64",
        "5, 32, 65",
        "4, 64, 100",
        "2, 128, 1000",
        "16, 128, 130",
        "1, 12, 200"
    })
    void chunkedFormEqualsReference(int numHeads, int headDim, int tokens) {
        Run run = Run.random(numHeads, headDim, tokens);
        assertClose("out", run.reference(), run.compute(tokens, 2));
    }

    /** Chunks of any length and single tokens lead to the same outputs and the same state. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 15, 16, 17, 63, 64, 65, 130})
    void anySplitGivesTheSame(int step) {
        Run run = Run.random(3, 24, 300);
        assertClose("step " + step, run.reference(), run.compute(step, 2));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 200})
    void workersDoNotChangeABit(int step) {
        Run run = Run.random(5, 32, 200);
        double[][] expected = run.compute(step, 1);
        assertArrayEquals(expected, run.compute(step, 2));
        assertArrayEquals(expected, run.compute(step, 3));
    }

    /** What a longer call leaves in the scratch must not show in a shorter one. */
    @Test
    void callsLeaveNothingBehind() {
        Run poison = Run.random(2, 16, 64);
        Arrays.fill(poison.k, Float.NaN);
        Run run = Run.random(2, 16, 37);
        double[][] expected = run.compute(37, 1);
        try (WorkerTeam team = new WorkerTeam(1)) {
            LightningAttention attention = new LightningAttention(run.config, team, ColdStart.none());
            attention.run(new CpuRecurrentState(run.config), poison.q, poison.k, poison.v, 64, new float[64 * 32]);
            CpuRecurrentState state = new CpuRecurrentState(run.config);
            state.write(run.stateIn);
            float[] out = new float[37 * 32];
            attention.run(state, run.q, run.k, run.v, 37, out);
            assertArrayEquals(expected[0], TestConfigs.widen(out));
        }
    }

    @Test
    void zerosStayZero() {
        ModelConfig config = TestConfigs.lightning(2, 8, 1);
        Run run = new Run(config, 70, new float[70 * 16], new float[70 * 16], new float[70 * 16], new double[128]);
        assertArrayEquals(new double[][] {new double[70 * 16], new double[128]}, run.compute(70, 2));
    }

    private static void assertClose(String name, double[][] expected, double[][] actual) {
        TensorAssert.assertClose(name + ": out", expected[0], actual[0], Tolerance.CPU_F32_LIGHTNING);
        TensorAssert.assertClose(name + ": state", expected[1], actual[1], Tolerance.CPU_F32_LIGHTNING);
    }
}
