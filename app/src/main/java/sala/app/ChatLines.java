package sala.app;

import java.util.Optional;

/** Where the lines of a chat come from: a person at a terminal, or a pipe. */
sealed interface ChatLines extends AutoCloseable permits PipedLines, TerminalLines {
    /** The next line; empty at the end of the input (Ctrl-D). An interrupted line (Ctrl-C) is begun anew. */
    Optional<String> read();

    /** Shows text at once. */
    void show(String text);

    /**
     * Runs work that Ctrl-C stops.
     *
     * @param stop asks the work to stop; called from another thread
     */
    void whileInterruptible(Runnable stop, Runnable work);

    @Override
    void close();
}
