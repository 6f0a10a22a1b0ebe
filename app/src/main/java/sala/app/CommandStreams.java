package sala.app;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What a command reads from and writes to: the process's own streams, or a test's. All text is UTF-8.
 *
 * @param in standard input
 * @param out results, and nothing else
 * @param outFailure why {@code out} cannot be written; empty if it can, or if its reader went away
 * @param err messages, statistics and progress
 * @param inIsTerminal whether a person types at {@code in}; asked only where the answer matters
 * @param outIsTerminal whether {@code out} is a screen
 * @param errIsTerminal whether {@code err} is a screen, so that a progress bar can be drawn
 */
record CommandStreams(
        InputStream in,
        PrintStream out,
        Supplier<Optional<IOException>> outFailure,
        PrintStream err,
        BooleanSupplier inIsTerminal,
        BooleanSupplier outIsTerminal,
        BooleanSupplier errIsTerminal) {
    /** Bytes that {@code out} collects between flushes; every streamed piece of text is flushed by its writer. */
    private static final int BUFFER_BYTES = 1 << 16;

    /** The streams of this process. */
    static CommandStreams ofProcess() {
        NotedOutput out = new NotedOutput(new FileOutputStream(FileDescriptor.out));
        return new CommandStreams(
                new FileInputStream(FileDescriptor.in),
                new PrintStream(new java.io.BufferedOutputStream(out, BUFFER_BYTES), false, StandardCharsets.UTF_8),
                out::failure,
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                () -> TerminalCheck.isTerminal(TerminalCheck.STDIN),
                () -> TerminalCheck.isTerminal(TerminalCheck.STDOUT),
                () -> TerminalCheck.isTerminal(TerminalCheck.STDERR));
    }

    /** Streams of which none is a terminal. */
    static CommandStreams of(InputStream in, PrintStream out, PrintStream err) {
        return new CommandStreams(in, out, Optional::empty, err, () -> false, () -> false, () -> false);
    }

    /**
     * Writes text and makes it visible at once.
     *
     * @throws OutputClosedException if nobody reads any more
     * @throws CommandException if they cannot be written, as to a full disk
     */
    void emit(String text) {
        out.print(text);
        checkOutput();
    }

    /**
     * Flushes the results.
     *
     * @throws OutputClosedException if nobody reads any more
     * @throws CommandException if they cannot be written, as to a full disk
     */
    void checkOutput() {
        if (out.checkError()) {
            outFailure.get().ifPresent(e -> {
                throw new CommandException("cannot write standard output: " + e.getMessage(), e);
            });
            throw new OutputClosedException();
        }
    }

    /** All of standard input as text. */
    String readAll() {
        try {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("standard input", e);
        }
    }
}
