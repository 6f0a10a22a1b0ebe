package sala.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import sala.loader.Checkpoint;
import sala.loader.ModelConfig;
import sala.testing.Golden;

final class MemoryPlanTest {
    private static final ModelConfig RELEASED = ModelConfig.released();

    @Test
    void releasedModelHasItsParameters() {
        assertEquals(9_477_203_968L, MemoryPlan.parameterCount(RELEASED));
        assertEquals(18_954_407_936L, MemoryPlan.of(RELEASED, 4096).weightBytes());
    }

    /** The table of memory in the specification, section 9.1. */
    @ParameterizedTest
    @CsvSource({
        "4096, 32, 1, 0.25, 19.04",
        "65536, 512, 16, 4, 19.56",
        "262144, 2048, 64, 16, 21.24",
        "1048576, 8192, 256, 64, 27.93"
    })
    void releasedModelTakesWhatTheSpecificationSays(
            int contextLength, long kvMebibytes, double fineMebibytes, double coarseMebibytes, double gigabytes) {
        MemoryPlan plan = MemoryPlan.of(RELEASED, contextLength, CacheFormat.BF16);
        assertEquals(kvMebibytes << 20, plan.kvBytes());
        // The table counts a window for every stride; the last one or two do not fit into the context.
        assertEquals(fineMebibytes, plan.fineKeyBytes() / 0x1p20, 0.01);
        assertEquals(coarseMebibytes, plan.coarseKeyBytes() / 0x1p20, 0.01);
        assertEquals(48L << 20, plan.stateBytes());
        assertEquals(gigabytes, (plan.totalBytes() - plan.workBytes()) / 1e9, 0.01);
    }

    static java.util.stream.Stream<String> cases() {
        return Golden.cases().stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void parameterCountIsThatOfTheTensors(String name) {
        try (Checkpoint checkpoint = Checkpoint.open(Golden.path("cases/" + name))) {
            long elements = checkpoint.tensorNames().stream()
                    .mapToLong(tensor -> checkpoint.tensor(tensor).shape().elementCount())
                    .sum();
            assertEquals(elements, MemoryPlan.parameterCount(checkpoint.config()));
        }
    }
}
