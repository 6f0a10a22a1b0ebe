package sala.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

class ResultStoreTest {
    @TempDir
    private Path folder;

    private static Profile.Pass run(int tokens) {
        return new Profile.Pass(
                "RmsNormBenchmark",
                Map.of("backend", List.of("CPU"), "heads", List.of("8/2x32"), "tokens", List.of("" + tokens)));
    }

    private static Collection<RunResult> measure(int tokens) throws RunnerException {
        return new Runner(new OptionsBuilder()
                        .include("\\.RmsNormBenchmark\\.")
                        .param("backend", "CPU")
                        .param("heads", "8/2x32")
                        .param("tokens", "" + tokens)
                        .forks(0)
                        .warmupIterations(0)
                        .measurementIterations(1)
                        .measurementTime(TimeValue.milliseconds(1))
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .build())
                .run();
    }

    @Test
    void keepsWhatIsNotMeasuredAnew() throws IOException, RunnerException {
        Path file = folder.resolve("device").resolve("commit.json");
        ResultStore store = new ResultStore(file);
        List<Profile.Pass> runs = List.of(run(1), run(2), run(3));
        store.prepare();
        assertEquals(runs, store.missing(runs));
        store.replace(run(1), measure(1));
        store.replace(run(2), measure(2));
        assertEquals(List.of(run(3)), store.missing(runs));
        double before = score(file, 0);

        // Another process, as it were: a result takes the place of its predecessor, the other stays.
        new ResultStore(file).replace(run(2), measure(2));
        assertEquals(2, results(file).size());
        assertEquals(before, score(file, 0));

        // One that failed has no result, not even an old one.
        store.replace(run(1), List.of());
        assertEquals(List.of(run(1), run(3)), store.missing(runs));
        store.replace(run(2), List.of());
        assertFalse(Files.exists(file));
        assertEquals(runs, store.missing(runs));
    }

    /** What cannot be written or read is said before anything is measured, and what is there stays. */
    @Test
    void refusesAFolderThatIsAFileAndResultsThatAreNone() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "text");
        assertThrows(IOException.class, () -> new ResultStore(file.resolve("commit.json")).prepare());
        assertThrows(IOException.class, () -> new ResultStore(file).prepare());
        assertEquals("text", Files.readString(file));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void namesNoPathOfTheMachine() throws IOException, RunnerException {
        Path file = folder.resolve("commit.json");
        new ResultStore(file).replace(run(1), measure(1));
        JsonNode result = results(file).get(0);
        assertTrue(result.path("jvm").isMissingNode() && result.path("jvmArgs").isMissingNode());
        assertTrue(
                result.path("secondaryMetrics").path("gigabytes").path("score").isNumber());
        assertEquals(List.of("commit.json"), namesIn(folder));
    }

    @Test
    void printsALineForAResultAndAReasonForNone() throws RunnerException {
        for (RunResult result : measure(1)) {
            String line = ResultLine.of(result);
            assertTrue(line.matches(".* us, .* GB/s \\(.* %\\), .* GFLOP/s \\(.* %\\), error .*"), line);
            assertFalse(line.contains("device"), line);
        }
        IllegalStateException thrown = new IllegalStateException("a wrong result\n  has no speed");
        RuntimeException wrapped = new RuntimeException("outer");
        wrapped.addSuppressed(new RuntimeException("worker", thrown));
        assertEquals(
                "IllegalStateException: a wrong result has no speed",
                ResultLine.reason(new RunnerException("caught", wrapped)));
    }

    private static JsonNode results(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    private static double score(Path file, int index) throws IOException {
        return results(file).get(index).path("primaryMetric").path("score").asDouble();
    }

    private static List<String> namesIn(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
