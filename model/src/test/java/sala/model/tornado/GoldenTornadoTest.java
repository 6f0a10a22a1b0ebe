package sala.model.tornado;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.kernels.storage.StorageType;
import sala.model.GoldenRunner;
import sala.model.GoldenRunner.Prompt;
import sala.testing.Tolerance;

/** The task graphs against the golden data: on the interpreter, or on TornadoVM's device with profile {@code tornadovm}. */
class GoldenTornadoTest {
    /** Longest prompt of the golden cases and its greedy continuation. */
    private static final int CAPACITY = 1024;

    private static final int CHUNK = 96;

    private static final int WORK_GROUPS = 8;

    static Stream<Prompt> cases() {
        return GoldenRunner.cases();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void equalsTheOracle(Prompt prompt) {
        TornadoOptions options = TornadoOptions.ofCapacity(CAPACITY)
                .withPrefillChunk(CHUNK)
                .withStorage(StorageType.F32, StorageType.F32);
        GoldenRunner.check(
                prompt,
                weights -> new TornadoForwardPass(weights, options.withWorkGroups(WORK_GROUPS)),
                Tolerance.CPU_F32_CASES);
    }
}
