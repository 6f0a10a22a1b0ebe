package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import sala.testing.Golden;

/** Every format parsed back. What the figures are depends on the machine; that they agree with each other does not. */
class BenchCommandTest {
    private static CommandRun bench(String... more) {
        List<String> arguments = new ArrayList<>(
                List.of("bench", "--shape", "tiny", "-p", "16", "-n", "4", "-r", "3", "--threads", "2"));
        arguments.addAll(List.of(more));
        return CommandRun.of(arguments.toArray(String[]::new)).succeeded();
    }

    private static void checkResult(JsonNode result, String tested, int tokens) {
        JsonNode nanos = result.required("samples_ns");
        JsonNode rates = result.required("samples_ts");
        assertEquals(3, nanos.size());
        double[] sorted = new double[3];
        for (int i = 0; i < 3; i++) {
            sorted[i] = tokens * 1e9 / nanos.get(i).longValue();
            assertEquals(sorted[i], rates.get(i).doubleValue(), 1e-6 * sorted[i]);
        }
        Arrays.sort(sorted);
        assertEquals(sorted[1], result.required("median_ts").doubleValue(), 1e-6 * sorted[1]);
        assertEquals(sorted[0], result.required("min_ts").doubleValue(), 1e-6 * sorted[0]);
        assertEquals(sorted[2], result.required("max_ts").doubleValue(), 1e-6 * sorted[2]);
        assertEquals(
                Arrays.stream(sorted).average().orElseThrow(),
                result.required("avg_ts").doubleValue(),
                1e-3);
        assertTrue(result.required("stddev_ts").doubleValue() >= 0);
        assertTrue(result.required("read_bytes_per_second").doubleValue() > 1e8);
        assertTrue(result.required("peak_flops_per_second").doubleValue() > 1e8);
        checkShare(result, "bandwidth_share", tested.equals("tg"));
        checkShare(result, "peak_share", tested.equals("pp"));
        assertEquals(2, result.required("n_threads").intValue());
        assertTrue(result.required("model_n_params").longValue() > 0);
    }

    private static void checkShare(JsonNode result, String name, boolean expected) {
        JsonNode samples = result.required("samples_" + name);
        assertEquals(expected ? 3 : 0, samples.size());
        assertEquals(expected, result.required(name).isNumber());
        assertEquals(expected, result.required(name + "_min").isNumber());
        if (expected) {
            double[] sorted = {
                samples.get(0).doubleValue(),
                samples.get(1).doubleValue(),
                samples.get(2).doubleValue()
            };
            Arrays.sort(sorted);
            assertEquals(sorted[0], result.required(name + "_min").doubleValue());
            assertEquals(sorted[1], result.required(name).doubleValue());
            assertEquals(sorted[2], result.required(name + "_max").doubleValue());
            assertTrue(sorted[0] > 0);
        }
    }

    @Test
    void jsonIsAnArrayOfResults() {
        JsonNode results = bench("-o", "json", "-pg", "8,2", "-d", "0,32").json();
        assertEquals(6, results.size());
        for (int i = 0; i < 6; i += 3) {
            checkResult(results.get(i), "pp", 16);
            checkResult(results.get(i + 1), "tg", 4);
            checkResult(results.get(i + 2), "pg", 10);
            assertEquals(i == 0 ? 0 : 32, results.get(i).required("n_depth").intValue());
        }
        assertEquals(16, results.get(0).required("n_prompt").intValue());
        assertEquals(0, results.get(0).required("n_gen").intValue());
        assertEquals(8, results.get(2).required("n_prompt").intValue());
        assertEquals(2, results.get(2).required("n_gen").intValue());
    }

    @Test
    void jsonlIsAnObjectPerLine() throws JsonProcessingException {
        List<String> lines = bench("-o", "jsonl").out().lines().toList();
        assertEquals(2, lines.size());
        checkResult(new ObjectMapper().readTree(lines.get(0)), "pp", 16);
        checkResult(new ObjectMapper().readTree(lines.get(1)), "tg", 4);
    }

