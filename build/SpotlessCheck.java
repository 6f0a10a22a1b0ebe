import java.io.IOException;
import java.nio.file.Path;

/**
 * Runs {@code mvn spotless:check} on the JDK that runs this program. The formatter parses sources with the javac of the
 * JVM that it runs in, so a Maven that runs on a JDK older than the sources cannot check them itself.
 */
final class SpotlessCheck {
    private SpotlessCheck() {}

    /** Arguments: Maven's home, the folder of the parent pom. */
    public static void main(String[] args) throws IOException, InterruptedException {
        boolean windows = System.getProperty("os.name").startsWith("Windows");
        Path maven = Path.of(args[0], "bin", windows ? "mvn.cmd" : "mvn");
        ProcessBuilder check = new ProcessBuilder(maven.toString(), "-B", "-q", "-N", "spotless:check")
                .directory(Path.of(args[1]).toFile())
                .inheritIO();
        check.environment().put("JAVA_HOME", System.getProperty("java.home"));
        System.exit(check.start().waitFor());
    }
}
