package sala.tornado.interpreter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.KernelContext;

/** The API beside TornadoVM's own. Runs with the profile {@code tornadovm} only, which has the jar. */
@Tag("tornadovm")
class ApiCoverageTest {
    private static final Path JAR =
            Path.of(String.valueOf(System.getenv("TORNADOVM_HOME")), "share/java/tornado/tornado-api-5.2.0-jdk25.jar");

    private static ApiCoverage coverage() throws Exception {
        Path classes = Path.of(KernelContext.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        return new ApiCoverage(classes, JAR);
    }

    @Test
    void everyMemberExistsInTornadoVm() throws Exception {
        assertEquals(List.of(), coverage().surplus());
    }

    @Test
    void readmeHasTheTable() throws Exception {
        String table = coverage().table();
        Files.createDirectories(Path.of("target"));
        Files.writeString(Path.of("target", "api-coverage.md"), table);
        assertTrue(
                Files.readString(Path.of("README.md")).contains(table),
                "README.md has not the table of covered members: copy it from target/api-coverage.md");
    }

    @Test
    void kernelContextIsCoveredButForAppleMatrices() throws Exception {
        List<String> missing = coverage().missing().stream()
                .filter(member -> member.startsWith("KernelContext "))
                .filter(member -> !member.contains("simdgroupMatrix") && !member.contains("matrixMultiply8x8"))
                .collect(Collectors.toList());
        assertEquals(List.of(), missing);
    }
}
