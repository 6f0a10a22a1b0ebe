package sala.model.cpu;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.model.GoldenRunner;
import sala.testing.Tolerance;

/** The CPU pass against every golden prompt, in chunks that no prompt length is a multiple of. */
final class GoldenCpuTest {
    private static final CpuOptions VECTORS = CpuOptions.defaults().withPlainMultiplyAdds(0);
    private static final CpuOptions PLAIN_LOOPS = CpuOptions.defaults().withPlainMultiplyAdds(Long.MAX_VALUE);
    private static final CpuOptions SMALL_CHUNKS = VECTORS.withThreads(2).withPrefillChunk(37);

    static Stream<GoldenRunner.Prompt> cases() {
        return GoldenRunner.cases();
    }

    static Stream<GoldenRunner.Prompt> tinyModel() {
        return GoldenRunner.tinyModel(Integer.MAX_VALUE);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void matchesCase(GoldenRunner.Prompt prompt) {
        GoldenRunner.check(prompt, weights -> new CpuForwardPass(weights, VECTORS), Tolerance.CPU_F32_CASES);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void matchesCaseInPlainLoops(GoldenRunner.Prompt prompt) {
        GoldenRunner.check(prompt, weights -> new CpuForwardPass(weights, PLAIN_LOOPS), Tolerance.CPU_F32_CASES);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void matchesCaseInSmallChunks(GoldenRunner.Prompt prompt) {
        GoldenRunner.check(prompt, weights -> new CpuForwardPass(weights, SMALL_CHUNKS), Tolerance.CPU_F32_CASES);
    }

    @ParameterizedTest
    @MethodSource("tinyModel")
    void matchesTinyModel(GoldenRunner.Prompt prompt) {
        GoldenRunner.check(prompt, weights -> new CpuForwardPass(weights, VECTORS), Tolerance.CPU_F32_TINY_MODEL);
    }

    @ParameterizedTest
    @MethodSource("tinyModel")
    void matchesTinyModelFromAColdStart(GoldenRunner.Prompt prompt) {
        GoldenRunner.check(
                prompt, weights -> new CpuForwardPass(weights, CpuOptions.defaults()), Tolerance.CPU_F32_TINY_MODEL);
    }
}
