package sala.model.reference;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.model.GoldenRunner;
import sala.testing.Tolerance;

/** The reference pass against every golden prompt. */
final class GoldenReferenceTest {
    /** Greedy steps of the trained model: the slow reference recompresses all keys at each. */
    private static final int GREEDY_STEPS = 12;

    static Stream<GoldenRunner.Prompt> cases() {
        return GoldenRunner.cases();
    }

    static Stream<GoldenRunner.Prompt> tinyModel() {
        return GoldenRunner.tinyModel(GREEDY_STEPS);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void matchesCase(GoldenRunner.Prompt prompt) {
        GoldenRunner.check(prompt, ReferenceForwardPass::new, Tolerance.GOLDEN_CASES_REFERENCE);
    }

    @ParameterizedTest
    @MethodSource("tinyModel")
    void matchesTinyModel(GoldenRunner.Prompt prompt) {
        GoldenRunner.check(prompt, ReferenceForwardPass::new, Tolerance.GOLDEN_TINY_MODEL_REFERENCE);
    }
}
