package sala.loader;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * {@code generation_config.json}: what the authors of a checkpoint suggest for sampling. Every field may be absent.
 *
 * @param eosTokenIds tokens that end a generation; absent where the file does not say
 * @param doSample false asks for greedy decoding
 * @param temperature positive
 * @param topP in (0, 1]
 * @param topK at least 1
 * @param repetitionPenalty positive, 1 is off
 */
public record GenerationConfig(
        Optional<List<Integer>> eosTokenIds,
        Optional<Boolean> doSample,
        OptionalDouble temperature,
        OptionalDouble topP,
        OptionalInt topK,
        OptionalDouble repetitionPenalty) {
    /** Name of the file in a checkpoint folder. */
    static final String FILE_NAME = "generation_config.json";

    /** What holds where a checkpoint has no such file. */
    public static final GenerationConfig NONE = new GenerationConfig(
            Optional.empty(),
            Optional.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalInt.empty(),
            OptionalDouble.empty());

    static GenerationConfig parse(String file, byte[] json) {
        JsonFields fields = JsonFields.parse(file, json);
        return new GenerationConfig(
                fields.has("eos_token_id") ? Optional.of(fields.integers("eos_token_id", List.of())) : Optional.empty(),
                fields.has("do_sample") ? Optional.of(fields.flag("do_sample", true)) : Optional.empty(),
                fields.has("temperature")
                        ? OptionalDouble.of(fields.number("temperature", 1, 0, 100))
                        : OptionalDouble.empty(),
                fields.has("top_p") ? OptionalDouble.of(fields.number("top_p", 1, 0, 1)) : OptionalDouble.empty(),
                fields.has("top_k")
                        ? OptionalInt.of(fields.integer("top_k", 0, 0, Integer.MAX_VALUE))
                        : OptionalInt.empty(),
                fields.has("repetition_penalty")
                        ? OptionalDouble.of(fields.number("repetition_penalty", 1, 0, 100))
                        : OptionalDouble.empty());
    }
}
