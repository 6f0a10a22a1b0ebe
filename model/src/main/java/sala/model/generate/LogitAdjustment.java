package sala.model.generate;

import java.util.Map;
import sala.model.LogitChanges;
import sala.model.Logits;

/** Bias and penalties: the steps of {@link Sampler} that change single logits. */
final class LogitAdjustment {
    private final int[] biasedTokens;
    private final double[] biases;
    private final double repetitionPenalty;
    private final double presencePenalty;
    private final double frequencyPenalty;
    /** Tokens of prompt and answer under the repetition penalty; holds nothing where that is off. */
    private final TokenWindow seen;
    /** Tokens of the answer under the two other penalties; holds nothing where those are off. */
    private final TokenWindow answered;

    private final LogitChanges changes;
    /** Whether tokens were accepted since the changes were made. */
    private boolean stale = true;

    private final float[] adjusted;

    LogitAdjustment(GenerationOptions options, int vocabSize) {
        biasedTokens = options.logitBias().keySet().stream()
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
        biases = new double[biasedTokens.length];
        for (int i = 0; i < biasedTokens.length; i++) {
            if (biasedTokens[i] >= vocabSize) {
                throw new IllegalArgumentException("logitBias: expected tokens below the vocabulary size %d, found %d"
                        .formatted(vocabSize, biasedTokens[i]));
            }
            biases[i] = biasOf(options.logitBias(), biasedTokens[i]);
        }
        repetitionPenalty = options.repetitionPenalty();
        presencePenalty = options.presencePenalty();
        frequencyPenalty = options.frequencyPenalty();
        boolean repetition = repetitionPenalty != 1;
        boolean counting = presencePenalty != 0 || frequencyPenalty != 0;
        seen = new TokenWindow(repetition ? options.penaltyWindow() : 0, vocabSize);
        answered = new TokenWindow(counting ? options.penaltyWindow() : 0, vocabSize);
        adjusted = new float[repetition || counting || biases.length > 0 ? vocabSize : 0];
        changes = new LogitChanges(adjusted.length);
    }

    private static double biasOf(Map<Integer, Double> logitBias, int token) {
        Double bias = logitBias.get(token);
        return bias == null ? 0 : bias;
    }

    void acceptPrompt(int token) {
        seen.add(token);
        stale = true;
    }

    void accept(int token) {
        seen.add(token);
        answered.add(token);
        stale = true;
    }

    /** The list that {@link #update} brings up to date, always the same. */
    LogitChanges changes() {
        return changes;
    }

    /** Brings the list of changes up to date with the tokens accepted. */
    void update() {
        if (!stale) {
            return;
        }
        changes.clear();
        for (int i = 0; i < biases.length; i++) {
            changes.setBias(biasedTokens[i], biases[i]);
        }
        for (int i = 0; i < seen.distinct(); i++) {
            changes.setRepetitionPenalty(seen.token(i), repetitionPenalty);
        }
        for (int i = 0; i < answered.distinct(); i++) {
            int token = answered.token(i);
            changes.setPenalty(token, presencePenalty + answered.count(token) * frequencyPenalty);
        }
        stale = false;
    }

    /**
     * Checks and adjusts.
     *
     * @return the logits themselves where nothing is adjusted, else a buffer that the next call reuses; not to be
     *     written
     */
    float[] apply(Logits logits) {
        float[] values = logits.values();
        requireFinite(values);
        if (adjusted.length == 0) {
            return values;
        }
        if (values.length != adjusted.length) {
            throw new IllegalArgumentException("expected %d logits, one per token of the vocabulary, found %d"
                    .formatted(adjusted.length, values.length));
        }
        System.arraycopy(values, 0, adjusted, 0, values.length);
        update();
        for (int i = 0; i < changes.size(); i++) {
            int token = changes.token(i);
            adjusted[token] = changes.changed(i, values[token]);
        }
        return adjusted;
    }

    private static void requireFinite(float[] values) {
        int largest =
                0; // as bits without the sign, NaN and infinity are the largest; unlike comparisons, this vectorises
        for (float value : values) {
            largest = Math.max(largest, Float.floatToRawIntBits(value) & Integer.MAX_VALUE);
        }
        if (largest > Float.floatToRawIntBits(Float.MAX_VALUE)) {
            for (int token = 0; token < values.length; token++) {
                if (!Float.isFinite(values[token])) {
                    throw new SamplingException(
                            "the logit of token %d is %s, expected a finite number: the weights or the caches are damaged"
                                    .formatted(token, values[token]));
                }
            }
        }
    }

    static SamplingException allBanned(int vocabSize) {
        return new SamplingException("all %d tokens are banned by logitBias: leave at least one".formatted(vocabSize));
    }
}
