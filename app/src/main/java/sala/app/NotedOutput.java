package sala.app;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import java.util.Optional;

/** Keeps the first error of writing, which a {@link java.io.PrintStream} above it forgets. */
final class NotedOutput extends FilterOutputStream {
    private Optional<IOException> failure = Optional.empty();

    NotedOutput(OutputStream out) {
        super(out);
    }

    /** What went wrong first; empty if nothing did, or if the reader went away, which is no error. */
    Optional<IOException> failure() {
        return failure.filter(e -> !isClosedPipe(e));
    }

    /** The system's words for it are all that there is; where they are others, an error too many is told. */
    private static boolean isClosedPipe(IOException e) {
        return String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
    }

    @Override
    public void write(int b) throws IOException {
        noted(() -> out.write(b));
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        noted(() -> out.write(bytes, from, length));
    }

    @Override
    public void flush() throws IOException {
        noted(out::flush);
    }

    private interface Writing {
        void run() throws IOException;
    }

    private void noted(Writing writing) throws IOException {
        try {
            writing.run();
        } catch (IOException e) {
            failure = failure.or(() -> Optional.of(e));
            throw e;
        }
    }
}
