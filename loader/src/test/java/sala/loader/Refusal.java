package sala.loader;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** Asserts that bad input is refused with a message that says what is wrong. */
final class Refusal {
    private Refusal() {}

    /** Runs the code, demands a {@link CheckpointException}, and every part in its message. */
    static void assertRefused(Executable code, String... parts) {
        String message =
                String.valueOf(assertThrows(CheckpointException.class, code).getMessage());
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "expected \"" + part + "\" in \"" + message + "\"");
        }
        assertTrue(message.length() < 2000, () -> "a message of " + message.length() + " characters");
    }
}
