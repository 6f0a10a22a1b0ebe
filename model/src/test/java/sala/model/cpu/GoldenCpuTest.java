package sala.model.cpu;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.model.GoldenRunner;
import sala.testing.Tolerance;

/** The CPU pass against every golden prompt, in chunks that no prompt length is a multiple of. */
final class GoldenCpuTest {
    private static final CpuOptions SMALL_CHUNKS = new CpuOptions(2, 37);

    static Stream<GoldenRunner.Prompt> cases() {
        return GoldenRunner.cases();
    }

    static Stream<GoldenRunner.Prompt> tinyModel() {
        return GoldenRunner.tinyModel(Integer.MAX_VALUE);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void matchesCase(GoldenRunner.Prompt prompt) {
        GoldenRunner.check(
                prompt, weights -> new CpuForwardPass(weights, CpuOptions.defaults()), Tolerance.CPU_F32_CASES);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void matchesCaseInSmallChunks(GoldenRunner.Prompt prompt) {
        GoldenRunner.check(prompt, weights -> new CpuForwardPass(weights, SMALL_CHUNKS), Tolerance.CPU_F32_CASES);
    }

    @ParameterizedTest
    @MethodSource("tinyModel")
    void matchesTinyModel(GoldenRunner.Prompt prompt) {
        GoldenRunner.check(
                prompt, weights -> new CpuForwardPass(weights, CpuOptions.defaults()), Tolerance.CPU_F32_TINY_MODEL);
    }
}
