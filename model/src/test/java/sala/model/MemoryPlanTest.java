package sala.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.loader.Checkpoint;
import sala.loader.ModelConfig;
import sala.model.cpu.CpuOptions;
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
            int contextLength, long kvMebibytes, double fineMebibytes, double coarseMebibytes, String gigabytes) {
        MemoryPlan plan = MemoryPlan.of(RELEASED, contextLength, CacheFormat.BF16);
        assertEquals(kvMebibytes << 20, plan.kvBytes());
        assertEquals((long) (fineMebibytes * (1 << 20)), plan.fineKeyBytes());
        assertEquals((long) (coarseMebibytes * (1 << 20)), plan.coarseKeyBytes());
        assertEquals(48L << 20, plan.stateBytes());
        assertEquals(8192L * contextLength, plan.kvBytes());
        assertEquals(256L * contextLength, plan.fineKeyBytes());
        assertEquals(64L * contextLength, plan.coarseKeyBytes());
        assertEquals(gigabytes, String.format(Locale.ROOT, "%.2f", (plan.weightBytes() + plan.cacheBytes()) / 1e9));
        MemoryPlan wide = MemoryPlan.of(RELEASED, contextLength);
        assertEquals(2 * plan.kvBytes(), wide.kvBytes());
        assertEquals(2 * plan.compressedKeyBytes(), wide.compressedKeyBytes());
        assertEquals(plan.stateBytes(), wide.stateBytes());
        assertEquals(
                wide.totalBytes(),
                wide.weightBytes()
                        + wide.kvBytes()
                        + wide.fineKeyBytes()
                        + wide.coarseKeyBytes()
                        + wide.stateBytes()
                        + wide.workBytes());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 17, 63, 64, 65, 1000})
    void shortContextsHaveRoomForEveryWindow(int contextLength) {
        MemoryPlan plan = MemoryPlan.of(RELEASED, contextLength);
        long windows = Math.max(0, Math.floorDiv(contextLength - 32, 16) + 1);
        long coarseWindows = Math.max(0, Math.floorDiv(contextLength - 128, 64) + 1);
        assertTrue(plan.fineKeyBytes() >= windows * 8 * 256 * 4);
        assertTrue(plan.coarseKeyBytes() >= coarseWindows * 8 * 256 * 4);
    }

    @Test
    void longestContextFitsAndOneMoreDoesNot() {
        MemoryPlan plan = MemoryPlan.of(RELEASED, 4096);
        for (long gib : new long[] {18, 20, 32, 64, 1024}) {
            long available = gib << 30;
            int longest = plan.maxContextLength(available);
            assertTrue(plan.withContextLength(longest).totalBytes() <= available);
            assertTrue(plan.withContextLength(longest + 1).totalBytes() > available);
            int longestOfHeap = plan.maxContextLengthOfHeap(available);
            assertTrue(plan.withContextLength(longestOfHeap).heapBytes() <= available);
            assertTrue(plan.withContextLength(longestOfHeap + 1).heapBytes() > available);
            assertTrue(longestOfHeap > longest);
        }
        assertEquals(0, plan.maxContextLength(plan.weightBytes()));
        assertEquals(0, plan.maxContextLength(0));
        assertEquals(Integer.MAX_VALUE, plan.maxContextLength(Long.MAX_VALUE));
    }

    @Test
    void refusalsHaveAllNumbersAndSayWhatToChange() {
        MemoryPlan plan = MemoryPlan.of(RELEASED, 1 << 20);
        plan.check(plan.totalBytes());
        plan.checkHeap(plan.heapBytes());
        assertEquals(
                ("a context of 1048576 tokens needs 34.40 GiB (weights 17.65 GiB, keys and values 16.00 GiB, compressed"
                                + " keys 0.63 GiB, states 0.05 GiB, work buffers 0.07 GiB), available are 32.00 GiB: %d tokens"
                                + " fit, lower the context length to that or take a machine with more memory")
                        .formatted(plan.maxContextLength(32L << 30)),
                assertThrows(MemoryPlanException.class, () -> plan.check(32L << 30))
                        .getMessage());
        String heap = String.valueOf(assertThrows(MemoryPlanException.class, () -> plan.checkHeap(4L << 30))
                .getMessage());
        assertTrue(heap.contains("%d tokens fit".formatted(plan.maxContextLengthOfHeap(4L << 30))), heap);
        assertTrue(heap.contains("a larger heap (-Xmx)"), heap);
        String never = String.valueOf(assertThrows(MemoryPlanException.class, () -> plan.check(1L << 30))
                .getMessage());
        assertTrue(never.contains("no context fits, take a smaller model"), never);
        assertThrows(MemoryPlanException.class, () -> plan.check(plan.totalBytes() - 1));
        assertThrows(MemoryPlanException.class, () -> plan.checkHeap(plan.heapBytes() - 1));
    }

    @Test
    void wrongArgumentsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> MemoryPlan.of(RELEASED, 0));
        String message = String.valueOf(assertThrows(
                        IllegalArgumentException.class, () -> MemoryPlan.of(TestingForwardPass.config(2, "int3"), 1))
                .getMessage());
        assertEquals("torch_dtype: expected bfloat16, float16, float32 or float64, found int3", message);
    }

    @Test
    void workBuffersAreCountedForTheChunkThatTheCpuPassTakes() {
        assertEquals(CpuOptions.DEFAULT_PREFILL_CHUNK, MemoryPlan.PREFILL_CHUNK);
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
