package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What only a process of its own can show: pipes that close, signals, exit codes. */
class ProcessTest {
    private static Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Xlog:all=off",
                "-Xlog:disable",
                "-cp",
                System.getProperty("java.class.path"),
                SalaCommand.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).start();
    }

    /** A text that goes on until it is stopped. */
    private static Process startEndless() throws IOException {
        return start(
                "generate", "In the beginning", "--ignore-eos", "--max-tokens", "1000000", "-c", "1100000", "--stats");
    }

    private static String read(InputStream stream) throws IOException {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Standard error without the one line that every JVM with the Vector API begins with, before any program runs. */
    private static String readErrors(Process process) throws IOException {
        return read(process.getErrorStream())
                .replaceFirst("^WARNING: Using incubator modules: jdk\\.incubator\\.vector\\R", "");
    }

    @Test
    void resultsComeOnStandardOutputAlone() throws IOException, InterruptedException {
        Process process = start("generate", "In the beginning", "-n", "8");
        process.getOutputStream().close();
        String out = read(process.getInputStream());
        assertEquals("", readErrors(process));
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
        assertEquals("", readErrors(process));
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
        out.append(read(process.getInputStream()));
        assertEquals(143, process.waitFor());
        assertTrue(out.toString().endsWith("\n"), out.toString());
        assertTrue(read(process.getErrorStream()).contains("tokens/s"));
    }

    @Test
    void exitCodesReachTheShell() throws IOException, InterruptedException {
        assertEquals(2, start("generate", "--frobnicate").waitFor());
        assertEquals(1, start("info", "-m", "no/such/folder").waitFor());
    }
}
