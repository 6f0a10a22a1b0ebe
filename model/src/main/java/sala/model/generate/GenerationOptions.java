package sala.model.generate;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How tokens are chosen and when to stop. What a value does to the logits, and in which order, is told by
 * {@link Sampler}. {@link #DEFAULTS} is greedy and switches everything else off.
 *
 * @param maxTokens most tokens to sample, at least 0
 * @param temperature divides the logits; 0 takes the likeliest token
 * @param topKTokens only this many of the likeliest tokens; 0 is off
 * @param topP only the fewest likeliest tokens that have this probability together, in [0, 1]; 1 is off, 0 keeps one
 * @param minP only tokens at least this many times as likely as the likeliest, in [0, 1]; 0 is off
 * @param repetitionPenalty above 0; 1 is off
 * @param presencePenalty 0 is off
 * @param frequencyPenalty 0 is off
 * @param penaltyWindow how many of the last tokens the three penalties look at, at least 0
 * @param seed of the random numbers; drawn and reported in {@link GenerationStats} where absent
 * @param logitBias token to what is added to its logit; {@link Double#NEGATIVE_INFINITY} bans it
 * @param stopStrings texts that end the generation, none empty; they need a tokenizer
 * @param stopTokens tokens that end the generation beside the {@code eosTokenIds} of the model's configuration
 * @param ignoreEos whether only {@code stopTokens} end it
 */
public record GenerationOptions(
        int maxTokens,
        double temperature,
        int topKTokens,
        double topP,
        double minP,
        double repetitionPenalty,
        double presencePenalty,
        double frequencyPenalty,
        int penaltyWindow,
        OptionalLong seed,
        Map<Integer, Double> logitBias,
        List<String> stopStrings,
        Set<Integer> stopTokens,
        boolean ignoreEos) {
    /** Tokens that penalties count unless told otherwise, as in llama.cpp. */
    public static final int DEFAULT_PENALTY_WINDOW = 64;

    /** Tokens sampled at most unless told otherwise. */
    public static final int DEFAULT_MAX_TOKENS = 256;

    /** Greedy, {@value #DEFAULT_MAX_TOKENS} tokens, stops at the model's end-of-sequence tokens. */
    public static final GenerationOptions DEFAULTS = new GenerationOptions(
            DEFAULT_MAX_TOKENS,
            0,
            0,
            1,
            0,
            1,
            0,
            0,
            DEFAULT_PENALTY_WINDOW,
            OptionalLong.empty(),
            Map.of(),
            List.of(),
            Set.of(),
            false);

    /** @throws IllegalArgumentException naming the field, its range and what was found */
    public GenerationOptions {
        requireAtLeastZero("maxTokens", maxTokens);
        requireRange("temperature", temperature, 0, Double.MAX_VALUE);
        requireAtLeastZero("topKTokens", topKTokens);
        requireRange("topP", topP, 0, 1);
        requireRange("minP", minP, 0, 1);
        if (!(repetitionPenalty > 0 && repetitionPenalty <= Double.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "repetitionPenalty must be above 0 and finite, found " + repetitionPenalty);
        }
        requireFinite("presencePenalty", presencePenalty);
        requireFinite("frequencyPenalty", frequencyPenalty);
        requireAtLeastZero("penaltyWindow", penaltyWindow);
        logitBias = Map.copyOf(logitBias);
        new TreeMap<>(logitBias).forEach(GenerationOptions::requireBias);
        stopStrings = List.copyOf(stopStrings);
        if (stopStrings.contains("")) {
            throw new IllegalArgumentException("stopStrings must hold no empty text, found " + stopStrings);
        }
        stopTokens = Set.copyOf(stopTokens);
        new TreeSet<>(stopTokens).forEach(token -> requireAtLeastZero("a token of stopTokens", token));
    }

    private static void requireAtLeastZero(String field, int value) {
        if (value < 0) {
            throw new IllegalArgumentException("%s must be at least 0, found %d".formatted(field, value));
        }
    }

    private static void requireRange(String field, double value, double min, double max) {
        if (!(value >= min && value <= max)) { // NaN is outside, too
            throw new IllegalArgumentException(
                    max == Double.MAX_VALUE
                            ? "%s must be at least %s and finite, found %s".formatted(field, min, value)
                            : "%s must be in [%s, %s], found %s".formatted(field, min, max, value));
        }
    }

    private static void requireFinite(String field, double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("%s must be finite, found %s".formatted(field, value));
        }
    }

    private static void requireBias(int token, double bias) {
        requireAtLeastZero("a token of logitBias", token);
        if (!(bias < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "logitBias of token %d must be finite or -Infinity, found %s".formatted(token, bias));
        }
    }

    /** Starts from {@link #DEFAULTS}. */
    public static Builder builder() {
        return DEFAULTS.toBuilder();
    }

    /** Starts from these options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Sets single fields; {@link #build} checks them all. */
    public static final class Builder {
        private int maxTokens;
        private double temperature;
        private int topKTokens;
        private double topP;
        private double minP;
        private double repetitionPenalty;
        private double presencePenalty;
        private double frequencyPenalty;
        private int penaltyWindow;
        private OptionalLong seed;
        private Map<Integer, Double> logitBias;
        private List<String> stopStrings;
        private Set<Integer> stopTokens;
        private boolean ignoreEos;

        private Builder(GenerationOptions options) {
            maxTokens = options.maxTokens;
            temperature = options.temperature;
            topKTokens = options.topKTokens;
            topP = options.topP;
            minP = options.minP;
            repetitionPenalty = options.repetitionPenalty;
            presencePenalty = options.presencePenalty;
            frequencyPenalty = options.frequencyPenalty;
            penaltyWindow = options.penaltyWindow;
            seed = options.seed;
            logitBias = options.logitBias;
            stopStrings = options.stopStrings;
            stopTokens = options.stopTokens;
            ignoreEos = options.ignoreEos;
        }

        public Builder maxTokens(int value) {
            maxTokens = value;
            return this;
        }

        public Builder temperature(double value) {
            temperature = value;
            return this;
        }

        public Builder topKTokens(int value) {
            topKTokens = value;
            return this;
        }

        public Builder topP(double value) {
            topP = value;
            return this;
        }

        public Builder minP(double value) {
            minP = value;
            return this;
        }

        public Builder repetitionPenalty(double value) {
            repetitionPenalty = value;
            return this;
        }

        public Builder presencePenalty(double value) {
            presencePenalty = value;
            return this;
        }

        public Builder frequencyPenalty(double value) {
            frequencyPenalty = value;
            return this;
        }

        public Builder penaltyWindow(int value) {
            penaltyWindow = value;
            return this;
        }

        public Builder seed(long value) {
            seed = OptionalLong.of(value);
            return this;
        }

        public Builder logitBias(Map<Integer, Double> value) {
            logitBias = value;
            return this;
        }

        public Builder stopStrings(List<String> value) {
            stopStrings = value;
            return this;
        }

        public Builder stopTokens(Set<Integer> value) {
            stopTokens = value;
            return this;
        }

        public Builder ignoreEos(boolean value) {
            ignoreEos = value;
            return this;
        }

        public GenerationOptions build() {
            return new GenerationOptions(
                    maxTokens,
                    temperature,
                    topKTokens,
                    topP,
                    minP,
                    repetitionPenalty,
                    presencePenalty,
                    frequencyPenalty,
                    penaltyWindow,
                    seed,
                    logitBias,
                    stopStrings,
                    stopTokens,
                    ignoreEos);
        }
    }
}
