package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import sala.loader.Checkpoint;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.model.MemoryPlan;
import sala.testing.Golden;

class MemoryCheckTest {
    private static final long GIB = 1L << 30;
    private static final MemoryPlan PLAN = MemoryPlan.of(ModelConfig.released(), 1 << 20);

    @Test
    void acceptsWhatFits() {
        MemoryCheck.require(PLAN, "less", 64 * GIB, 48 * GIB);
        MemoryCheck.require(PLAN, "less", PLAN.totalBytes(), PLAN.heapBytes());
    }

    @Test
    void refusesWhatTheMachineCannotHold() {
        String message = String.valueOf(assertThrows(
                        CommandException.class, () -> MemoryCheck.require(PLAN, "a smaller flag", 16 * GIB, 12 * GIB))
                .getMessage());
        assertTrue(message.contains("1048576 tokens"), message);
        assertTrue(message.contains("available are 16.00 GiB"), message);
        assertTrue(message.contains("a smaller flag"), message);
    }

    @Test
    void refusesWhatTheHeapCannotHoldAndSaysHowToRaiseIt() {
        String message = String.valueOf(
                assertThrows(CommandException.class, () -> MemoryCheck.require(PLAN, "less", 64 * GIB, 4 * GIB))
                        .getMessage());
        assertTrue(message.contains("SALA_JAVA_OPTS=-Xmx"), message);
        assertTrue(message.contains("4.00 GiB"), message);
    }

    @Test
    void refusesRandomWeightsBeyondTheMemory() {
        ModelConfig released = ModelConfig.released();
        MemoryCheck.requireWeights(released, DType.BF16, 18_954_407_936L);
        String message = String.valueOf(assertThrows(
                        CommandException.class, () -> MemoryCheck.requireWeights(released, DType.F32, 18_954_407_936L))
                .getMessage());
        assertTrue(message.contains("35.31 GiB"), message);
        assertTrue(message.contains("--layers"), message);
    }

    @Test
    void asksTheMachineOnlyAboutLargePlans() {
        assertTrue(MemoryCheck.physicalBytes() > 0);
        MemoryPlan small = MemoryPlan.of(Checkpoint.readConfig(Golden.tinyModel()), 1024);
        MemoryCheck.require(small, "less");
        assertEquals(1024, small.contextLength());
    }
}
