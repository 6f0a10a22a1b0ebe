package sala.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ForwardPassesTest {
    @Test
    void autoIsTheFastestThatRuns() {
        assertEquals(Backend.CPU, ForwardPasses.choose(Backend.AUTO, true).backend());
        assertEquals(
                Backend.REFERENCE, ForwardPasses.choose(Backend.AUTO, false).backend());
        assertTrue(
                ForwardPasses.choose(Backend.AUTO, false).explanation().contains("--add-modules jdk.incubator.vector"));
    }

    @Test
    void whatIsAskedForIsTakenOrRefused() {
        assertEquals(
                Backend.REFERENCE, ForwardPasses.choose(Backend.REFERENCE, true).backend());
        assertEquals(Backend.CPU, ForwardPasses.choose(Backend.CPU, true).backend());
        BackendUnavailableException e =
                assertThrows(BackendUnavailableException.class, () -> ForwardPasses.choose(Backend.CPU, false));
        assertTrue(String.valueOf(e.getMessage()).contains("--add-modules jdk.incubator.vector"), e.getMessage());
    }

    @Test
    void backendsAreSpelledInLowerCase() {
        assertEquals("reference", Backend.REFERENCE.toString());
    }
}
