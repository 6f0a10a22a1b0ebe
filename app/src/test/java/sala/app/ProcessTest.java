package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import sala.testing.Golden;

/** What only a process of its own can show: pipes that close, signals, exit codes. */
class ProcessTest {
    private static Process start(String... arguments) throws IOException {
        return CommandProcess.start(Golden.projectRoot(), List.of(arguments));
    }

    /** A text that goes on until it is stopped. */
    private static Process startEndless() throws IOException {
        return start(
                "generate", "In the beginning", "--ignore-eos", "--max-tokens", "1000000", "-c", "1100000", "--stats");
    }

    @Test
    void resultsComeOnStandardOutputAlone() throws IOException, InterruptedException {
        Process process = start("generate", "In the beginning", "-n", "8");
        process.getOutputStream().close();
        String out = CommandProcess.read(process.getInputStream());
        assertEquals("", CommandProcess.readErrors(process));
        assertEquals(0, process.waitFor());
        assertFalse(out.isBlank());
        assertTrue(out.endsWith("\n"));
    }

    /** As in {@code sala generate | head -c 1}. */
    @Test
    void aClosedPipeEndsQuietly() throws IOException, InterruptedException {
        Process process = startEndless();
        assertTrue(process.getInputStream().read() >= 0);
        process.getInputStream().close();
        assertEquals("", CommandProcess.readErrors(process));
        assertEquals(0, process.waitFor());
    }

    /** SIGTERM takes the same way as the SIGINT of Ctrl-C, and cannot be ignored by a parent's setting. */
    @Test
    void aSignalEndsWithTheTextSoFar() throws IOException, InterruptedException {
        Process process = startEndless();
        StringBuilder out = new StringBuilder();
        while (out.length() < 20) {
            out.append((char) process.getInputStream().read());
        }
        process.toHandle().destroy();
        out.append(CommandProcess.read(process.getInputStream()));
        assertEquals(143, process.waitFor());
        assertTrue(out.toString().endsWith("\n"), out.toString());
        assertTrue(CommandProcess.read(process.getErrorStream()).contains("tokens/s"));
    }

    @Test
    void exitCodesReachTheShell() throws IOException, InterruptedException {
        assertEquals(2, start("generate", "--frobnicate").waitFor());
        assertEquals(1, start("info", "-m", "no/such/folder").waitFor());
    }
}
