package sala.model.generate;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How tokens are picked and when to stop.
 *
 * @param temperature divides logits; 0 always takes the likeliest token
 * @param topKTokens only so many likeliest tokens; 0 for all
 * @param topP only the likeliest tokens that together have this probability; 1 for all
 * @param minP only tokens at least so many times as likely as the likeliest; 0 for all
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens seen before; 1 is off
 * @param presencePenalty taken from the logit of every token generated before
 * @param frequencyPenalty taken from the logit as often as the token was generated before
 * @param seed same seed, same tokens
 * @param logitBias added to logits; minus infinity bans a token
 * @param stopStrings texts that end the generation and are not part of it
 * @param stopTokens tokens that end it, beside the end-of-sequence tokens of the model
 * @param maxTokens most tokens to generate
 * @param ignoreEos whether end-of-sequence tokens do not end it
 */
public record GenerationOptions(
        double temperature,
        int topKTokens,
        double topP,
        double minP,
        double repetitionPenalty,
        double presencePenalty,
        double frequencyPenalty,
        long seed,
        Map<Integer, Double> logitBias,
        List<String> stopStrings,
        Set<Integer> stopTokens,
        int maxTokens,
        boolean ignoreEos) {
    public GenerationOptions {
        require("temperature", temperature, 0, 100);
        require("topKTokens", topKTokens, 0, Integer.MAX_VALUE);
        require("topP", topP, 0, 1);
        require("minP", minP, 0, 1);
        require("repetitionPenalty", repetitionPenalty, 0.01, 100);
        require("presencePenalty", presencePenalty, -100, 100);
        require("frequencyPenalty", frequencyPenalty, -100, 100);
        require("maxTokens", maxTokens, 0, Integer.MAX_VALUE);
        logitBias = Map.copyOf(logitBias);
        stopStrings = List.copyOf(stopStrings);
        stopTokens = Set.copyOf(stopTokens);
        if (stopStrings.contains("")) {
            throw new IllegalArgumentException("stopStrings: expected texts, found an empty one");
        }
        logitBias.forEach((token, bias) -> {
            if (Double.isNaN(bias) || bias == Double.POSITIVE_INFINITY) {
                throw new IllegalArgumentException(
                        "logitBias of token %d: expected a number, found %s".formatted(token, bias));
            }
        });
    }

    /** Always the likeliest token. */
    public static GenerationOptions greedy(int maxTokens) {
        return new GenerationOptions(0, 0, 1, 0, 1, 0, 0, 0, Map.of(), List.of(), Set.of(), maxTokens, false);
    }

    /** The same with another seed and temperature. */
    public GenerationOptions withSampling(double newTemperature, long newSeed) {
        return new GenerationOptions(
                newTemperature,
                topKTokens,
                topP,
                minP,
                repetitionPenalty,
                presencePenalty,
                frequencyPenalty,
                newSeed,
                logitBias,
                stopStrings,
                stopTokens,
                maxTokens,
                ignoreEos);
    }

    private static void require(String field, double value, double min, double max) {
        if (!(value >= min && value <= max)) {
            throw new IllegalArgumentException("%s: expected %s to %s, found %s".formatted(field, min, max, value));
        }
    }
}
