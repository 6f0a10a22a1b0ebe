package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sala.testing.Golden;

/** What the launcher says of a TORNADOVM_HOME that it cannot use, before it looks for a JDK or builds anything. */
class LauncherTest {
    private static final String HELP =
            "; set it to the folder of an SDK of TornadoVM 5.2.0-jdk25, or unset it to run without a GPU";

    @TempDir
    private Path folder;

    private static String refusal(Path tornadoVmHome) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder("bash", Golden.projectRoot().resolve("sala").toString(), "--version");
        builder.environment().put("TORNADOVM_HOME", tornadoVmHome.toString());
        Process process = builder.start();
        process.getOutputStream().close();
        assertEquals("", CommandProcess.read(process.getInputStream()));
        String errors = CommandProcess.read(process.getErrorStream());
        assertEquals(1, process.waitFor(), errors);
        return errors.strip();
    }

    private void installApi(String version) throws IOException {
        Path jars = Files.createDirectories(folder.resolve("share/java/tornado"));
        Files.createFile(jars.resolve("tornado-api-" + version + ".jar"));
    }

    @Test
    void nothingThere() throws IOException, InterruptedException {
        Path nowhere = folder.resolve("nowhere");
        assertEquals("sala: TORNADOVM_HOME=" + nowhere + " is no folder" + HELP, refusal(nowhere));
    }

    @Test
    void noSdk() throws IOException, InterruptedException {
        assertEquals(
                "sala: TORNADOVM_HOME=" + folder + " has no share/java/tornado/tornado-api-5.2.0-jdk25.jar" + HELP,
                refusal(folder));
    }

    @Test
    void anotherVersion() throws IOException, InterruptedException {
        installApi("4.0.1-jdk21");
        assertEquals("sala: TORNADOVM_HOME=" + folder + " holds TornadoVM 4.0.1-jdk21" + HELP, refusal(folder));
    }

    @Test
    void noArgumentFile() throws IOException, InterruptedException {
        installApi("5.2.0-jdk25");
        assertEquals("sala: TORNADOVM_HOME=" + folder + " has no tornado-argfile" + HELP, refusal(folder));
    }
}
