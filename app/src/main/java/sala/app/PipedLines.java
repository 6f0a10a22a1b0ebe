package sala.app;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Lines of a pipe or a file, without prompts. Ctrl-C ends the program, after the text so far is written. */
final class PipedLines implements ChatLines {
    private final CommandStreams streams;
    private final BufferedReader reader;

    PipedLines(CommandStreams streams) {
        this.streams = streams;
        reader = new BufferedReader(new InputStreamReader(streams.in(), StandardCharsets.UTF_8));
    }

    @Override
    public Optional<String> read() {
        try {
            return Optional.ofNullable(reader.readLine());
        } catch (IOException e) {
            throw new UncheckedIOException("standard input", e);
        }
    }

    @Override
    public void show(String text) {
        streams.emit(text);
    }

    @Override
    public void whileInterruptible(Runnable stop, Runnable work) {
        try (Interruption _ = new Interruption(stop)) {
            work.run();
        }
    }

    @Override
    public void close() {
        // standard input is the process's, not ours
    }
}
