package sala.model.reference;

import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.model.GoldenRunner;
import sala.testing.Tolerance;

/** The reference pass against every golden prompt, with all greedy steps. */
@Tag("long")
@Execution(ExecutionMode.CONCURRENT)
final class GoldenReferenceTest {
    /** Longest prompt of the trained model that the slow reference runs a second time, in F32. */
    private static final int MAX_F32_LENGTH = 1000;

    static Stream<GoldenRunner.Prompt> cases() {
        return GoldenRunner.cases();
    }

    static Stream<GoldenRunner.Prompt> tinyModel() {
        return GoldenRunner.tinyModel(Integer.MAX_VALUE);
    }

    static Stream<GoldenRunner.Prompt> tinyModelInF32() {
        return tinyModel().filter(prompt -> prompt.run().required("length").intValue() <= MAX_F32_LENGTH);
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

    @ParameterizedTest
    @MethodSource("cases")
    void matchesCaseInF32(GoldenRunner.Prompt prompt) {
        GoldenRunner.check(
                prompt,
                weights -> new ReferenceForwardPass(weights, Precision.F32),
                Tolerance.GOLDEN_CASES_REFERENCE_F32);
    }

    @ParameterizedTest
    @MethodSource("tinyModelInF32")
    void matchesTinyModelInF32(GoldenRunner.Prompt prompt) {
        GoldenRunner.check(
                prompt,
                weights -> new ReferenceForwardPass(weights, Precision.F32),
                Tolerance.GOLDEN_TINY_MODEL_REFERENCE_F32);
    }
}
