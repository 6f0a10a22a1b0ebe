package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;

/** The backends that have devices, on the interpreter, which every build has. */
class DeviceCommandTest {
    private static CommandRun run(String... arguments) {
        return CommandRun.of(arguments).succeeded();
    }

    @Test
    void theInterpreterGivesTheGreedyTokensOfTheCpu() {
        JsonNode expected = generate("cpu");
        assertEquals(10, expected.get("generated").size());
        assertEquals(expected.get("generated"), generate("interpreter").get("generated"));
    }

    private static JsonNode generate(String backend) {
        return run(
                        "generate",
                        "In the beginning God created",
                        "--backend",
                        backend,
                        "--temperature",
                        "0",
                        "-n",
                        "10",
                        "--json")
                .json();
    }

    @Test
    void theInterpreterGivesTheLogitsAndBlocksOfTheCpu() {
        JsonNode expected = logits("cpu");
        JsonNode actual = logits("interpreter");
        assertEquals(expected.get("blocks"), actual.get("blocks"));
        assertTrue(expected.get("blocks").size() > 0);
        JsonNode expectedLogits = expected.get("positions").get(0).get("logits");
        JsonNode actualLogits = actual.get("positions").get(0).get("logits");
        assertEquals(expectedLogits.size(), actualLogits.size());
        for (int token = 0; token < expectedLogits.size(); token++) {
            assertEquals(
                    expectedLogits.get(token).asDouble(),
                    actualLogits.get(token).asDouble(),
                    1e-3,
                    "logit " + token);
        }
    }

    private static JsonNode logits(String backend) {
        return run(
                        "logits",
                        "--tokens",
                        "1 381 333 829 17 25",
                        "--backend",
                        backend,
                        "--always-sparse",
                        "--blocks",
                        "--json")
                .json();
    }

    @Test
    void benchNamesTheDeviceAndNoShareOfTheProcessor() {
        CommandRun run = run(
                "bench",
                "--shape",
                "tiny",
                "--layers",
                "2",
                "-p",
                "4",
                "-n",
                "2",
                "-r",
                "1",
                "--no-warmup",
                "--backend",
                "interpreter",
                "--full-attention",
                "-ub",
                "3",
                "-v",
                "-o",
                "json");
        assertTrue(run.err().contains("portable products in chunks of 3"), run.err());
        JsonNode result = run.json().get(0);
        assertEquals("interpreter, fast", result.get("gpu_info").asText());
        assertEquals("interpreter", result.get("backends").asText());
        assertTrue(result.get("peak_share").isNull(), result::toString);
    }

    @Test
    void benchSaysWhereTheTimeOfADeviceGoes() {
        CommandRun run = run(
                "bench",
                "--shape",
                "tiny",
                "--layers",
                "2",
                "-p",
                "4",
                "-n",
                "2",
                "-r",
                "2",
                "--backend",
                "interpreter",
                "--cuda-graphs",
                "on",
                "--profile-tasks",
                "-v",
                "-o",
                "json");
        JsonNode generation = run.json().get(1);
        assertTrue(generation.get("kernel_ns_per_token").doubleValue() > 0, generation::toString);
        assertTrue(generation.get("host_share").doubleValue() < 1, generation::toString);
        assertTrue(run.err().contains("\npp4: "), run.err());
        assertTrue(run.err().contains("\n| prefillLightning_attention"), run.err());
        String decode = run.err().substring(run.err().indexOf("\ntg2: "));
        assertTrue(decode.matches("(?s).*\\n\\| decodeLightning_qkv +\\| +2 \\|.*"), decode);
        assertFalse(decode.contains("prefill"), decode);
        assertTrue(run.err().contains("first runs of "), run.err());
        CommandRun onHost = CommandRun.of("bench", "--backend", "cpu", "--profile-tasks");
        assertEquals(2, onHost.exitCode());
        assertTrue(onHost.errorLine().contains("--profile-tasks goes with --backend tornado"), onHost.err());
    }

    @Test
    void fullAttentionChoosesNoBlocks() {
        JsonNode sparse = run("logits", "--tokens", "1 2 3", "--blocks", "--always-sparse", "--json")
                .json();
        JsonNode full = run("logits", "--tokens", "1 2 3", "--blocks", "--full-attention", "--json")
                .json();
        assertFalse(sparse.get("blocks").isEmpty());
        assertTrue(full.get("blocks").isEmpty());
    }

    @Test
    void whatIsMissingIsNamed() {
        CommandRun noChunk = CommandRun.of("bench", "-ub", "0");
        assertTrue(noChunk.errorLine().contains("--ubatch-size must be at least 1, found 0"), noChunk.err());
        CommandRun noTornado = CommandRun.of("generate", "x", "--backend", "tornado");
        assertEquals(1, noTornado.exitCode());
        assertTrue(noTornado.errorLine().contains("TORNADOVM_HOME"), noTornado.err());
        CommandRun noDevice = CommandRun.of("generate", "x", "--device", "7");
        assertEquals(1, noDevice.exitCode());
        assertTrue(
                noDevice.errorLine().contains("--device 7: the devices are 0 (interpreter, checking, JAVA), 1 ("),
                noDevice.err());
    }

    @Test
    void automaticChoiceSaysWhy() {
        String err = run("generate", "x", "-n", "1", "--verbose").err();
        assertTrue(err.startsWith("sala: backend cpu: the Vector API is there; no GPU is looked for"), err);
    }

    @Test
    void devicesAreListed() {
        JsonNode json = run("devices", "--json").json();
        assertEquals(2, json.get("devices").size());
        assertEquals("interpreter, fast", json.get("devices").get(1).get("name").asText());
        assertEquals("cpu", json.get("picked").get("backend").asText());
        String table = run("devices").out();
        assertTrue(table.contains("\n1       interpreter  java"), table);
        assertTrue(table.contains("\npicked: backend cpu"), table);
    }

    @Test
    void theDoctorFindsTheInterpreterHealthy() {
        CommandRun run = CommandRun.of("doctor", "--json");
        JsonNode json = run.json();
        assertTrue(json.get("healthy").asBoolean(), run.out());
        assertEquals(0, run.exitCode());
        String findings = json.get("findings").toString();
        for (String name : new String[] {"no silent Java", "norm", "prefill: lightning", "model, block-sparse"}) {
            assertTrue(findings.contains("\"" + name + "\""), findings);
        }
        assertTrue(findings.contains("8 of 8 greedy tokens"), findings);
        assertTrue(findings.contains("\"TornadoVM\",\"verdict\":\"missing\""), findings);
    }

    @Test
    void theDoctorTakesLayersOfAShapeAlone() {
        CommandRun run = CommandRun.of("doctor", "--layers", "2");
        assertEquals(2, run.exitCode());
        assertTrue(run.errorLine().contains("--layers goes with --shape"), run.err());
        assertEquals(2, CommandRun.of("doctor", "--shape", "huge").exitCode());
    }

    @Test
    void theDoctorRefusesADeviceThatIsNotThere() {
        CommandRun run = CommandRun.of("doctor", "--device", "9");
        assertEquals(1, run.exitCode());
        assertTrue(run.out().contains("FAILED"), run.out());
        assertTrue(run.out().contains("--device 9: the devices are"), run.out());
    }
}
