package sala.model.generate;

import java.util.Map;
import sala.model.Logits;

/** Bias and penalties: the steps of {@link Sampler} that change single logits. */
final class LogitAdjustment {
    private final int[] biasedTokens;
    private final float[] biases;
    private final double repetitionPenalty;
    private final double presencePenalty;
    private final double frequencyPenalty;
    private final TokenWindow window;
    private final boolean penalises;
    private final float[] adjusted;

    LogitAdjustment(GenerationOptions options, int vocabSize) {
        biasedTokens = options.logitBias().keySet().stream()
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
        biases = new float[biasedTokens.length];
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
        penalises = options.penaltyWindow() > 0
                && (repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0);
        window = new TokenWindow(penalises ? options.penaltyWindow() : 0, penalises ? vocabSize : 0);
        adjusted = new float[penalises || biases.length > 0 ? vocabSize : 0];
    }

    private static float biasOf(Map<Integer, Float> logitBias, int token) {
        Float bias = logitBias.get(token);
        return bias == null ? 0 : bias;
    }

    void accept(int token) {
        if (penalises) {
            window.add(token);
        }
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
        for (int i = 0; i < biases.length; i++) {
            int token = biasedTokens[i];
            adjusted[token] = biases[i] == Float.NEGATIVE_INFINITY
                    ? Float.NEGATIVE_INFINITY
                    : saturated((double) adjusted[token] + biases[i]);
        }
        for (int i = 0; i < window.distinct(); i++) {
            int token = window.token(i);
            if (adjusted[token] > Float.NEGATIVE_INFINITY) {
                adjusted[token] = penalised(adjusted[token], window.count(token));
            }
        }
        return adjusted;
    }

    private float penalised(double logit, int count) {
        double repeated = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
        return saturated(saturated(repeated) - presencePenalty - count * frequencyPenalty);
    }

    /** A ban is said by minus infinity alone, so nothing else may become it. */
    private static float saturated(double logit) {
        return (float) Math.clamp(logit, -Float.MAX_VALUE, Float.MAX_VALUE);
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
