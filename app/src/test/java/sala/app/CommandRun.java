package sala.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * One run of the command inside the test's process.
 *
 * @param exitCode what the process would have ended with
 * @param out text on standard output
 * @param err text on standard error
 */
record CommandRun(int exitCode, String out, String err) {
    /** Runs {@code sala} with nothing on standard input. */
    static CommandRun of(String... arguments) {
        return withInput("", arguments);
    }

    /** Runs {@code sala} with text piped in. */
    static CommandRun withInput(String input, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        CommandStreams streams = CommandStreams.of(
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        int exitCode = SalaCommand.run(arguments, streams);
        return new CommandRun(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** This run, which must have gone well. */
    CommandRun succeeded() {
        if (exitCode != 0) {
            throw new AssertionError("exit code %d: %s".formatted(exitCode, err));
        }
        return this;
    }

    /** Standard output as JSON, which must be one value and nothing else. */
    JsonNode json() {
        try {
            return new ObjectMapper()
                    .enable(com.fasterxml.jackson.databind.DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .readTree(out);
        } catch (JsonProcessingException e) {
            throw new AssertionError("not one JSON value: " + out, e);
        }
    }

    /** The one line on standard error of a run that failed. */
    String errorLine() {
        if (err.lines().count() != 1 || !err.startsWith("sala: ")) {
            throw new AssertionError("expected one line that begins with sala: , found: " + err);
        }
        return err.strip();
    }
}
