package sala.loader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static sala.loader.Refusal.assertRefused;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GenerationConfigTest {
    private static GenerationConfig parse(String json) {
        return GenerationConfig.parse("dir/generation_config.json", json.getBytes(UTF_8));
    }

    @Test
    void everyField() {
        assertEquals(
                new GenerationConfig(
                        OptionalInt.of(1),
                        Optional.of(List.of(2, 73_440)),
                        OptionalInt.of(3),
                        Optional.of(true),
                        OptionalDouble.of(0.9),
                        OptionalInt.of(40),
                        OptionalDouble.of(0.8),
                        OptionalDouble.of(0.05),
                        OptionalDouble.of(1.1),
                        OptionalInt.of(512)),
                parse("""
                        {"bos_token_id": 1, "eos_token_id": [2, 73440], "pad_token_id": 3, "do_sample": true,
                         "temperature": 0.9, "top_k": 40, "top_p": 0.8, "min_p": 0.05, "repetition_penalty": 1.1,
                         "max_new_tokens": 512, "transformers_version": "4.56.1", "forced_decoder_ids": [[1, null]]}
                        """));
    }

    @Test
    void absentAndNullFieldsStayEmpty() {
        assertEquals(GenerationConfig.NONE, parse("{}"));
        assertEquals(GenerationConfig.NONE, parse("{\"temperature\":null,\"eos_token_id\":null}"));
        assertEquals(Optional.of(List.of(2)), parse("{\"eos_token_id\":2}").eosTokenIds());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "temperature        | -0.1   | a number from 0",
                "temperature        | 1e400  | a number from 0",
                "temperature        | \"1\"  | a number from 0",
                "top_k              | -1     | an integer from 0",
                "top_k              | 1.5    | an integer from 0",
                "top_p              | 1.01   | a number from 0.0 to 1.0",
                "min_p              | -1     | a number from 0.0 to 1.0",
                "repetition_penalty | 0      | a number from",
                "max_new_tokens     | 0      | an integer from 1",
                "eos_token_id       | [true] | an integer from 0",
                "bos_token_id       | -1     | an integer from 0",
                "do_sample          | 1      | true or false"
            })
    void wrongFields(String field, String value, String expected) {
        assertRefused(
                () -> parse("{\"%s\":%s}".formatted(field, value)), "dir/generation_config.json", field, expected);
    }
}