    @Test
    void csvHasTitlesAndQuotedValues() {
        List<String> lines = bench("-o", "csv").out().lines().toList();
        assertEquals(3, lines.size());
        List<String> titles = List.of(lines.getFirst().split(","));
        for (int i = 1; i < 3; i++) {
            String line = lines.get(i);
            assertTrue(line.startsWith("\"") && line.endsWith("\""), line);
            String[] values = line.substring(1, line.length() - 1).split("\",\"", -1);
            assertEquals(titles.size(), values.length, line);
            assertEquals(i == 1 ? "16" : "0", values[titles.indexOf("n_prompt")]);
            assertTrue(Double.parseDouble(values[titles.indexOf("avg_ts")]) > 0);
        }
    }

    @Test
    void markdownIsATable() {
        String text = bench("-d", "32").out();
        List<String> rows = text.lines().filter(line -> line.startsWith("|")).toList();
        assertEquals(4, rows.size(), text);
        assertEquals(1, rows.stream().map(String::length).distinct().count(), text);
        assertEquals("pp16 @ d32", rows.get(2).split("\\|")[6].strip());
        assertEquals("tg4 @ d32", rows.get(3).split("\\|")[6].strip());
        assertTrue(rows.get(2).split("\\|")[7].contains(" ± "), text);
        assertTrue(text.contains("GB/s"), text);
    }

    @Test
    void measuresACheckpointWithoutTokenizer() {
        JsonNode results = CommandRun.of(
                        "bench",
                        "-m",
                        Golden.path("cases/group2-f16").toString(),
                        "-p",
                        "8",
                        "-n",
                        "2",
                        "-r",
                        "1",
                        "--no-warmup",
                        "--backend",
                        "reference",
                        "-o",
                        "json")
                .succeeded()
                .json();
        assertEquals("group2-f16", results.get(0).required("model_filename").textValue());
        assertEquals("reference", results.get(0).required("backends").textValue());
        assertEquals(0.0, results.get(0).required("stddev_ts").doubleValue());
    }

    @Test
    void shapesFollowEachOtherInOneArray() {
        JsonNode results = CommandRun.of(
                        "bench",
                        "--shape",
                        "tiny,TINY",
                        "--shape",
                        "tiny",
                        "--layers",
                        "2",
                        "-p",
                        "8",
                        "-n",
                        "1",
                        "-r",
                        "1",
                        "--no-warmup",
                        "-o",
                        "json")
                .succeeded()
                .json();
        assertEquals(6, results.size());
        for (int i = 0; i < 6; i++) {
            JsonNode result = results.get(i);
            assertEquals("tiny/2 layers", result.required("model_filename").textValue());
            assertEquals(i % 2 == 0 ? 8 : 0, result.required("n_prompt").intValue());
        }
    }

    @Test
    void anArrayIsClosedWhereTheMeasurementFails() throws JsonProcessingException {
        var out = new ByteArrayOutputStream();
        var streams = CommandStreams.of(InputStream.nullInputStream(), new PrintStream(out), new PrintStream(out));
        assertThrows(
                IllegalStateException.class,
                () -> BenchFormat.JSON.print(streams, _ -> {
                    throw new IllegalStateException("the device is gone");
                }));
        assertEquals(
                0,
                new ObjectMapper()
                        .readTree(out.toString(StandardCharsets.UTF_8))
                        .size());
    }

    @Test
    void nothingIsMeasuredWhereOneShapeIsUnknown() {
        CommandRun run = CommandRun.of("bench", "--shape", "tiny,huge", "-p", "8", "-n", "0");
        assertEquals(CommandLine.ExitCode.USAGE, run.exitCode());
        assertEquals("", run.out());
        assertTrue(run.err().contains("found huge"), run.err());
    }

    @Test
    void layersCutTheShape() {
        JsonNode all = bench("-o", "json", "-n", "0").json().get(0);
        JsonNode two = bench("-o", "json", "-n", "0", "--layers", "2").json().get(0);
        assertTrue(two.required("model_n_params").longValue()
                < all.required("model_n_params").longValue());
    }
}
