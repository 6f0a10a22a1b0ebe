package sala.kernels.testing;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** Checks that arguments which do not fit are refused before any launch, by a message that names them. */
public final class RefusalAssert {
    private RefusalAssert() {}

    /** Checks that {@code call} throws an {@code IllegalArgumentException} whose message contains {@code expected}. */
    public static void assertRefused(String expected, Executable call) {
        String message = String.valueOf(
                assertThrows(IllegalArgumentException.class, call).getMessage());
        assertTrue(message.contains(expected), message);
    }
}
