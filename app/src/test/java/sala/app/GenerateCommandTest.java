package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sala.testing.Golden;

/** End to end on the trained model, and on golden checkpoints, which have no tokenizer. */
class GenerateCommandTest {
    @TempDir
    private Path folder;

    /** The golden prompt of this name. */
    private static JsonNode golden(String name) {
        for (JsonNode prompt : Golden.json("sala-tiny-en/expected.json").required("prompts")) {
            if (prompt.required("name").textValue().equals(name)) {
                return prompt;
            }
        }
        throw new AssertionError("no prompt " + name);
    }

    @Test
    void greedyTextIsTheGoldenOne() {
        JsonNode golden = golden("short-dense");
        CommandRun run = CommandRun.of(
                        "generate",
                        "--temperature",
                        "0",
                        "--max-tokens",
                        "48",
                        golden.required("text").textValue())
                .succeeded();
        assertEquals(golden.required("greedy_text").textValue() + "\n", run.out());
        assertEquals("", run.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void jsonHoldsIdsTextAndStatistics(String backend) {
        JsonNode golden = golden("short-dense");
        JsonNode json = CommandRun.withInput(
                        golden.required("text").textValue() + "\n",
                        "generate",
                        "--json",
                        "--temperature",
                        "0",
                        "--max-tokens",
                        "48",
                        "--backend",
                        backend)
                .succeeded()
                .json();
        assertEquals(golden.required("input_ids"), json.required("tokens"));
        assertEquals(golden.required("greedy_ids"), json.required("generated"));
        assertEquals(golden.required("greedy_text"), json.required("text"));
        JsonNode stats = json.required("stats");
        assertEquals(19, stats.required("promptTokens").intValue());
        assertEquals(48, stats.required("generatedTokens").intValue());
        assertTrue(stats.required("timeToFirstTokenSeconds").doubleValue() > 0);
        assertTrue(stats.required("prefillTokensPerSecond").doubleValue() > 0);
        assertTrue(stats.required("decodeTokensPerSecond").doubleValue() > 0);
    }

    @Test
    void defaultTextIsTheSameEachTimeAndOtherWithAnotherSeed() {
        String first = CommandRun.of("generate", "In the beginning", "-n", "40")
                .succeeded()
                .out();
        assertTrue(first.split("\\s+").length >= 10, first);
        assertEquals(
                first,
                CommandRun.of("generate", "In the beginning", "-n", "40")
                        .succeeded()
                        .out());
        assertEquals(
                first,
                CommandRun.of("generate", "In the beginning", "-n", "40", "--threads", "1")
                        .succeeded()
                        .out());
        assertNotEquals(
                first,
                CommandRun.of("generate", "In the beginning", "-n", "40", "--seed", "7")
                        .succeeded()
                        .out());
    }

    @Test
    void readsThePromptFromAFile() throws IOException {
        Path file = Files.writeString(folder.resolve("prompt.txt"), "In the beginning\r\n");
        String[] options = {"generate", "-n", "8", "--json", "-f", file.toString()};
        JsonNode json = CommandRun.of(options).succeeded().json();
        JsonNode direct = CommandRun.of("generate", "-n", "8", "--json", "In the beginning")
                .succeeded()
                .json();
        assertEquals(direct.required("tokens"), json.required("tokens"));
        assertEquals(direct.required("text"), json.required("text"));
    }

    @Test
    void tokensNeedNoTokenizer() {
        JsonNode run =
                Golden.json("cases/group2-f16/expected.json").required("runs").get(0);
        int steps = run.required("greedy_ids").size();
        JsonNode json = CommandRun.of(
                        "generate",
                        "-m",
                        Golden.path("cases/group2-f16").toString(),
                        "--tokens",
                        run.required("input_ids").toString(),
                        "--temperature",
                        "0",
                        "--max-tokens",
                        Integer.toString(steps),
                        "--ignore-eos",
                        "--json")
                .succeeded()
                .json();
        assertEquals(run.required("greedy_ids"), json.required("generated"));
        assertEquals("", json.required("text").textValue());
    }

    /** Without a generation_config.json the end-of-sequence ids of config.json end a generation. */
    @Test
    void endOfSequenceOfTheConfigurationStops() throws IOException {
        Path model = copyOfTinyModel("eos");
        Path config = model.resolve("config.json");
        JsonNode golden = golden("short-dense");
        int third = golden.required("greedy_ids").get(2).intValue();
        Files.delete(model.resolve("generation_config.json"));
        String text = Files.readString(config);
        Files.delete(config);
        Files.writeString(
                config, text.replaceFirst("\"eos_token_id\": \\[[^]]*]", "\"eos_token_id\": [" + third + "]"));
        String[] command = {"generate", "-m", model.toString(), "--temperature", "0", "-n", "6", "--json"};
        String prompt = golden.required("text").textValue();
        JsonNode stopped = CommandRun.of(with(command, prompt)).succeeded().json();
        assertEquals(3, stopped.required("generated").size());
        assertEquals(
                "stop token", stopped.required("stats").required("stopReason").textValue());
        JsonNode ignored =
                CommandRun.of(with(command, prompt, "--ignore-eos")).succeeded().json();
        assertEquals(6, ignored.required("generated").size());
        JsonNode named = CommandRun.of(with(command, prompt, "--ignore-eos", "--stop-token", Integer.toString(third)))
                .succeeded()
                .json();
        assertEquals(3, named.required("generated").size());
    }

    private static String[] with(String[] command, String... more) {
        return Stream.concat(Arrays.stream(command), Arrays.stream(more)).toArray(String[]::new);
    }

    @Test
    void stopTextNeedsATokenizer() {
        CommandRun run = CommandRun.of(
                "generate", "-m", Golden.path("cases/group2-f16").toString(), "--tokens", "1 2", "--stop", "x");
        assertEquals(1, run.exitCode());
        assertTrue(run.errorLine().contains("stop at ids with --stop-token"), run.err());
    }

    @Test
    void textNeedsATokenizer() {
        CommandRun run =
                CommandRun.of("generate", "-m", Golden.path("cases/group2-f16").toString(), "In the beginning");
        assertEquals(1, run.exitCode());
        assertTrue(run.errorLine().contains("give ids with --tokens"), run.err());
    }

    @Test
    void stopsWhereItIsTold() {
        JsonNode golden = golden("short-dense");
        String prompt = golden.required("text").textValue();
        String text = CommandRun.of("generate", "--temperature", "0", "-n", "48", "--stop", "Babylon", prompt)
                .succeeded()
                .out();
        assertEquals("Go, and go down to the city, and to the king of", text.strip());
        JsonNode json = CommandRun.of(
                        "generate", "--temperature", "0", "-n", "48", "--stop-token", "1252", "--json", prompt)
                .succeeded()
                .json();
        assertTrue(json.required("generated").size() < 12, json.toString());
    }

    @Test
    void biasForbidsATokenAndZeroTokensGenerateNothing() {
        JsonNode golden = golden("short-dense");
        int first = golden.required("greedy_ids").get(0).intValue();
        String prompt = golden.required("text").textValue();
        JsonNode biased = CommandRun.of(
                        "generate", "--temperature", "0", "-n", "1", "--logit-bias", first + "=-1000", "--json", prompt)
                .succeeded()
                .json();
        assertNotEquals(first, biased.required("generated").get(0).intValue());
        JsonNode none = CommandRun.of("generate", "-n", "0", "--json", prompt)
                .succeeded()
                .json();
        assertEquals(0, none.required("generated").size());
    }

    @Test
    void statisticsGoToTheErrorStream() {
        CommandRun run = CommandRun.of("generate", "-n", "4", "--stats", "In the beginning")
                .succeeded();
        assertTrue(run.err().contains("prefill"), run.err());
        assertTrue(run.err().contains("tokens/s"), run.err());
        assertFalse(run.out().contains("tokens/s"), run.out());
    }

    @Test
    void verboseNamesTheBackend() {
        CommandRun run = CommandRun.of("generate", "-n", "1", "-v", "--backend", "reference", "Go")
                .succeeded();
        assertEquals(
                "sala: backend reference: asked for",
                run.err().lines().findFirst().orElse(""));
    }

    @Test
    void failuresAreOneLineWithExitCode1() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        Path broken = Files.createDirectory(folder.resolve("broken"));
        Files.writeString(broken.resolve("config.json"), "{\"model_type\": \"llama\"}");
        Path truncated = copyOfTinyModel("truncated");
        Path shard = truncated.resolve("model-00001-of-00002.safetensors");
        Files.write(shard, Arrays.copyOf(Files.readAllBytes(shard), 100_000));
        Path latin1 = Files.write(folder.resolve("latin1.txt"), "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
        failsWith("found nothing", "generate", "-m", folder.resolve("nowhere").toString(), "x");
        failsWith("found a file", "generate", "-m", latin1.toString(), "x");
        failsWith("config.json", "generate", "-m", empty.toString(), "x");
        failsWith("model_type", "generate", "-m", broken.toString(), "x");
        failsWith("model-00001-of-00002.safetensors", "generate", "-m", truncated.toString(), "x");
        failsWith("no such file", "generate", "-f", folder.resolve("nowhere").toString());
        failsWith("directory", "generate", "-f", empty.toString());
        failsWith("not UTF-8", "generate", "-f", latin1.toString());
        failsWith(
                "no such file",
                "generate",
                "--tokens-file",
                folder.resolve("nowhere").toString());
        failsWith("token id 1 is 2048", "generate", "--tokens", "2048");
        failsWith("token id 1 is 9999", "generate", "x", "--stop-token", "9999");
        failsWith("raise --context-length", "generate", "In the beginning", "-c", "2");
    }

    private static void failsWith(String message, String... arguments) {
        CommandRun run = CommandRun.of(arguments);
        assertEquals(1, run.exitCode(), run.err());
        assertTrue(run.errorLine().contains(message), run.err());
        assertFalse(run.err().contains("internal error"), run.err());
        assertEquals("", run.out());
    }

    private Path copyOfTinyModel(String name) throws IOException {
        Path copy = Files.createDirectory(folder.resolve(name));
        try (var files = Files.list(Golden.tinyModel())) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }

    /** What generation_config.json says holds where no option speaks. */
    @Test
    void theCheckpointsOwnDefaultsHold() throws IOException {
        Path model = copyOfTinyModel("greedy");
        Files.delete(model.resolve("generation_config.json"));
        Files.writeString(
                model.resolve("generation_config.json"), "{\"do_sample\": false, \"eos_token_id\": [2, 2046]}");
        JsonNode golden = golden("short-dense");
        String prompt = golden.required("text").textValue();
        assertEquals(
                golden.required("greedy_text").textValue() + "\n",
                CommandRun.of("generate", "-m", model.toString(), "-n", "48", prompt)
                        .succeeded()
                        .out());
    }
}
