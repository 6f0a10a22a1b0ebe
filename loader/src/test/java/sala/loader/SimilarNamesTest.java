package sala.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class SimilarNamesTest {
    @Test
    void closestFirst() {
        List<String> names = List.of("model.layers.1.o_proj", "model.layer.0.o_proj", "model.layers.0.q_norm", "x");
        assertEquals(
                "; similar: [model.layer.0.o_proj, model.layers.1.o_proj, model.layers.0.q_norm]",
                SimilarNames.hint("model.layers.0.o_proj", names));
    }

    @Test
    void atMostThreeAndNoneThatIsFar() {
        assertEquals("; similar: [aa, ab, ac]", SimilarNames.hint("a0", List.of("ad", "ac", "ab", "aa")));
        assertEquals("", SimilarNames.hint("model.norm.weight", List.of("lm_head.bias", "")));
        assertEquals("", SimilarNames.hint("", List.of("abc")));
        assertEquals("", SimilarNames.hint("a".repeat(100_000), List.of("a".repeat(100_000))));
    }
}
