package sala.loader;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * {@code generation_config.json}: what the authors of a checkpoint suggest for sampling. Every field may be absent.
 *
 * @param bosTokenId first token of every prompt
 * @param eosTokenIds tokens that end a generation
 * @param padTokenId padding
 * @param doSample false asks for greedy decoding
 * @param temperature from 0 on, where 0 is greedy
 * @param topK from 0 on, where 0 is off
 * @param topP in [0, 1], 1 is off
 * @param minP in [0, 1], 0 is off
 * @param repetitionPenalty above 0, 1 is off
 * @param maxNewTokens at least 1
 */
public record GenerationConfig(
        OptionalInt bosTokenId,
        Optional<List<Integer>> eosTokenIds,
        OptionalInt padTokenId,
        Optional<Boolean> doSample,
        OptionalDouble temperature,
        OptionalInt topK,
        OptionalDouble topP,
        OptionalDouble minP,
        OptionalDouble repetitionPenalty,
        OptionalInt maxNewTokens) {
    /** Name of the file in a checkpoint folder. */
    static final String FILE_NAME = "generation_config.json";

    /** Largest file accepted. */
    static final int MAX_BYTES = 1 << 20;

    /** What holds where a checkpoint has no such file. */
    public static final GenerationConfig NONE = parse("no file", "{}".getBytes(StandardCharsets.UTF_8));

    public GenerationConfig {
        eosTokenIds = eosTokenIds.map(List::copyOf);
    }

    static GenerationConfig parse(String file, byte[] json) {
        JsonFields fields = JsonFields.parse(file, json);
        return new GenerationConfig(
                integer(fields, "bos_token_id", 0),
                fields.has("eos_token_id") ? Optional.of(fields.integers("eos_token_id", List.of())) : Optional.empty(),
                integer(fields, "pad_token_id", 0),
                fields.has("do_sample") ? Optional.of(fields.flag("do_sample", true)) : Optional.empty(),
                number(fields, "temperature", 0, 100),
                integer(fields, "top_k", 0),
                number(fields, "top_p", 0, 1),
                number(fields, "min_p", 0, 1),
                number(fields, "repetition_penalty", Double.MIN_NORMAL, 100),
                integer(fields, "max_new_tokens", 1));
    }

    private static OptionalInt integer(JsonFields fields, String field, int min) {
        return fields.has(field)
                ? OptionalInt.of(fields.integer(field, min, min, Integer.MAX_VALUE))
                : OptionalInt.empty();
    }

    private static OptionalDouble number(JsonFields fields, String field, double min, double max) {
        return fields.has(field) ? OptionalDouble.of(fields.number(field, min, min, max)) : OptionalDouble.empty();
    }
}
