package sala.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sala.testing.Golden;
import sala.testing.GoldenTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

/** On golden checkpoints, which have no tokenizer. */
class LogitsCommandTest {
    private static final String CASE = "cases/group3-bf16";

    @TempDir
    private Path folder;

    /** The first run of a case. */
    private static JsonNode goldenRun() {
        return Golden.json(CASE + "/expected.json").required("runs").get(0);
    }

    private static CommandRun logits(String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "logits",
                "-m",
                Golden.path(CASE).toString(),
                "--tokens",
                goldenRun().required("input_ids").toString()));
        arguments.addAll(List.of(more));
        return CommandRun.of(arguments.toArray(String[]::new)).succeeded();
    }

    private static float[] floats(JsonNode array) {
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).floatValue();
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu", "auto"})
    void lastLogitsAreTheGoldenOnes(String backend) {
        JsonNode golden = goldenRun();
        JsonNode json = logits("--json", "--backend", backend).json();
        assertEquals(List.of("tokens", "positions", "blocks"), names(json));
        assertEquals(golden.required("input_ids"), json.required("tokens"));
        assertEquals(1, json.required("positions").size());
        JsonNode last = json.required("positions").get(0);
        assertEquals(List.of("position", "logits"), names(last));
        assertEquals(
                golden.required("length").intValue() - 1,
                last.required("position").intValue());
        double[] expected = Golden.tensors(CASE + "/expected.safetensors")
                .doubles(golden.required("name").textValue() + ".last_logits");
        TensorAssert.assertClose(
                "last_logits", expected, floats(last.required("logits")), Tolerance.CPU_F32_TINY_MODEL);
        assertEquals(0, json.required("blocks").size());
    }

    @Test
    void allPositionsComeInOrderAndEndWithTheLast() {
        JsonNode all = logits("--json", "--all-positions").json().required("positions");
        assertEquals(goldenRun().required("length").intValue(), all.size());
        for (int position = 0; position < all.size(); position++) {
            assertEquals(position, all.get(position).required("position").intValue());
        }
        JsonNode last = logits("--json").json().required("positions").get(0);
        assertArrayEquals(
                floats(last.required("logits")), floats(all.get(all.size() - 1).required("logits")), 1e-5f);
    }

    /** Every number reads back to a float that is written the same way again. */
    @Test
    void numbersReadBackToTheSameFloat() {
        JsonNode logits = logits("--json").json().required("positions").get(0).required("logits");
        for (JsonNode logit : logits) {
            float value = Float.parseFloat(logit.asText());
            assertEquals(Float.toString(value), logit.asText());
        }
    }

    @Test
    void blocksAreTheGoldenOnes() {
        String name = "cases/group16-two-kv";
        JsonNode golden = sparseRun(name);
        GoldenTensors tensors = Golden.tensors(name + "/expected.safetensors");
        JsonNode blocks = CommandRun.of(
                        "logits",
                        "--json",
                        "--blocks",
                        "-m",
                        Golden.path(name).toString(),
                        "--tokens",
                        golden.required("input_ids").toString())
                .succeeded()
                .json()
                .required("blocks");
        assertFalse(blocks.isEmpty());
        for (JsonNode choice : blocks) {
            assertEquals(List.of("layer", "kvHead", "position", "selected"), names(choice));
            String array = golden.required("name").textValue() + ".selected."
                    + choice.required("layer").intValue();
            int[] shape = tensors.shape(array);
            int row = choice.required("position").intValue()
                    - golden.required("selection_start").intValue();
            int offset = (row * shape[1] + choice.required("kvHead").intValue()) * shape[2];
            Set<Integer> expected = new HashSet<>();
            Arrays.stream(tensors.ints(array), offset, offset + shape[2])
                    .filter(block -> block >= 0)
                    .forEach(expected::add);
            Set<Integer> found = new HashSet<>();
            choice.required("selected").forEach(block -> found.add(block.intValue()));
            assertEquals(expected, found);
        }
    }

    private static JsonNode sparseRun(String name) {
        for (JsonNode run : Golden.json(name + "/expected.json").required("runs")) {
            if (run.required("sparse").size() == 1
                    && run.required("sparse").get(0).booleanValue()) {
                return run;
            }
        }
        throw new AssertionError("no sparse run in " + name);
    }

    @Test
    void alwaysSparseChoosesBlocksInShortPrompts() {
        JsonNode dense = CommandRun.of("logits", "--tokens", "1 381 333", "--blocks", "--json")
                .succeeded()
                .json();
        assertEquals(0, dense.required("blocks").size());
        JsonNode sparse = CommandRun.of("logits", "--tokens", "1 381 333", "--blocks", "--always-sparse", "--json")
                .succeeded()
                .json();
        assertEquals(4, sparse.required("blocks").size()); // 2 sparse layers x 2 KV heads
        for (JsonNode choice : sparse.required("blocks")) {
            assertEquals("[0]", choice.required("selected").toString());
        }
    }

    @Test
    void tableShowsTheLargestFirst() {
        String table = CommandRun.of("logits", "--tokens", "1 381 333", "--top", "3")
                .succeeded()
                .out();
        List<String> lines = table.lines().toList();
        assertEquals(4, lines.size(), table);
        assertEquals("position 2", lines.getFirst());
        double first = Double.parseDouble(lines.get(1).strip().split("\\s+")[1]);
        double second = Double.parseDouble(lines.get(2).strip().split("\\s+")[1]);
        assertTrue(first >= second, table);
    }

    @Test
    void readsTokensFromAFile() throws IOException {
        Path file = Files.writeString(folder.resolve("tokens.txt"), "1, 381,\n333\n");
        assertEquals(
                CommandRun.of("logits", "--json", "--tokens", "1 381 333")
                        .succeeded()
                        .out(),
                CommandRun.of("logits", "--json", "--tokens-file", file.toString())
                        .succeeded()
                        .out());
    }

    @Test
    void refusesIdsOutsideTheVocabularyAndPromptsBeyondTheContext() {
        CommandRun outside = CommandRun.of("logits", "--tokens", "1 5000");
        assertEquals(1, outside.exitCode());
        assertTrue(outside.errorLine().contains("token id 2 is 5000"), outside.err());
        CommandRun tooLong = CommandRun.of("logits", "--tokens", "1 2 3", "--context-length", "2");
        assertEquals(1, tooLong.exitCode());
        assertEquals(
                "sala: the prompt has 3 tokens, but the context length is 2: raise --context-length",
                tooLong.errorLine());
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
