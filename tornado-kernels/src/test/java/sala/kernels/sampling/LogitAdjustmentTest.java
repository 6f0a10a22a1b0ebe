package sala.kernels.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sala.kernels.KernelGraph;
import sala.kernels.testing.KernelRun;
import sala.testing.RandomTensors;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class LogitAdjustmentTest {
    private static final double BAN = Double.NEGATIVE_INFINITY;

    private record Change(int token, double bias, double repetitionPenalty, double penalty) {
        /** The formula, word by word. */
        float of(float logit) {
            if (bias == BAN) {
                return Float.NEGATIVE_INFINITY;
            }
            float biased = cut(logit + bias);
            float repeated = cut(biased > 0 ? biased / repetitionPenalty : biased * repetitionPenalty);
            return cut(repeated - penalty);
        }

        private static float cut(double value) {
            return (float) Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, value));
        }
    }

    private static DoubleArray list(List<Change> changes) {
        DoubleArray list = LogitAdjustment.createChanges();
        set(list, changes);
        return list;
    }

    private static void set(DoubleArray list, List<Change> changes) {
        LogitAdjustment.setCount(list, changes.size());
        for (int i = 0; i < changes.size(); i++) {
            Change change = changes.get(i);
            LogitAdjustment.setChange(
                    list, i, change.token(), change.bias(), change.repetitionPenalty(), change.penalty());
        }
    }

    private static float[] expected(float[] logits, List<Change> changes) {
        float[] expected = logits.clone();
        changes.forEach(change -> expected[change.token()] = change.of(logits[change.token()]));
        return expected;
    }

    /** Up to {@code count} changes of different tokens, the first and the last among them, of every kind and none. */
    private static List<Change> random(int vocabSize, int count) {
        SplittableRandom random = new SplittableRandom(RandomTensors.DEFAULT_SEED);
        List<Change> changes = new ArrayList<>();
        int stride = Math.max(1, (vocabSize - 1) / count);
        for (int token = 0; token < vocabSize && changes.size() < count; token += stride) {
            changes.add(new Change(
                    changes.size() == count - 1 ? vocabSize - 1 : token,
                    random.nextInt(5) == 0 ? BAN : random.nextInt(2) * random.nextDouble(-4, 4),
                    random.nextInt(2) == 0 ? 1 : random.nextDouble(0.5, 2),
                    random.nextInt(2) * random.nextDouble(-1, 3)));
        }
        return changes;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 100, 1000, 20_000})
    void listedTokensChangeAndNoOthers(int vocabSize) {
        float[] values = RandomTensors.create().normalFloats(vocabSize);
        try (KernelRun run = new KernelRun("adjustment")) {
            DoubleArray list = run.input(LogitAdjustment.createChanges());
            FloatArray logits = run.state(values);
            FloatArray adjusted = run.output(vocabSize + 1);
            LogitAdjustment.addTo(run.graph(), "adjust", list, logits, adjusted, vocabSize);
            for (int count : new int[] {0, 1, 2, 257, LogitAdjustment.MAX_CHANGES, 3}) {
                List<Change> changes = count == 0 ? List.of() : random(vocabSize, count);
                set(list, changes);
                run.execute();
                assertArrayEquals(
                        guarded(expected(values, changes)),
                        adjusted.toHeapArray(),
                        () -> "%d changes".formatted(count));
                assertArrayEquals(values, logits.toHeapArray(), "logits stay");
            }
        }
    }

    /** The value behind the output, which no lane may write. */
    private static float[] guarded(float[] values) {
        float[] guarded = new float[values.length + 1];
        System.arraycopy(values, 0, guarded, 0, values.length);
        guarded[values.length] = Float.NaN;
        return guarded;
    }

    @Test
    void sumsBeyondFloatAreCutAndNothingButABanIsInfinite() {
        float[] values = {1, -1, 3, -3, 2, -2};
        List<Change> changes = List.of(
                new Change(5, -1e300, 1, 0),
                new Change(4, Double.MAX_VALUE, 1, 0),
                new Change(3, 0, 1e300, 0),
                new Change(2, 0, 1e-300, 0),
                new Change(1, 0, 1, Double.POSITIVE_INFINITY),
                new Change(0, BAN, 1e300, -1e300));
        try (KernelRun run = new KernelRun("cut")) {
            DoubleArray list = run.input(list(changes));
            FloatArray logits = run.input(values);
            FloatArray adjusted = run.output(values.length);
            LogitAdjustment.addTo(run.graph(), "adjust", list, logits, adjusted, values.length);
            run.execute();
            float max = Float.MAX_VALUE;
            assertArrayEquals(
                    new float[] {Float.NEGATIVE_INFINITY, -max, max, -max, max, -max}, adjusted.toHeapArray());
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void nothingIsDrawnFromLogitsThatAreNotFinite(float damaged) {
        float[] values = RandomTensors.create().normalFloats(600);
        values[300] = damaged;
        try (KernelRun run = new KernelRun("damaged")) {
            DoubleArray list = run.input(list(List.of(new Change(300, BAN, 1, 0), new Change(2, 1, 1, 0))));
            Draw draw = new Draw(run, list, SamplingSettings.create(1, 20, 0.9, 0), values);
            draw.execute();
            assertEquals(0, draw.numCandidates());
        }
    }

    @Test
    void bannedTokensAreNotDrawn() {
        float[] values = {9, 1, 9, 1, 9, 1};
        List<Change> bans = List.of(new Change(0, BAN, 1, 0), new Change(2, BAN, 1, 0), new Change(4, BAN, 1, 0));
        try (KernelRun run = new KernelRun("bans")) {
            DoubleArray list = run.input(list(bans));
            Draw draw = new Draw(run, list, SamplingSettings.create(1, 0, 1, 0), values);
            for (int topKTokens : new int[] {0, 1, 2, 3, 4, 6}) {
                for (double topP : new double[] {1, 0.9, 0.5, 0}) {
                    SamplingSettings.set(draw.settings, 0.7, topKTokens, topP, 0);
                    for (double random : new double[] {0, 0.4, 0.7, Math.nextDown(1.0)}) {
                        SamplingSettings.setRandom(draw.settings, random);
                        draw.execute();
                        int among = topKTokens == 0 || topKTokens > 3 ? 3 : topKTokens;
                        int nucleus = topP == 1 ? among : Math.max(1, (int) Math.ceil(topP * among));
                        assertEquals(
                                nucleus, draw.numCandidates(), () -> "top-k %d, top-p %s".formatted(topKTokens, topP));
                        assertEquals(1 + 2 * (int) (random * nucleus), draw.token());
                    }
                }
            }
            set(list, List.of(new Change(0, BAN, 1, 0), new Change(2, BAN, 1, 0), new Change(1, 100, 1, 0)));
            SamplingSettings.setGreedy(draw.settings);
            draw.execute();
            assertEquals(1, draw.token());
            assertEquals(1, draw.numCandidates());
        }
    }

    @Test
    void nothingIsDrawnWhereAllIsBanned() {
        float[] values = {3, 2, 1};
        List<Change> bans = List.of(new Change(0, BAN, 1, 0), new Change(2, BAN, 1, 0), new Change(1, BAN, 1, 0));
        try (KernelRun run = new KernelRun("all")) {
            Draw draw = new Draw(run, run.input(list(bans)), SamplingSettings.create(1, 0, 1, 0), values);
            for (int topKTokens : new int[] {0, 1, 2}) {
                for (double topP : new double[] {1, 0.5}) {
                    SamplingSettings.set(draw.settings, 1, topKTokens, topP, 0);
                    draw.execute();
                    assertEquals(0, draw.numCandidates());
                }
            }
        }
    }

    /** Adjustment and draw, as a model has them. */
    private static final class Draw {
        private final KernelRun run;
        private final DoubleArray settings;
        private final IntArray sampled;

        Draw(KernelRun run, DoubleArray list, DoubleArray chosen, float[] values) {
            this.run = run;
            int vocabSize = values.length;
            settings = run.input(chosen);
            FloatArray logits = run.input(values);
            FloatArray adjusted = run.output(vocabSize);
            LogitAdjustment.addTo(run.graph(), "adjust", list, logits, adjusted, vocabSize);
            sampled = SamplingTask.addTo(run, settings, adjusted);
        }

        void execute() {
            run.execute();
        }

        int token() {
            return sampled.get(TokenSampling.TOKEN);
        }

        int numCandidates() {
            return sampled.get(TokenSampling.NUM_CANDIDATES);
        }
    }

    @Test
    void wrongArgumentsAreRefused() {
        KernelGraph graph = new KernelGraph("refused");
        DoubleArray list = LogitAdjustment.createChanges();
        FloatArray logits = new FloatArray(10);
        assertEquals(
                "changes: expected 0 to 1024 tokens, found 1025", refusal(() -> LogitAdjustment.setCount(list, 1025)));
        assertEquals(
                "changes: expected at least 4097 values [CHANGES_SIZE], found 5",
                refusal(() -> LogitAdjustment.addTo(graph, "t", new DoubleArray(5), logits, new FloatArray(10), 10)));
        assertEquals(
                "adjusted: expected at least 10 values [vocabSize], found 9",
                refusal(() -> LogitAdjustment.addTo(graph, "t", list, logits, new FloatArray(9), 10)));
        assertThrows(IllegalArgumentException.class, () -> LogitAdjustment.addTo(graph, "t", list, logits, logits, 10));
    }

    private static String refusal(Runnable call) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
