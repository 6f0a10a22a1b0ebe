package sala.model.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cuts against sorting everything, on smooth, tied, flat, spiked and banned logits. */
final class CandidatesTest {
    private static float[] logits(int size, IntToDoubleFunction value) {
        float[] logits = new float[size];
        for (int i = 0; i < size; i++) {
            logits[i] = (float) value.applyAsDouble(i);
        }
        return logits;
    }

    private static float[][] inputs(int size) {
        Random random = new Random(42);
        return new float[][] {
            logits(size, _ -> 3 * random.nextGaussian()),
            logits(size, _ -> random.nextInt(4)), // many ties
            logits(size, _ -> 1.5), // nothing but ties
            logits(size, i -> i == size / 2 ? 40 : random.nextGaussian()), // one sure token
            logits(size, i -> i == 0 ? -3e38 : random.nextGaussian()), // one bucket takes all
            logits(size, i -> i % 3 == 1 ? Float.NEGATIVE_INFINITY : random.nextGaussian()),
            logits(size, i -> -i * 1e-3),
            logits(size, i -> (i % 7 == 0 ? -0.0 : 0.0)), // equal though their bits differ
        };
    }

    private static Set<Integer> kept(Candidates candidates) {
        TreeSet<Integer> tokens = new TreeSet<>();
        for (int i = 0; i < candidates.size(); i++) {
            tokens.add(candidates.token(i));
        }
        assertEquals(candidates.size(), tokens.size());
        return tokens;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63, 64, 65, 100, 1000, 4099})
    void keepsTheTopAsSortingDoes(int size) {
        for (float[] logits : inputs(size)) {
            for (int count : new int[] {1, 2, 3, 10, 40, size / 2 + 1, size - 1, size, size + 7}) {
                if (count < 1) {
                    continue;
                }
                Candidates candidates = new Candidates(size);
                candidates.collect(logits);
                if (candidates.size() == 0) {
                    continue;
                }
                candidates.keepTop(count);
                GenerationOptions options = GenerationOptions.builder()
                        .temperature(1e30)
                        .topKTokens(count)
                        .build();
                assertEquals(
                        ReferenceSampling.distribution(logits, options).keySet(),
                        kept(candidates),
                        () -> "top %d of %s".formatted(count, Arrays.toString(logits)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63, 64, 65, 100, 1000, 4099})
    void keepsTheNucleusAsSortingDoes(int size) {
        for (float[] logits : inputs(size)) {
            for (double share : new double[] {0, 1e-9, 0.1003, 0.5007, 0.9001, 0.99003, 0.99999}) {
                for (double temperature : new double[] {0.1, 0.7, 1, 5}) {
                    Candidates candidates = new Candidates(size);
                    candidates.collect(logits);
                    candidates.weigh(temperature);
                    candidates.keepNucleus(share);
                    GenerationOptions options = GenerationOptions.builder()
                            .temperature(temperature)
                            .topP(share)
                            .build();
                    assertEquals(
                            ReferenceSampling.distribution(logits, options).keySet(),
                            kept(candidates),
                            () -> "%s at temperature %s of %s".formatted(share, temperature, Arrays.toString(logits)));
                }
            }
        }
    }

    @Test
    void cutsOfAWholeVocabularyAgreeWithSorting() {
        Random random = new Random(42);
        float[] logits = logits(73_448, _ -> 2.5 * random.nextGaussian());
        Candidates candidates = new Candidates(logits.length);
        for (int topK : new int[] {0, 1, 40, 5000}) {
            for (double topP : new double[] {0.5003, 0.9507}) {
                for (double minP : new double[] {0, 0.01}) {
                    candidates.collect(logits);
                    if (topK > 0) {
                        candidates.keepTop(topK);
                    }
                    candidates.weigh(0.8);
                    candidates.keepNucleus(topP);
                    candidates.keepAtLeast(minP);
                    GenerationOptions options = GenerationOptions.builder()
                            .temperature(0.8)
                            .topKTokens(topK)
                            .topP(topP)
                            .minP(minP)
                            .build();
                    assertEquals(ReferenceSampling.distribution(logits, options).keySet(), kept(candidates));
                }
            }
        }
    }

    @Test
    void picksByAscendingIdAndNeverWhatHasNoWeight() {
        Candidates candidates = new Candidates(4);
        candidates.collect(new float[] {0, -2000, 0, -2000});
        candidates.weigh(1);
        assertEquals(0, candidates.pick(0));
        assertEquals(0, candidates.pick(0.49));
        assertEquals(2, candidates.pick(0.51));
        assertEquals(2, candidates.pick(Math.nextDown(1.0)));
    }

    @Test
    void sharesOfAPickAreProbabilities() {
        float[] logits = {1, 3, 2, 0};
        Candidates candidates = new Candidates(4);
        candidates.collect(logits);
        candidates.weigh(2);
        SortedMap<Integer, Double> expected = ReferenceSampling.distribution(
                logits, GenerationOptions.builder().temperature(2).build());
        int[] counts = new int[4];
        int steps = 100_000;
        for (int i = 0; i < steps; i++) {
            counts[candidates.pick((i + 0.5) / steps)]++;
        }
        expected.forEach((token, probability) -> assertEquals(probability, counts[token] / (double) steps, 2e-5));
    }
}
