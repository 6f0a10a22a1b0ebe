package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import sala.loader.ModelConfig;
import sala.model.MemoryPlan;

class MemoryCheckTest {
    private static final long GIB = 1L << 30;
    private static final MemoryPlan PLAN = MemoryPlan.of(ModelConfig.released(), 1 << 20);

    @Test
    void acceptsWhatFits() {
        MemoryCheck.require(PLAN, "less", 64 * GIB, 48 * GIB);
        MemoryCheck.require(PLAN, "less", PLAN.totalBytes(), PLAN.totalBytes() - PLAN.weightBytes());
    }

    @Test
    void refusesWhatTheMachineCannotHold() {
        String message = assertThrows(
                        CommandException.class, () -> MemoryCheck.require(PLAN, "a smaller flag", 16 * GIB, 12 * GIB))
                .getMessage();
        assertTrue(String.valueOf(message).contains("1048576 tokens"), message);
        assertTrue(String.valueOf(message).contains(Quantities.bytes(PLAN.totalBytes())), message);
        assertTrue(String.valueOf(message).contains("16.00 GiB"), message);
        assertTrue(String.valueOf(message).contains("a smaller flag"), message);
    }

    @Test
    void refusesWhatTheHeapCannotHoldAndSaysHowToRaiseIt() {
        String message = assertThrows(
                        CommandException.class, () -> MemoryCheck.require(PLAN, "less", 64 * GIB, 4 * GIB))
                .getMessage();
        assertTrue(String.valueOf(message).contains("SALA_JAVA_OPTS=-Xmx"), message);
        assertTrue(String.valueOf(message).contains("4.00 GiB"), message);
    }

    @Test
    void asksTheMachineOnlyAboutLargePlans() {
        assertTrue(MemoryCheck.physicalBytes() > 0);
        MemoryPlan small = MemoryPlan.of(sala.loader.Checkpoint.readConfig(sala.testing.Golden.tinyModel()), 1024);
        MemoryCheck.require(small, "less");
        assertEquals(1024, small.contextLength());
    }
}
