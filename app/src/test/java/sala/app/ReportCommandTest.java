package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {
    private static final String RESULTS = """
            [{"benchmark":"a.XBenchmark.run","primaryMetric":{"scoreUnit":"ops/s","rawData":[[1,2,3]]}}]""";

    @TempDir
    Path folder;

    @Test
    void writesAPageAndNothingElse() throws IOException {
        Path results = Files.writeString(folder.resolve("results.json"), RESULTS);
        Path page = folder.resolve("made/report.html");
        CommandRun.of("report", results.toString(), "-o", page.toString()).succeeded();
        assertTrue(Files.readString(page).startsWith("<!DOCTYPE html>"));
        try (Stream<Path> files = Files.list(page.getParent())) {
            assertEquals(List.of(page), files.toList());
        }
    }

    @Test
    void namesAFileThatIsNoResultAndLeavesThePageAsItWas() throws IOException {
        Path broken = Files.writeString(folder.resolve("broken.json"), "[{}]");
        Path page = Files.writeString(folder.resolve("report.html"), "before");
        CommandRun run = CommandRun.of("report", broken.toString(), "-o", page.toString());
        assertEquals(SalaCommand.EXIT_FAILURE, run.exitCode());
        assertEquals(
                "sala: %s: result 1: field benchmark is missing: this is no result file of JMH\n".formatted(broken),
                run.err());
        assertEquals("before", Files.readString(page));
    }

    @Test
    void refusesThreeFiles() {
        assertEquals(2, CommandRun.of("report", "a", "b", "c").exitCode());
        assertEquals(2, CommandRun.of("report").exitCode());
    }
}
