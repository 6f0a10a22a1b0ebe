package sala.model.generate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The steps of {@link Sampler} after the penalties, by sorting everything. */
final class ReferenceSampling {
    private ReferenceSampling() {}

    /** Token to probability, of all tokens that may be drawn. */
    static SortedMap<Integer, Double> distribution(float[] logits, GenerationOptions options) {
        List<Integer> ranked = new ArrayList<>();
        for (int token = 0; token < logits.length; token++) {
            if (logits[token] > Float.NEGATIVE_INFINITY) {
                ranked.add(token);
            }
        }
        // A stable sort keeps lower ids first; the difference makes -0.0 and 0.0 equal.
        ranked.sort(Comparator.comparingDouble((Integer token) -> 0.0 - logits[token]));
        if (options.topKTokens() > 0 && options.topKTokens() < ranked.size()) {
            ranked = ranked.subList(0, options.topKTokens());
        }
        double max = logits[ranked.getFirst()];
        double[] weights = ranked.stream()
                .mapToDouble(token -> Math.exp((logits[token] - max) / options.temperature()))
                .toArray();
        double sum = 0;
        for (double weight : weights) {
            sum += weight;
        }
        int kept = 0;
        double reached = 0;
        while (kept < weights.length && (kept == 0 || (options.topP() == 1 || reached < options.topP() * sum))) {
            reached += weights[kept++];
        }
        double total = 0;
        TreeMap<Integer, Double> distribution = new TreeMap<>();
        for (int i = 0; i < kept; i++) {
            if (weights[i] >= options.minP()) {
                distribution.put(ranked.get(i), weights[i]);
                total += weights[i];
            }
        }
        double normaliser = total;
        distribution.replaceAll((_, weight) -> weight / normaliser);
        return distribution;
    }
}
