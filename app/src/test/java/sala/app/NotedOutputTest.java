package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cannot be written is an error, unless nobody reads it any more. */
class NotedOutputTest {
    @ParameterizedTest
    @CsvSource({
        "No space left on device, 1, sala: cannot write standard output: No space left on device",
        "Broken pipe, 0, ''"
    })
    void aFullDiskIsAnErrorAndAClosedPipeIsNone(String message, int exitCode, String error) {
        for (String[] arguments : new String[][] {
            {"generate", "-n", "4", "In the beginning"},
            {"generate", "-n", "4", "--json", "In the beginning"},
            {"tokenize", "In the beginning"},
            {"info"},
        }) {
            NotedOutput out = new NotedOutput(new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    throw new IOException(message);
                }
            });
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            CommandStreams streams = new CommandStreams(
                    new ByteArrayInputStream(new byte[0]),
                    new PrintStream(out, false, StandardCharsets.UTF_8),
                    out::failure,
                    new PrintStream(err, true, StandardCharsets.UTF_8),
                    () -> false,
                    () -> false,
                    () -> false);
            assertEquals(exitCode, SalaCommand.run(arguments, streams), arguments[0]);
            assertEquals(error, err.toString(StandardCharsets.UTF_8).strip(), arguments[0]);
        }
    }
}
