package sala.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.testing.Golden;

final class CheckpointTest {
    static Stream<String> cases() {
        return Golden.cases().stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void goldenCaseOpens(String name) {
        try (Checkpoint checkpoint = Checkpoint.open(Golden.path("cases/" + name))) {
            ModelConfig config = checkpoint.config();
            TensorView embedding = checkpoint.tensor("model.embed_tokens.weight");
            assertEquals(Shape.of(config.vocabSize(), config.hiddenSize()), embedding.shape());
            assertEquals(
                    Golden.json("cases/" + name + "/expected.json")
                            .get("weights_dtype")
                            .textValue(),
                    embedding.dtype().name());
        }
    }

    @Test
    void tinyModelOpens() {
        try (Checkpoint checkpoint = Checkpoint.open(Golden.tinyModel())) {
            assertEquals("SLLSLLLL", checkpoint.config().layerStrip());
            assertEquals(
                    4_526_784,
                    checkpoint.tensorNames().stream()
                            .mapToLong(name -> checkpoint.tensor(name).shape().elementCount())
                            .sum());
            assertTrue(checkpoint.generationConfig().eosTokenIds().isPresent());
        }
    }
}
