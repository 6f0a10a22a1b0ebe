package sala.app;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command in a process of its own, as the launcher starts it but for the cache of a start before. */
final class CommandProcess {
    private CommandProcess() {}

    /** Starts {@code sala} in a folder. */
    static Process start(Path folder, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Xlog:all=off",
                "-Xlog:disable",
                "-Dfile.encoding=UTF-8",
                "-Dstdout.encoding=UTF-8",
                "-Dstderr.encoding=UTF-8",
                "-cp",
                System.getProperty("java.class.path"),
                SalaCommand.class.getName()));
        command.addAll(arguments);
        return new ProcessBuilder(command).directory(folder.toFile()).start();
    }

    static String read(InputStream stream) throws IOException {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Standard error without the one line that every JVM with the Vector API begins with, before any program runs. */
    static String readErrors(Process process) throws IOException {
        return read(process.getErrorStream())
                .replaceFirst("^WARNING: Using incubator modules: jdk\\.incubator\\.vector\\R", "");
    }
}
