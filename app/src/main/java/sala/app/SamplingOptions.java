package sala.app;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import sala.loader.GenerationConfig;
import sala.model.generate.GenerationOptions;

/**
 * How the next token is picked and when to stop: shared by {@code generate} and {@code chat}. What is not given comes
 * from the checkpoint's {@code generation_config.json}; what that does not say either is set for running text that does
 * not loop: temperature {@value #DEFAULT_TEMPERATURE}, top-p {@value #DEFAULT_TOP_P}. The seed is fixed unless given, so
 * the same command prints the same text.
 */
final class SamplingOptions {
    static final double DEFAULT_TEMPERATURE = 0.7;
    static final double DEFAULT_TOP_P = 0.9;
    static final long DEFAULT_SEED = 42;

    @Option(
            names = "--temperature",
            paramLabel = "X",
            description = "0 always takes the likeliest token. Default: the checkpoint's, else " + DEFAULT_TEMPERATURE + ".")
    private @Nullable Double temperature;

    @Option(
            names = "--top-k",
            paramLabel = "N",
            description = "Only the N likeliest tokens; 0 for all. Default: the checkpoint's, else 0.")
    private @Nullable Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "X",
            description = "Only the likeliest tokens that together have probability X; 1 for all. Default: the "
                    + "checkpoint's, else " + DEFAULT_TOP_P + ".")
    private @Nullable Double topP;

    @Option(
            names = "--min-p",
            paramLabel = "X",
            description = "Only tokens at least X times as likely as the likeliest. Default: 0.")
    private double minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "X",
            description = "Divides positive logits of tokens seen before, multiplies negative ones; 1 is off. Default: "
                    + "the checkpoint's, else 1.")
    private @Nullable Double repetitionPenalty;

    @Option(
            names = "--presence-penalty",
            paramLabel = "X",
            description = "Taken from the logit of every token generated before. Default: 0.")
    private double presencePenalty;

    @Option(
            names = "--frequency-penalty",
            paramLabel = "X",
            description = "Taken from the logit as often as the token was generated before. Default: 0.")
    private double frequencyPenalty;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Same seed, same text. Default: ${DEFAULT-VALUE}.")
    private long seed = DEFAULT_SEED;

    @Option(
            names = "--logit-bias",
            paramLabel = "ID=VALUE",
            description = "Added to the logit of a token; may be repeated.")
    private Map<Integer, Double> logitBias = new LinkedHashMap<>();

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "Stop before this text; may be repeated.")
    private List<String> stopStrings = List.of();

    @Option(
            names = "--stop-token",
            paramLabel = "ID",
            description = "Stop at this token id; may be repeated.")
    private List<Integer> stopTokens = List.of();

    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            description = "Most tokens to generate. Default: ${DEFAULT-VALUE}.")
    private int maxTokens = 256;

    @Option(names = "--ignore-eos", description = "Go on after an end-of-sequence token.")
    private boolean ignoreEos;

    int maxTokens() {
        if (maxTokens < 0) {
            throw new UsageException("--max-tokens must not be negative, found " + maxTokens);
        }
        return maxTokens;
    }
}
