package sala.app;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Whether a file descriptor is a terminal, from {@code isatty} of the C library: Java itself tells it for input and
 * output together, and not at all for the error stream. The first call takes some tens of milliseconds, so it is made
 * only where a progress bar is due or a prompt is missing.
 */
final class TerminalCheck {
    static final int STDIN = 0;
    static final int STDOUT = 1;
    static final int STDERR = 2;

    private TerminalCheck() {}

    /** Whether the descriptor is a terminal; false where the C library has no such function. */
    @SuppressWarnings("restricted") // the declared signature is that of isatty in POSIX and in Windows' C library
    static boolean isTerminal(int descriptor) {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> function = linker.defaultLookup()
                .find("isatty")
                .or(() -> linker.defaultLookup().find("_isatty")); // Windows spells it with an underscore
        if (function.isEmpty()) {
            return false;
        }
        MethodHandle isatty = linker.downcallHandle(
                function.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        try {
            return (int) isatty.invokeExact(descriptor) != 0;
        } catch (Throwable e) { // what MethodHandle.invokeExact declares
            throw new IllegalStateException("isatty failed", e);
        }
    }
}
