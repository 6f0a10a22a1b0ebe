package sala.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;
import org.jline.terminal.TerminalBuilder;

/** Lines that a person edits, with the lines before on the arrow keys. The only class that knows JLine. */
final class TerminalLines implements ChatLines {
    private static final String PROMPT = "> ";

    private final Terminal terminal;
    private final LineReader reader;

    private TerminalLines(Terminal terminal) {
        this.terminal = terminal;
        reader = LineReaderBuilder.builder()
                .terminal(terminal)
                .appName("sala")
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true) // an exclamation mark is text
                .build();
    }

    /** Takes over the terminal of this process. */
    static TerminalLines open() {
        try {
            return new TerminalLines(
                    TerminalBuilder.builder().system(true).dumb(true).build());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Optional<String> read() {
        while (true) {
            try {
                return Optional.of(reader.readLine(PROMPT));
            } catch (UserInterruptException _) {
                // the line is dropped, the program stays
            } catch (EndOfFileException _) {
                return Optional.empty();
            }
        }
    }

    @Override
    public void show(String text) {
        terminal.writer().print(text);
        terminal.flush();
    }

    @Override
    public void whileInterruptible(Runnable stop, Runnable work) {
        SignalHandler before = terminal.handle(Signal.INT, _ -> stop.run());
        try {
            work.run();
        } finally {
            terminal.handle(Signal.INT, before);
        }
    }

    @Override
    public void close() {
        try {
            terminal.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
