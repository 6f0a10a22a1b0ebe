package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
    @Test
    void drawsTheShareDone() {
        assertEquals(
                "prefill [###############---------------] 50/100 50 % 1.5 s",
                ProgressBar.line("prefill", 50, 100, 1.5));
        assertEquals("x [##############################] 7/7 100 % 0.0 s", ProgressBar.line("x", 7, 7, 0));
        assertEquals("x [##############################] 0/0 100 % 0.0 s", ProgressBar.line("x", 0, 0, 0));
    }

    /** A redirected error stream, or quick work, gets no control characters. */
    @Test
    void drawsNothingThatIsQuick() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        CommandStreams streams = new CommandStreams(
                new ByteArrayInputStream(new byte[0]),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Optional::empty,
                new PrintStream(err, true, StandardCharsets.UTF_8),
                () -> true,
                () -> true,
                () -> true);
        try (ProgressBar bar = new ProgressBar(streams, "prefill")) {
            bar.update(1, 2);
            bar.update(2, 2);
        }
        assertEquals(0, err.size());
    }
}
