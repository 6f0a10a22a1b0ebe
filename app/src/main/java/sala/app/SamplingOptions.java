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
            description =
                    "0 always takes the likeliest token. Default: the checkpoint's, else " + DEFAULT_TEMPERATURE + ".")
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
            description = "Taken from the logit of every token seen before. Default: 0.")
    private double presencePenalty;

    @Option(
            names = "--frequency-penalty",
            paramLabel = "X",
            description = "Taken from the logit as often as the token was seen before. Default: 0.")
    private double frequencyPenalty;

    @Option(
            names = "--penalty-window",
            paramLabel = "N",
            description = "How many of the last tokens, the prompt's included, the penalties look at. Default: "
                    + "${DEFAULT-VALUE}.")
    private int penaltyWindow = GenerationOptions.DEFAULT_PENALTY_WINDOW;

    @Option(names = "--seed", paramLabel = "N", description = "Same seed, same text. Default: ${DEFAULT-VALUE}.")
    private long seed = DEFAULT_SEED;

    @Option(
            names = "--logit-bias",
            paramLabel = "ID=VALUE",
            description = "Added to the logit of a token; -Infinity bans it; may be repeated.")
    private Map<Integer, Double> logitBias = new LinkedHashMap<>();

    @Option(names = "--stop", paramLabel = "TEXT", description = "Stop before this text; may be repeated.")
    private List<String> stopStrings = List.of();

    @Option(names = "--stop-token", paramLabel = "ID", description = "Stop at this token id; may be repeated.")
    private List<Integer> stopTokens = List.of();

    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            description = "Most tokens to generate. Default: ${DEFAULT-VALUE}.")
    private int maxTokens = GenerationOptions.DEFAULT_MAX_TOKENS;

    @Option(names = "--ignore-eos", description = "Go on after an end-of-sequence token.")
    private boolean ignoreEos;

    int maxTokens() {
        return maxTokens;
    }

    /**
     * Checks what needs no model.
     *
     * @throws UsageException naming the option, what it takes and what it was given
     */
    void check() {
        check("--temperature", temperature == null ? 0 : temperature, 0, 100);
        check("--top-k", topK == null ? 0 : topK, 0, Integer.MAX_VALUE);
        check("--top-p", topP == null ? 1 : topP, 0, 1);
        check("--min-p", minP, 0, 1);
        check("--repetition-penalty", repetitionPenalty == null ? 1 : repetitionPenalty, 0.01, 100);
        check("--presence-penalty", presencePenalty, -100, 100);
        check("--frequency-penalty", frequencyPenalty, -100, 100);
        check("--penalty-window", penaltyWindow, 0, Integer.MAX_VALUE);
        check("--max-tokens", maxTokens, 0, Integer.MAX_VALUE);
        for (Map.Entry<Integer, Double> bias : logitBias.entrySet()) {
            if (!(bias.getValue() < Double.POSITIVE_INFINITY)) {
                throw new UsageException("--logit-bias of token %d must be a number or -Infinity, found %s"
                        .formatted(bias.getKey(), bias.getValue()));
            }
        }
        if (stopStrings.contains("")) {
            throw new UsageException("--stop must not be empty");
        }
    }

    private static void check(String option, double value, double low, double high) {
        if (!(value >= low && value <= high)) { // NaN is outside, too
            throw new UsageException(
                    high == Integer.MAX_VALUE
                            ? "%s must be at least %s, found %s".formatted(option, number(low), number(value))
                            : "%s must be %s to %s, found %s"
                                    .formatted(option, number(low), number(high), number(value)));
        }
    }

    private static String number(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    /**
     * The options of a generation with this model.
     *
     * @throws CommandException if a token id is outside the vocabulary, or a stop text meets a model without tokenizer
     */
    GenerationOptions toGenerationOptions(ModelFolder folder) {
        int vocabSize = folder.config().vocabSize();
        TokenIds.checkVocabulary(
                logitBias.keySet().stream().mapToInt(Integer::intValue).toArray(), vocabSize);
        TokenIds.checkVocabulary(stopTokens.stream().mapToInt(Integer::intValue).toArray(), vocabSize);
        if (!stopStrings.isEmpty() && folder.tokenizer().isEmpty()) {
            throw new CommandException("%s has no tokenizer.json, which --stop needs: stop at ids with --stop-token"
                    .formatted(folder.directory()));
        }
        GenerationConfig config = folder.generationConfig();
        Set<Integer> stops = new LinkedHashSet<>(stopTokens);
        if (!ignoreEos) {
            stops.addAll(config.eosTokenIds().orElse(List.of()));
        }
        return GenerationOptions.builder()
                .maxTokens(maxTokens)
                .temperature(temperature == null ? defaultTemperature(config) : temperature)
                .topKTokens(topK == null ? config.topK().orElse(0) : topK)
                .topP(topP == null ? config.topP().orElse(DEFAULT_TOP_P) : topP)
                .minP(minP)
                .repetitionPenalty(
                        repetitionPenalty == null ? config.repetitionPenalty().orElse(1) : repetitionPenalty)
                .presencePenalty(presencePenalty)
                .frequencyPenalty(frequencyPenalty)
                .penaltyWindow(penaltyWindow)
                .seed(seed)
                .logitBias(logitBias)
                .stopStrings(stopStrings)
                .stopTokens(stops)
                .ignoreEos(ignoreEos)
                .build();
    }

    private static double defaultTemperature(GenerationConfig config) {
        return config.doSample().orElse(true) ? config.temperature().orElse(DEFAULT_TEMPERATURE) : 0;
    }
}
