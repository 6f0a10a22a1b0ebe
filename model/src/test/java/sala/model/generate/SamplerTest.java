package sala.model.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.model.Logits;

final class SamplerTest {
    private static final int RELEASED_VOCAB_SIZE = 73_448;

    private static float[] randomLogits(int size, long seed) {
        Random random = new Random(seed);
        float[] logits = new float[size];
        for (int i = 0; i < size; i++) {
            logits[i] = (float) random.nextGaussian();
        }
        return logits;
    }

    private static Sampler sampler(GenerationOptions options, int vocabSize) {
        return Sampler.create(options, vocabSize, 42);
    }

    private static GenerationOptions.Builder at(double temperature) {
        return GenerationOptions.builder().temperature(temperature);
    }

    private static int[] draw(GenerationOptions options, float[] logits, long seed, int count) {
        Sampler sampler = Sampler.create(options, logits.length, seed);
        Logits view = new Logits(logits);
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++) {
            tokens[i] = sampler.sample(view);
        }
        return tokens;
    }

    static List<GenerationOptions> distributions() {
        return List.of(
                at(1).build(),
                at(0.5).build(),
                at(3).build(),
                at(1).topKTokens(5).build(),
                at(1).topP(0.8).build(),
                at(1).minP(0.2).build(),
                at(1.7).topKTokens(12).topP(0.9).minP(0.05).build());
    }

    @ParameterizedTest
    @MethodSource
    void distributions(GenerationOptions options) {
        float[] logits = randomLogits(20, 7);
        SortedMap<Integer, Double> expected = ReferenceSampling.distribution(logits, options);
        int draws = 50_000;
        long[] counts = new long[logits.length];
        for (int token : draw(options, logits, 42, draws)) {
            counts[token]++;
        }
        long outside = 0;
        for (int token = 0; token < counts.length; token++) {
            outside += expected.containsKey(token) ? 0 : counts[token];
        }
        assertEquals(0, outside, "tokens that the cuts should have removed");
        double[] probabilities =
                expected.values().stream().mapToDouble(Double::doubleValue).toArray();
        long[] observed =
                expected.keySet().stream().mapToLong(token -> counts[token]).toArray();
        double p = new ChiSquareTest().chiSquareTest(probabilities, observed);
        assertTrue(p > 1e-3, () -> "p = %s: expected %s, found %s".formatted(p, expected, Arrays.toString(counts)));
    }

    @Test
    void greedyIsTemperatureZeroIsTopOne() {
        for (int seed = 0; seed < 200; seed++) {
            float[] logits = randomLogits(100, seed);
            for (int i = 0; i < 30; i++) {
                logits[i] = Math.round(logits[i]); // ties
            }
            int best = new Logits(logits).argmax();
            assertEquals(best, draw(GenerationOptions.DEFAULTS, logits, seed, 1)[0]);
            assertEquals(best, draw(at(1.5).topKTokens(1).build(), logits, seed, 1)[0]);
            assertEquals(best, draw(at(1.5).topP(0).build(), logits, seed, 1)[0]);
            assertEquals(best, draw(at(1e-30).topKTokens(1).build(), logits, seed, 1)[0]);
        }
        assertInstanceOf(GreedySampler.class, sampler(GenerationOptions.DEFAULTS, 4));
        assertInstanceOf(StochasticSampler.class, sampler(at(1).build(), 4));
    }

    @Test
    void tiesGoToTheLowerId() {
        float[] logits = {1, 5, 5, 2, 5};
        assertEquals(1, draw(GenerationOptions.DEFAULTS, logits, 42, 1)[0]);
        for (int token : draw(at(1).topKTokens(2).build(), logits, 42, 200)) {
            assertTrue(token == 1 || token == 2, "drew " + token);
        }
    }

    @Test
    void nucleusIsThatOfTheTemperedDistribution() {
        // At temperature 1 token 0 alone has 0.88; at temperature 4 it takes two tokens to reach 0.6.
        float[] logits = {2, 0, -20};
        assertEquals(
                List.of(0, 1),
                Arrays.stream(draw(at(4).topP(0.7).build(), logits, 42, 500))
                        .distinct()
                        .sorted()
                        .boxed()
                        .toList());
        assertEquals(
                1,
                Arrays.stream(draw(at(1).topP(0.7).build(), logits, 42, 500))
                        .distinct()
                        .count());
    }

    @Test
    void nucleusIsThatOfTheTopK() {
        // Three of four equal tokens: 0.6 of what top-k leaves is two of them, 0.6 of everything would be three.
        float[] logits = {1, 1, 1, 1};
        assertEquals(
                2,
                Arrays.stream(draw(at(1).topKTokens(3).topP(0.6).build(), logits, 42, 500))
                        .distinct()
                        .count());
    }

    @Test
    void repetitionPenaltyDividesPositiveAndMultipliesNegativeLogits() {
        LogitAdjustment adjustment = new LogitAdjustment(
                GenerationOptions.builder().repetitionPenalty(2).build(), 5);
        adjustment.acceptPrompt(0);
        adjustment.accept(1);
        adjustment.accept(1); // counts once
        adjustment.accept(2);
        assertArrayEquals(new float[] {2, -6, 0, 3, -3}, adjustment.apply(new Logits(new float[] {4, -3, 0, 3, -3})));
    }

    @Test
    void presenceAndFrequencyPenaltiesCountTheAnswerOnly() {
        LogitAdjustment adjustment = new LogitAdjustment(
                GenerationOptions.builder()
                        .presencePenalty(0.5)
                        .frequencyPenalty(0.25)
                        .build(),
                4);
        adjustment.acceptPrompt(0);
        adjustment.accept(1);
        adjustment.accept(2);
        adjustment.accept(2);
        adjustment.accept(2);
        assertArrayEquals(new float[] {1, 0.25f, -0.25f, 1}, adjustment.apply(new Logits(new float[] {1, 1, 1, 1})));
    }

    @Test
    void penaltiesLookAtTheWindowOnly() {
        GenerationOptions options = GenerationOptions.builder()
                .repetitionPenalty(2)
                .presencePenalty(1)
                .penaltyWindow(2)
                .build();
        LogitAdjustment adjustment = new LogitAdjustment(options, 4);
        adjustment.acceptPrompt(0);
        adjustment.accept(1);
        adjustment.accept(2);
        float[] logits = {8, 8, 8, 8};
        assertArrayEquals(new float[] {8, 3, 3, 8}, adjustment.apply(new Logits(logits)));
        adjustment.accept(3);
        assertArrayEquals(new float[] {8, 8, 3, 3}, adjustment.apply(new Logits(logits)));
        assertArrayEquals(new float[] {8, 8, 8, 8}, logits, "the session's logits are not to be written");

        LogitAdjustment blind =
                new LogitAdjustment(options.toBuilder().penaltyWindow(0).build(), 4);
        blind.accept(1);
        assertArrayEquals(logits, blind.apply(new Logits(logits)));
    }

    @Test
    void stepsComeInOrderBiasRepetitionPresence() {
        GenerationOptions options = GenerationOptions.builder()
                .logitBias(Map.of(0, 4.0))
                .repetitionPenalty(2)
                .presencePenalty(1)
                .build();
        LogitAdjustment adjustment = new LogitAdjustment(options, 2);
        adjustment.accept(0);
        // (-2 + 4) / 2 - 1; penalty before bias would give -2 * 2 + 4 - 1
        assertArrayEquals(new float[] {0, 5}, adjustment.apply(new Logits(new float[] {-2, 5})));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1})
    void biasLiftsAndBans(double temperature) {
        float[] logits = {5, 4, 3};
        GenerationOptions options = at(temperature)
                .logitBias(Map.of(0, Double.NEGATIVE_INFINITY, 2, 100.0))
                .build();
        assertArrayEquals(new int[] {2, 2, 2}, draw(options, logits, 42, 3));
        assertEquals(0, new Logits(logits).argmax(), "the logits are the session's");

        Map<Integer, Double> all =
                Map.of(0, Double.NEGATIVE_INFINITY, 1, Double.NEGATIVE_INFINITY, 2, Double.NEGATIVE_INFINITY);
        GenerationOptions nothing = at(temperature).logitBias(all).build();
        assertEquals(
                "all 3 tokens are banned by logitBias: leave at least one",
                assertThrows(SamplingException.class, () -> draw(nothing, logits, 42, 1))
                        .getMessage());
    }

    @Test
    void hugeFiniteValuesBanNothing() {
        float[] logits = {1, 2, -3};
        GenerationOptions options = GenerationOptions.builder()
                .logitBias(Map.of(0, -1e300, 1, -1e300, 2, -1e300))
                .presencePenalty(1e300)
                .repetitionPenalty(1e300)
                .build();
        Sampler sampler = sampler(options, 3);
        for (int token = 0; token < 3; token++) {
            sampler.acceptPrompt(token);
            sampler.accept(token);
        }
        assertEquals(0, sampler.sample(new Logits(logits)));
        assertEquals(1, draw(at(1e-300).logitBias(Map.of(1, 1e300)).build(), logits, 42, 1)[0]);
        assertEquals(
                3,
                Arrays.stream(draw(at(1e300).build(), logits, 42, 100))
                        .distinct()
                        .count());
    }

    static Stream<Float> notFinite() {
        return Stream.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
    }

    @ParameterizedTest
    @MethodSource("notFinite")
    void damagedLogitsAreRefusedByToken(float damaged) {
        for (int token : new int[] {0, 7, 99}) {
            for (double temperature : new double[] {0, 1}) {
                float[] logits = randomLogits(100, 1);
                logits[token] = damaged;
                String message = assertThrows(
                                SamplingException.class,
                                () -> draw(at(temperature).build(), logits, 42, 1))
                        .getMessage();
                assertTrue(
                        String.valueOf(message).startsWith("the logit of token %d is %s".formatted(token, damaged)),
                        message);
            }
        }
    }

    @Test
    void biasOutsideTheVocabularyIsRefused() {
        GenerationOptions options =
                GenerationOptions.builder().logitBias(Map.of(4, 1.0)).build();
        assertEquals(
                "logitBias: expected tokens below the vocabulary size 4, found 4",
                assertThrows(IllegalArgumentException.class, () -> sampler(options, 4))
                        .getMessage());
    }

    @Test
    void sameSeedSameTokensAndTheyNeverChange() {
        float[] logits = randomLogits(50, 3);
        GenerationOptions options = at(1.2).topP(0.95).build();
        int[] tokens = draw(options, logits, 42, 8);
        assertArrayEquals(tokens, draw(options, logits, 42, 8));
        assertNotEquals(Arrays.toString(tokens), Arrays.toString(draw(options, logits, 43, 8)));
        // Written down once: another order of steps, another generator or another use of it changes users' texts.
        assertEquals("[36, 36, 36, 40, 28, 11, 28, 45]", Arrays.toString(tokens));
    }

    @Test
    void aTokenAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Logits logits = new Logits(randomLogits(RELEASED_VOCAB_SIZE, 1));
        GenerationOptions options = at(0.8).topKTokens(1000)
                .topP(0.9)
                .minP(0.01)
                .repetitionPenalty(1.1)
                .frequencyPenalty(0.1)
                .logitBias(Map.of(3, 2.0))
                .build();
        for (GenerationOptions each : List.of(
                options,
                options.toBuilder().topKTokens(0).build(),
                options.toBuilder().temperature(0).build())) {
            Sampler sampler = sampler(each, RELEASED_VOCAB_SIZE);
            for (int i = 0; i < 100; i++) {
                sampler.accept(sampler.sample(logits));
            }
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 50; i++) {
                sampler.accept(sampler.sample(logits));
            }
            long bytes = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(bytes < 1000, () -> "50 tokens allocated " + bytes + " bytes"); // the measurement takes some
        }
    }
}
