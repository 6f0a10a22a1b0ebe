package sala.kernels.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.kernels.KernelGraph;
import sala.kernels.testing.KernelRun;
import sala.testing.RandomTensors;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class SamplingTest {
    /** Settings of one generation. */
    private record Settings(double temperature, int topKTokens, double topP, double minP) {}

    private static final List<Settings> SETTINGS = List.of(
            new Settings(1, 0, 1, 0),
            new Settings(0.7, 1, 1, 0),
            new Settings(0.7, 20, 1, 0),
            new Settings(1, 100_000, 0.9, 0),
            new Settings(0.8, 0, 0.8, 0),
            new Settings(1.3, 50, 0.95, 0.02),
            new Settings(2, 0, 1, 0.1),
            new Settings(0.05, 40, 0.999, 0),
            new Settings(1, 7, 1e-9, 0),
            new Settings(1.1, 1500, 0.95, 0));

    /** Names and logits. */
    record Logits(String name, float[] values) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Logits> logits() {
        float[] rising = new float[700];
        float[] few = new float[300];
        for (int i = 0; i < rising.length; i++) {
            rising[i] = i * 0.01f;
        }
        for (int i = 0; i < few.length; i++) {
            few[i] = (i * 37) % 5;
        }
        float[] spread = RandomTensors.create().normalFloats(500);
        for (int i = 0; i < spread.length; i++) {
            spread[i] *= 1e30f;
        }
        float[] close = RandomTensors.create().normalFloats(500);
        for (int i = 0; i < close.length; i++) {
            close[i] = 12 + 1e-6f * close[i];
        }
        float[] lowest = new float[100];
        Arrays.fill(lowest, -Float.MAX_VALUE);
        lowest[60] = 3;
        return Stream.of(
                new Logits("one", new float[] {-5}),
                new Logits("two", new float[] {1, 2}),
                new Logits("normal, 64", normal(64, 3)),
                new Logits("normal, 2000", normal(2000, 4)),
                new Logits("rising", rising),
                new Logits("equal", new float[600]),
                new Logits("five values", few),
                new Logits("far apart", spread),
                new Logits("close together", close),
                new Logits("lowest", lowest),
                new Logits("normal, 6000", normal(6000, 2)),
                new Logits("list with room for one", unmarked(FULL_LIST - 1, 3, 1000)),
                new Logits("list full", unmarked(FULL_LIST, 3, 1000)),
                new Logits("one too many for the list", unmarked(FULL_LIST + 1, 3, 1000)),
                new Logits("far too many for the list", unmarked(6000, 3, 1000)),
                new Logits("equal ones, too many for the list", unmarked(6000, 0, 1)),
                new Logits("few values, too many for the list", unmarked(6000, 1, 1)));
    }

    /** A vocabulary whose {@link #unmarked} logits and one mark fill the list: all but 255 marks, and the first of these. */
    private static final int FULL_LIST = TokenSampling.LIST_SIZE + RankMarks.MARKS - 2;

    /**
     * Marks tell nothing of these: they stand behind all other tokens.
     *
     * @param steps to which logits are rounded, a unit
     */
    private static float[] unmarked(int length, float deviation, int steps) {
        float[] values = normal(length, deviation);
        for (int token = 0; token < length; token++) {
            values[token] = (float) Math.rint(Math.max(-20, values[token]) * steps) / steps;
        }
        for (int mark = 1; mark < RankMarks.MARKS; mark++) {
            values[RankMarks.token(mark, length)] = -30;
        }
        return values;
    }

    private static float[] normal(int length, float deviation) {
        float[] values = RandomTensors.create().normalFloats(length);
        for (int i = 0; i < length; i++) {
            values[i] *= deviation;
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 100, 1000, 20_000})
    void largestLogitIsFoundWhereverItIs(int vocabSize) {
        float[] values = normal(vocabSize, 5);
        Random random = new Random(RandomTensors.DEFAULT_SEED);
        try (KernelRun run = new KernelRun("argmax")) {
            FloatArray logits = run.input(values);
            FloatArray largest = run.output(LargestLogits.numParts(vocabSize));
            IntArray largestTokens = run.outputInts(LargestLogits.numParts(vocabSize));
            IntArray sampled = run.outputInts(2);
            Argmax.addTo(run.graph(), "argmax", logits, largest, largestTokens, sampled, vocabSize);
            run.execute();
            assertEquals(argmax(logits), sampled.get(0));
            for (int place : new int[] {0, vocabSize - 1, random.nextInt(vocabSize)}) {
                logits.set(place, 100);
                run.execute();
                assertEquals(argmax(logits), sampled.get(0), "largest at " + place);
            }
            logits.init(-1e30f);
            run.execute();
            assertEquals(0, sampled.get(0), "equal logits: the lowest id");
            logits.init(-Float.MAX_VALUE);
            run.execute();
            assertEquals(0, sampled.get(0), "lowest logits: the lowest id");
        }
    }

    private static int argmax(FloatArray logits) {
        int best = 0;
        for (int token = 1; token < logits.getSize(); token++) {
            best = logits.get(token) > logits.get(best) ? token : best;
        }
        return best;
    }

    @ParameterizedTest
    @MethodSource("logits")
    void drawsFromWhatTheStepsLeave(Logits logits) {
        try (KernelRun run = new KernelRun("sampling")) {
            DoubleArray settings = run.input(SamplingSettings.create(1, 0, 1, 0));
            FloatArray values = run.input(logits.values());
            IntArray sampled = SamplingTask.addTo(run, settings, values);
            for (Settings chosen : SETTINGS) {
                SamplingSettings.set(settings, chosen.temperature(), chosen.topKTokens(), chosen.topP(), chosen.minP());
                Candidates candidates = Candidates.of(logits.values(), chosen);
                for (int index : candidates.probes()) {
                    SamplingSettings.setRandom(settings, candidates.middle(index));
                    run.execute();
                    assertTrue(
                            sampled.get(TokenSampling.NUM_CANDIDATES) >= candidates.fewest()
                                    && sampled.get(TokenSampling.NUM_CANDIDATES) <= candidates.most(),
                            () -> "%s, %s: expected %d to %d candidates, found %d"
                                    .formatted(
                                            logits,
                                            chosen,
                                            candidates.fewest(),
                                            candidates.most(),
                                            sampled.get(TokenSampling.NUM_CANDIDATES)));
                    assertEquals(
                            candidates.tokens()[index],
                            sampled.get(TokenSampling.TOKEN),
                            () -> "%s, %s, candidate %d".formatted(logits, chosen, index));
                }
            }
        }
    }

    @Test
    void smallestAndLargestRandomNumberDrawTheEnds() {
        float[] values = {1, 5, 1, 5, 5, -200};
        try (KernelRun run = new KernelRun("ends")) {
            DoubleArray settings = run.input(SamplingSettings.create(1, 3, 1, 0));
            FloatArray logits = run.input(values);
            IntArray sampled = SamplingTask.addTo(run, settings, logits);
            run.execute();
            assertEquals(1, sampled.get(TokenSampling.TOKEN));
            SamplingSettings.setRandom(settings, Math.nextDown(1.0));
            run.execute();
            assertEquals(4, sampled.get(TokenSampling.TOKEN));
            assertEquals(3, sampled.get(TokenSampling.NUM_CANDIDATES));
        }
    }

    /** More tokens in a lane's run than there are lanes. */
    @Test
    void drawsFromAnyVocabulary() {
        int vocabSize = 300_000;
        try (KernelRun run = new KernelRun("large")) {
            DoubleArray settings = run.input(SamplingSettings.create(1, 0, 1, 0));
            FloatArray logits = run.input(new float[vocabSize]);
            IntArray sampled = SamplingTask.addTo(run, settings, logits);
            for (int token : new int[] {0, 511, 512, 585, 123_456, 299_999}) {
                SamplingSettings.setRandom(settings, (token + 0.5) / vocabSize);
                run.execute();
                assertEquals(token, sampled.get(TokenSampling.TOKEN));
                assertEquals(vocabSize, sampled.get(TokenSampling.NUM_CANDIDATES));
            }
        }
    }

    @Test
    void greedyAndAnEmptyNucleusAreTheLargestLogit() {
        float[] values = normal(2000, 3);
        try (KernelRun run = new KernelRun("greedy")) {
            DoubleArray settings = run.input(SamplingSettings.create(1, 0, 1, 0));
            FloatArray logits = run.input(values);
            IntArray sampled = SamplingTask.addTo(run, settings, logits);
            SamplingSettings.setRandom(settings, 0.9);
            for (int ties = 0; ties < 3; ties++) {
                SamplingSettings.setGreedy(settings);
                run.execute();
                assertEquals(argmax(logits), sampled.get(TokenSampling.TOKEN));
                assertEquals(1, sampled.get(TokenSampling.NUM_CANDIDATES));
                SamplingSettings.set(settings, 1.5, 0, 0, 0);
                run.execute();
                assertEquals(argmax(logits), sampled.get(TokenSampling.TOKEN));
                assertEquals(1, sampled.get(TokenSampling.NUM_CANDIDATES));
                logits.set(1999 - 700 * ties, 50);
            }
        }
    }

    /** Top-k parts tokens of one logit, and the nucleus ends there too. */
    @Test
    void aNucleusStaysWithinTheTopK() {
        float[] values = {3, 5, 3, 3, -1};
        try (KernelRun run = new KernelRun("nested")) {
            DoubleArray settings = run.input(SamplingSettings.create(1, 0, 1, 0));
            FloatArray logits = run.input(values);
            IntArray sampled = SamplingTask.addTo(run, settings, logits);
            SamplingSettings.setRandom(settings, Math.nextDown(1.0));
            int[] last = {1, 1, 2, 3, 4};
            for (int topKTokens = 1; topKTokens <= values.length; topKTokens++) {
                SamplingSettings.set(settings, 1, topKTokens, 0.9999, 0);
                run.execute();
                assertEquals(topKTokens, sampled.get(TokenSampling.NUM_CANDIDATES));
                assertEquals(last[topKTokens - 1], sampled.get(TokenSampling.TOKEN));
            }
        }
    }

    @Test
    void nothingIsDrawnWhereTheLargestLogitIsNotBelowTheLargestFloat() {
        float[] values = normal(100, 3);
        for (float huge : new float[] {Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
            values[40] = huge;
            try (KernelRun run = new KernelRun("huge")) {
                DoubleArray settings = run.input(SamplingSettings.create(1, 5, 0.9, 0));
                FloatArray logits = run.input(values);
                IntArray sampled = SamplingTask.addTo(run, settings, logits);
                run.execute();
                assertEquals(0, sampled.get(TokenSampling.NUM_CANDIDATES));
                assertTrue(sampled.get(TokenSampling.TOKEN) >= 0 && sampled.get(TokenSampling.TOKEN) < values.length);
            }
        }
    }

    @Test
    void wrongArgumentsAreRefused() {
        FloatArray logits = new FloatArray(600);
        FloatArray largest = new FloatArray(3);
        IntArray largestTokens = new IntArray(3);
        DoubleArray marks = new DoubleArray(RankMarks.size(600));
        IntArray sampled = new IntArray(2);
        DoubleArray settings = SamplingSettings.create(1, 0, 1, 0);
        KernelGraph graph = new KernelGraph("refused");
        assertEquals(
                "logits: expected at least 601 values [vocabSize], found 600",
                refusal(() -> Argmax.addTo(graph, "t", logits, largest, largestTokens, sampled, 601)));
        assertEquals(
                "largest: expected at least 3 values [numParts], found 2",
                refusal(() -> Argmax.addTo(graph, "t", logits, new FloatArray(2), largestTokens, sampled, 600)));
        assertEquals(
                "sampled: expected at least 2 values [SAMPLED_SIZE], found 1",
                refusal(() -> TokenSampling.addTo(
                        graph, "t", settings, logits, largest, largestTokens, marks, new IntArray(1), 600)));
        assertEquals(
                "marks: expected at least 1536 values [numParts, 2, MARKS], found 512",
                refusal(() -> TokenSampling.addTo(
                        graph, "t", settings, logits, largest, largestTokens, new DoubleArray(512), sampled, 600)));
        assertEquals(
                "vocabSize: expected at most 1048576, found 1048577",
                refusal(() -> TokenSampling.addTo(
                        graph, "t", settings, logits, largest, largestTokens, marks, sampled, 1_048_577)));
        assertEquals(
                "temperature: expected from 1e-6 to 1e6, found 0.0",
                refusal(() -> SamplingSettings.create(0, 0, 1, 0)));
        assertEquals(
                "topP: expected from 0 to 1, found NaN", refusal(() -> SamplingSettings.create(1, 0, Double.NaN, 0)));
        assertEquals(
                "random: expected from 0 to below 1, found 1.0",
                refusal(() -> SamplingSettings.setRandom(settings, 1)));
    }

    /**
     * What the steps leave, by sorting everything, in f64.
     *
     * @param tokens ascending
     * @param weights of the tokens
     * @param fewest candidates if the nucleus ends a rounding earlier
     * @param most candidates if it ends a rounding later
     */
    private record Candidates(int[] tokens, double[] weights, int fewest, int most) {
        /** Far above the error of an f32 exponential, far below the weight of a token that matters. */
        private static final double ROUNDING = 1e-6;

        static Candidates of(float[] logits, Settings settings) {
            List<Integer> tokens = stay(logits, settings, settings.topP());
            double max = max(logits);
            return new Candidates(
                    tokens.stream().mapToInt(Integer::intValue).toArray(),
                    tokens.stream()
                            .mapToDouble(token -> weight(logits[token], max, settings))
                            .toArray(),
                    stay(logits, settings, settings.topP() * (1 - ROUNDING)).size(),
                    stay(logits, settings, Math.min(1, settings.topP() * (1 + ROUNDING)))
                            .size());
        }

        private static List<Integer> stay(float[] logits, Settings settings, double topP) {
            List<Integer> ranked =
                    new ArrayList<>(IntStream.range(0, logits.length).boxed().toList());
            // A stable sort keeps the lower id first among equal logits.
            ranked.sort(Comparator.comparingDouble((Integer token) -> 0.0 - logits[token]));
            if (settings.topKTokens() > 0 && settings.topKTokens() < ranked.size()) {
                ranked = ranked.subList(0, settings.topKTokens());
            }
            double max = max(logits);
            double sum = 0;
            for (int token : ranked) {
                sum += weight(logits[token], max, settings);
            }
            List<Integer> nucleus = new ArrayList<>();
            double reached = 0;
            for (int token : ranked) {
                if (!nucleus.isEmpty() && topP < 1 && reached >= topP * sum) {
                    break;
                }
                nucleus.add(token);
                reached += weight(logits[token], max, settings);
            }
            return nucleus.stream()
                    .filter(token -> weight(logits[token], max, settings) >= settings.minP())
                    .sorted()
                    .toList();
        }

        private static double max(float[] logits) {
            double max = logits[0];
            for (float logit : logits) {
                max = Math.max(max, logit);
            }
            return max;
        }

        private static double weight(float logit, double max, Settings settings) {
            return Math.exp((logit - max) / settings.temperature());
        }

        /** The first, the last and some other candidates that a random number can hit. */
        List<Integer> probes() {
            double sum = Arrays.stream(weights).sum();
            List<Integer> hittable = IntStream.range(0, tokens.length)
                    .filter(index -> weights[index] > 1e-5 * sum)
                    .boxed()
                    .toList();
            return IntStream.of(0, hittable.size() / 3, hittable.size() - 1)
                    .distinct()
                    .mapToObj(hittable::get)
                    .toList();
        }

        /** A random number that draws a candidate, as far as can be from its neighbours. */
        double middle(int index) {
            double before = Arrays.stream(weights, 0, index).sum();
            return (before + weights[index] / 2) / Arrays.stream(weights).sum();
        }
    }

    private static String refusal(Runnable call) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
