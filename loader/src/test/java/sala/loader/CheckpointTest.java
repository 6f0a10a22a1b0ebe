package sala.loader;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static sala.loader.Refusal.assertRefused;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.loader.tokenizer.ChatTemplate;
import sala.testing.Golden;
import sala.testing.GoldenTensors;

final class CheckpointTest {
    private static final String CONFIG = "{\"model_type\":\"minicpm_sala\"}";
    private static final String INDEX = ShardIndex.FILE_NAME;

    @TempDir
    Path folder;

    static Stream<Path> checkpoints() {
        return Stream.concat(
                Golden.cases().stream().map(name -> Golden.path("cases/" + name)), Stream.of(Golden.tinyModel()));
    }

    /** Names, shapes and elements as the reader of the golden data, which shares no code with this one, finds them. */
    @ParameterizedTest
    @MethodSource("checkpoints")
    void everyTensor(Path directory) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            Set<String> names = new HashSet<>();
            long elements = 0;
            for (Path shard : shards(directory)) {
                GoldenTensors expected = GoldenTensors.read(shard);
                for (String name : expected.names()) {
                    TensorView tensor = checkpoint.tensor(name);
                    int[] shape = expected.shape(name);
                    assertEquals(Shape.of(Arrays.stream(shape).asLongStream().toArray()), tensor.shape(), name);
                    assertArrayEquals(expected.doubles(name), tensor.toDoubles(), name);
                    assertEquals(shard.toString(), tensor.source());
                    elements += tensor.shape().elementCount();
                    names.add(name);
                }
            }
            assertEquals(names, checkpoint.tensorNames());
            DType dtype = checkpoint.tensor("model.norm.weight").dtype();
            assertEquals(elements * dtype.bytes(), checkpoint.totalBytes());
            assertTrue(checkpoint.totalBytes() < Checkpoint.weightFileBytes(directory));
            assertTrue(checkpoint.contains("model.norm.weight"));
            assertFalse(checkpoint.contains("model.norm"));
        }
    }

    private static List<Path> shards(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().matches("model.*\\.safetensors"))
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void configuration(Path directory) throws IOException {
        JsonNode json =
                new ObjectMapper().readTree(directory.resolve("config.json").toFile());
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            ModelConfig config = checkpoint.config();
            assertEquals(Checkpoint.readConfig(directory), config);
            assertEquals(json.required("num_hidden_layers").intValue(), config.numLayers());
            assertEquals(
                    Shape.of(
                            json.required("vocab_size").intValue(),
                            json.required("hidden_size").intValue()),
                    checkpoint.tensor("model.embed_tokens.weight").shape());
            assertEquals(directory, checkpoint.directory());
        }
    }

    @Test
    void elementTypesOfTheGoldenCases() {
        for (String name : Golden.cases()) {
            try (Checkpoint checkpoint = Checkpoint.open(Golden.path("cases/" + name))) {
                String expected = Golden.json("cases/" + name + "/expected.json")
                        .required("weights_dtype")
                        .textValue();
                for (String tensor : checkpoint.tensorNames()) {
                    assertEquals(expected, checkpoint.tensor(tensor).dtype().name(), name + " " + tensor);
                }
            }
        }
    }

    @Test
    void tinyModel() {
        try (Checkpoint checkpoint = Checkpoint.open(Golden.tinyModel())) {
            assertEquals("SLLSLLLL", checkpoint.config().layerStrip());
            assertEquals(9_053_568, checkpoint.totalBytes());
            assertEquals(
                    new GenerationConfig(
                            OptionalInt.of(1),
                            Optional.of(List.of(2, 2046)),
                            OptionalInt.of(2),
                            Optional.empty(),
                            GenerationConfig.NONE.temperature(),
                            OptionalInt.empty(),
                            GenerationConfig.NONE.topP(),
                            GenerationConfig.NONE.minP(),
                            GenerationConfig.NONE.repetitionPenalty(),
                            OptionalInt.empty()),
                    checkpoint.generationConfig());
        }
    }

    @Test
    void missingTensor() {
        try (Checkpoint checkpoint = Checkpoint.open(Golden.tinyModel())) {
            assertRefused(
                    () -> checkpoint.tensor("model.norms.weight"),
                    "tensor model.norms.weight is missing",
                    "model-00001-of-00002.safetensors",
                    "model-00002-of-00002.safetensors",
                    "similar: [model.norm.weight");
        }
    }

    @Test
    void closedCheckpoint() {
        Checkpoint checkpoint = Checkpoint.open(Golden.tinyModel());
        TensorView norm = checkpoint.tensor("model.norm.weight");
        checkpoint.close();
        checkpoint.close();
        String message = String.valueOf(assertThrows(IllegalStateException.class, () -> norm.getDouble(0))
                .getMessage());
        assertTrue(message.contains("model.norm.weight") && message.contains("checkpoint is closed"), message);
        message = String.valueOf(assertThrows(IllegalStateException.class, () -> checkpoint.tensor("model.norm.weight"))
                .getMessage());
        assertTrue(message.contains("sala-tiny-en is closed"), message);
    }

    private static byte[] shard(String... names) {
        return SafetensorsBytes.write(
                Map.of(),
                Arrays.stream(names)
                        .map(name -> new SafetensorsBytes.Tensor(name, DType.F32, Shape.of(1), new byte[4]))
                        .toList());
    }

    private void write(String file, String text) throws IOException {
        Files.writeString(folder.resolve(file), text);
    }

    @Test
    void foldersThatAreNone() throws IOException {
        assertRefused(() -> Checkpoint.open(folder.resolve("absent")), "absent", "expected a folder", "found nothing");
        write("file", "");
        assertRefused(() -> Checkpoint.open(folder.resolve("file")), "expected a folder", "found a file");
        assertRefused(() -> Checkpoint.open(folder), "config.json", "no such file");
        write("config.json", CONFIG);
        assertRefused(
                () -> Checkpoint.open(folder),
                "expected model.safetensors or model.safetensors.index.json, found neither");
    }

    @Test
    void foldersInPlaceOfFiles() throws IOException {
        Files.createDirectory(folder.resolve("config.json"));
        assertRefused(() -> Checkpoint.open(folder), "config.json", "found a folder");
        Files.delete(folder.resolve("config.json"));
        write("config.json", CONFIG);
        Files.createDirectory(folder.resolve("model.safetensors"));
        assertRefused(() -> Checkpoint.open(folder), "model.safetensors", "found a folder");
        Files.createDirectory(folder.resolve(INDEX));
        assertRefused(() -> Checkpoint.open(folder), INDEX, "found a folder");
        Files.createDirectory(folder.resolve("generation_config.json"));
        assertRefused(() -> Checkpoint.open(folder), "generation_config.json", "found a folder");
    }

    @Test
    void linksThatLoop() throws IOException {
        for (String name : List.of("config.json", "generation_config.json", INDEX, "model.safetensors")) {
            Path link = folder.resolve(name);
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, link);
            if (!name.equals("config.json")) {
                write("config.json", CONFIG);
            }
            assertRefused(() -> Checkpoint.open(folder), name, "cannot be read");
            Files.delete(link);
        }
        Path loop = Files.createSymbolicLink(folder.resolve("loop"), folder.resolve("loop"));
        assertRefused(() -> Checkpoint.open(loop), "loop", "expected a folder");
    }

    @Test
    void tokenizerFilesThatLoopOrAreNoText() throws IOException {
        for (String name : List.of("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")) {
            Path link = Files.createSymbolicLink(folder.resolve(name), folder.resolve(name));
            assertRefused(() -> readTokenizerFiles(), name, "cannot be read");
            Files.delete(link);
            Files.write(folder.resolve(name), "{\"é\":1}".getBytes(ISO_8859_1));
            assertRefused(() -> readTokenizerFiles(), name, "expected UTF-8");
            Files.delete(folder.resolve(name));
        }
    }

    private void readTokenizerFiles() {
        Checkpoint.readTokenizer(folder);
        ChatTemplate.read(folder);
    }

    /** Root may read what permissions forbid; then a file stands in whose reading fails whoever asks. */
    @Test
    void filesThatCannotBeRead() throws IOException {
        for (String name : List.of("config.json", "generation_config.json", INDEX, "model.safetensors")) {
            write("config.json", CONFIG);
            Path file = folder.resolve(name);
            Files.write(file, name.equals("model.safetensors") ? shard("a") : CONFIG.getBytes(UTF_8));
            Files.setPosixFilePermissions(file, Set.of());
            if (Files.isReadable(file)) {
                Files.delete(file);
                Files.createSymbolicLink(file, Path.of("/proc/self/mem"));
            }
            assertRefused(() -> Checkpoint.open(folder), name);
            Files.delete(file);
        }
    }

    @Test
    void sizesOfJsonFiles() throws IOException {
        write("config.json", "{\"model_type\":\"" + "x".repeat(10 << 20) + "\"}");
        assertRefused(() -> Checkpoint.open(folder), "config.json", "expected at most 4194304 bytes");
        write("config.json", CONFIG);
        write("generation_config.json", " ".repeat(2 << 20));
        assertRefused(() -> Checkpoint.open(folder), "generation_config.json", "expected at most 1048576 bytes");
    }

    @Test
    void oneFile() throws IOException {
        write("config.json", CONFIG);
        Files.write(folder.resolve("model.safetensors"), shard("a", "b"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertEquals(Set.of("a", "b"), checkpoint.tensorNames());
            assertEquals(8, checkpoint.totalBytes());
            assertEquals(GenerationConfig.NONE, checkpoint.generationConfig());
        }
        Files.write(folder.resolve("model.safetensors"), new byte[0]);
        assertRefused(() -> Checkpoint.open(folder), "model.safetensors", "at least 8 bytes, found 0");
    }

    @Test
    void shardsAndIndexThatDisagree() throws IOException {
        write("config.json", CONFIG);
        write(INDEX, "{\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}}");
        Files.write(folder.resolve("one.safetensors"), shard("a"));
        assertRefused(() -> Checkpoint.open(folder), "two.safetensors", "no such file");
        assertRefused(() -> Checkpoint.weightFileBytes(folder), "two.safetensors", "cannot be read");
        Files.write(folder.resolve("two.safetensors"), shard("b"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertEquals(Set.of("a", "b"), checkpoint.tensorNames());
            assertTrue(checkpoint.tensor("b").source().endsWith("two.safetensors"));
        }
        Files.write(folder.resolve("two.safetensors"), shard("b", "c"));
        assertRefused(() -> Checkpoint.open(folder), "tensor c is in two.safetensors", "lacks it");
        Files.write(folder.resolve("two.safetensors"), shard("b", "a"));
        assertRefused(() -> Checkpoint.open(folder), "tensor a is in two.safetensors", "it is in one.safetensors");
        Files.write(folder.resolve("two.safetensors"), shard());
        assertRefused(() -> Checkpoint.open(folder), "tensor b is not in two.safetensors");
        byte[] whole = shard("b");
        Files.write(folder.resolve("two.safetensors"), Arrays.copyOf(whole, whole.length - 1));
        assertRefused(() -> Checkpoint.open(folder), "two.safetensors", "truncated");
    }

    @Test
    void indexThatLeavesTheFolder() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        Files.writeString(model.resolve("config.json"), CONFIG);
        Files.write(folder.resolve("outside.safetensors"), shard("a"));
        Files.writeString(model.resolve(INDEX), "{\"weight_map\":{\"a\":\"../outside.safetensors\"}}");
        assertRefused(() -> Checkpoint.open(model), "weight_map.a", "found ../outside.safetensors");
    }

    @Test
    void configThatIsNotUtf8() throws IOException {
        Files.write(folder.resolve("config.json"), "{\"model_type\":\"é\"}".getBytes(ISO_8859_1));
        assertRefused(() -> Checkpoint.open(folder), "config.json", "expected UTF-8", "at byte 15");
        Files.write(folder.resolve("config.json"), "\uFEFF{}".getBytes(UTF_8));
        assertRefused(() -> Checkpoint.open(folder), "config.json", "malformed JSON");
    }
}
