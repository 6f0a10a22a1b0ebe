package sala.model.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class GenerationOptionsTest {
    static Stream<Arguments> refused() {
        return Stream.of(
                change(b -> b.maxTokens(-1), "maxTokens must be at least 0, found -1"),
                change(b -> b.temperature(-0.1), "temperature must be at least 0.0 and finite, found -0.1"),
                change(b -> b.temperature(Double.NaN), "temperature must be at least 0.0 and finite, found NaN"),
                change(
                        b -> b.temperature(Double.POSITIVE_INFINITY),
                        "temperature must be at least 0.0 and finite, found Infinity"),
                change(b -> b.topKTokens(-5), "topKTokens must be at least 0, found -5"),
                change(b -> b.topP(1.01), "topP must be in [0.0, 1.0], found 1.01"),
                change(b -> b.topP(Double.NaN), "topP must be in [0.0, 1.0], found NaN"),
                change(b -> b.minP(-0.5), "minP must be in [0.0, 1.0], found -0.5"),
                change(b -> b.repetitionPenalty(0), "repetitionPenalty must be above 0 and finite, found 0.0"),
                change(b -> b.repetitionPenalty(Double.NaN), "repetitionPenalty must be above 0 and finite, found NaN"),
                change(b -> b.presencePenalty(Double.NaN), "presencePenalty must be finite, found NaN"),
                change(
                        b -> b.frequencyPenalty(Double.NEGATIVE_INFINITY),
                        "frequencyPenalty must be finite, found -Infinity"),
                change(b -> b.penaltyWindow(-1), "penaltyWindow must be at least 0, found -1"),
                change(
                        b -> b.logitBias(Map.of(7, Double.NaN)),
                        "logitBias of token 7 must be finite or -Infinity, found NaN"),
                change(
                        b -> b.logitBias(Map.of(7, Double.POSITIVE_INFINITY)),
                        "logitBias of token 7 must be finite or -Infinity, found Infinity"),
                change(b -> b.logitBias(Map.of(-7, 1.0)), "a token of logitBias must be at least 0, found -7"),
                change(b -> b.stopStrings(List.of("x", "")), "stopStrings must hold no empty text, found [x, ]"),
                change(b -> b.stopTokens(Set.of(-2)), "a token of stopTokens must be at least 0, found -2"));
    }

    private static Arguments change(UnaryOperator<GenerationOptions.Builder> change, String message) {
        return Arguments.of(change, message);
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource
    void refused(UnaryOperator<GenerationOptions.Builder> change, String message) {
        GenerationOptions.Builder builder = change.apply(GenerationOptions.builder());
        assertEquals(
                message,
                assertThrows(IllegalArgumentException.class, builder::build).getMessage());
    }

    @Test
    void builderKeepsWhatIsNotSet() {
        GenerationOptions options = GenerationOptions.builder()
                .maxTokens(1)
                .temperature(0.5)
                .topKTokens(2)
                .topP(0.25)
                .minP(0.125)
                .repetitionPenalty(1.5)
                .presencePenalty(0.75)
                .frequencyPenalty(-0.75)
                .penaltyWindow(3)
                .seed(4)
                .logitBias(Map.of(5, 6.0))
                .stopStrings(List.of("stop"))
                .stopTokens(Set.of(7))
                .ignoreEos(true)
                .build();
        assertEquals(
                new GenerationOptions(
                        1,
                        0.5,
                        2,
                        0.25,
                        0.125,
                        1.5,
                        0.75,
                        -0.75,
                        3,
                        OptionalLong.of(4),
                        Map.of(5, 6.0),
                        List.of("stop"),
                        Set.of(7),
                        true),
                options);
        assertEquals(options, options.toBuilder().build());
    }

    @Test
    void defaultsAreGreedyAndOff() {
        assertEquals(GenerationOptions.DEFAULTS, GenerationOptions.builder().build());
        assertEquals(0, GenerationOptions.DEFAULTS.temperature());
        assertTrue(GenerationOptions.DEFAULTS.seed().isEmpty());
    }
}
