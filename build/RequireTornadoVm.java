import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Stops a build with the profile {@code tornadovm} that has no SDK to build against. Argument: TornadoVM's version. */
final class RequireTornadoVm {
    private RequireTornadoVm() {}

    public static void main(String[] args) {
        String home = System.getenv("TORNADOVM_HOME");
        if (home == null || home.isBlank()) {
            stop(
                    "TORNADOVM_HOME is not set: set it to the folder of an installed TornadoVM SDK, or build without -Ptornadovm");
            return;
        }
        for (String file : List.of("share/java/tornado/tornado-api-" + args[0] + ".jar", "tornado-argfile")) {
            if (!Files.isRegularFile(Path.of(home, file))) {
                stop("TORNADOVM_HOME is " + home + ", which has no " + file + ": expected an SDK of TornadoVM "
                        + args[0]);
            }
        }
    }

    private static void stop(String message) {
        System.err.println("tornadovm: " + message);
        System.exit(1);
    }
}
