package sala.loader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import sala.testing.Golden;

/**
 * Mutates valid files with fixed seeds, 100,000 times in all. A mutant is refused with a {@link CheckpointException} that
 * names the file, or it is read and everything it holds can be used; nothing else may happen.
 */
final class CheckpointFuzzTest {
    private static final String TINY_CONFIG = "{\"model_type\":\"minicpm_sala\",\"mixer_types\":[\"minicpm4\"],"
            + "\"num_hidden_layers\":1,\"eos_token_id\":[2,5],\"scale_depth\":1.4,\"rope_scaling\":null,"
            + "\"sparse_config\":{\"topk\":4,\"use_nope\":false},\"lightning_scale\":\"1/d\",\"é\":[null,{\"a\":1e-3}]}";

    @TempDir
    Path folder;

    /** How often the mutants of one target were read and refused. */
    private record Outcome(int read, int refused) {}

    /**
     * Feeds mutants to a reader.
     *
     * @param name what every refusal has to contain
     */
    private static Outcome fuzz(String name, byte[] valid, long seed, int rounds, Consumer<byte[]> reader) {
        reader.accept(valid);
        Mutator mutator = new Mutator(seed);
        int read = 0;
        int refused = 0;
        for (int round = 0; round < rounds; round++) {
            byte[] mutant = mutator.mutate(valid);
            try {
                reader.accept(mutant);
                read++;
            } catch (CheckpointException e) {
                if (!String.valueOf(e.getMessage()).contains(name)) {
                    throw new AssertionError("the message does not name the file: " + e.getMessage(), e);
                }
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError(
                        "seed %d, round %d: %s on %s".formatted(seed, round, e, new String(mutant, UTF_8)), e);
            }
        }
        return new Outcome(read, refused);
    }

    /** Both outcomes occur, so the mutants are neither all harmless nor all hopeless. */
    private static void assertBothOccur(Outcome outcome) {
        int rounds = outcome.read() + outcome.refused();
        assertTrue(outcome.read() > rounds / 200, outcome::toString);
        assertTrue(outcome.refused() > rounds / 5, outcome::toString);
    }

    private static byte[] smallShard() {
        return SafetensorsBytes.write(
                Map.of("format", "pt"),
                List.of(
                        new SafetensorsBytes.Tensor("a", DType.F32, Shape.of(2, 3), new byte[24]),
                        new SafetensorsBytes.Tensor("empty", DType.BOOL, Shape.of(0, 7), new byte[0]),
                        new SafetensorsBytes.Tensor("é", DType.BF16, Shape.of(2), new byte[4]),
                        new SafetensorsBytes.Tensor("scalar", DType.I64, Shape.of(), new byte[8])));
    }

    private static void readEveryTensor(SafetensorsFile file) {
        for (String name : file.tensorNames()) {
            TensorView tensor = file.tensor(name);
            for (long i = 0; i < tensor.data().byteSize(); i++) {
                tensor.data().get(ValueLayout.JAVA_BYTE, i);
            }
            if (tensor.dtype().isFloatingPoint()) {
                tensor.toDoubles();
            }
        }
    }

    @Test
    @Timeout(120)
    void safetensors() {
        assertBothOccur(
                fuzz("test", smallShard(), 42, 45_000, bytes -> readEveryTensor(SafetensorsBytes.parse(bytes))));
    }

    @Test
    @Timeout(120)
    void safetensorsOfAGoldenCase() throws IOException {
        byte[] whole = Files.readAllBytes(Golden.path("cases/switches/model.safetensors"));
        assertBothOccur(fuzz("test", whole, 43, 3_000, bytes -> readEveryTensor(SafetensorsBytes.parse(bytes))));
    }

    @Test
    @Timeout(120)
    void config() {
        assertBothOccur(fuzz("config", TINY_CONFIG.getBytes(UTF_8), 44, 20_000, CheckpointFuzzTest::useConfig));
    }

    @Test
    @Timeout(120)
    void configOfAGoldenCase() throws IOException {
        byte[] whole = Files.readAllBytes(Golden.path("cases/switches/config.json"));
        assertBothOccur(fuzz("config", whole, 45, 10_000, CheckpointFuzzTest::useConfig));
    }

    private static void useConfig(byte[] json) {
        ModelConfig config = ModelConfigReader.parse("config", json);
        assertTrue(config.groupSize() > 0 && config.queryWidth() > 0 && config.kvWidth() > 0);
        assertTrue(config.lightning().width() > 0 && config.sparse().stridesPerBlock() > 0);
        assertTrue(config.sparse().coarseKernelSize() > 0 && config.sparse().effectiveTopK() >= 0);
        assertEquals(config.numLayers(), config.layerStrip().length());
        assertTrue(Double.isFinite(config.residualScale()) && Double.isFinite(config.logitScale()));
        assertTrue(config.attentionScale() > 0 && config.lightning().attentionScale() > 0);
    }

    @Test
    @Timeout(120)
    void generationConfig() {
        String json = "{\"bos_token_id\":1,\"eos_token_id\":[2,5],\"pad_token_id\":2,\"do_sample\":true,"
                + "\"temperature\":0.9,\"top_k\":40,\"top_p\":0.8,\"min_p\":0.1,\"repetition_penalty\":1.1}";
        assertBothOccur(fuzz(
                "generation", json.getBytes(UTF_8), 46, 10_000, bytes -> GenerationConfig.parse("generation", bytes)));
    }

    @Test
    @Timeout(120)
    void index() {
        String json = "{\"metadata\":{\"total_size\":12},\"weight_map\":{\"a\":\"model-1.safetensors\","
                + "\"é\":\"model-2.safetensors\",\"lm_head.weight\":\"model-2.safetensors\"}}";
        assertBothOccur(fuzz("index", json.getBytes(UTF_8), 47, 10_000, bytes -> {
            for (String shard : ShardIndex.parse("index", bytes).shards()) {
                assertEquals(Path.of("folder"), Path.of("folder").resolve(shard).getParent());
                assertEquals(shard, Path.of(shard).normalize().toString());
            }
        }));
    }

    /** Whole folders: one of their files is a mutant, the others are valid. */
    @Test
    @Timeout(120)
    void folders() throws IOException {
        String index = "{\"weight_map\":{\"a\":\"one.safetensors\",\"é\":\"one.safetensors\","
                + "\"empty\":\"one.safetensors\",\"scalar\":\"one.safetensors\"}}";
        Map<String, byte[]> files = Map.of(
                "config.json",
                TINY_CONFIG.getBytes(UTF_8),
                "generation_config.json",
                "{\"eos_token_id\":[2]}".getBytes(UTF_8),
                ShardIndex.FILE_NAME,
                index.getBytes(UTF_8),
                "one.safetensors",
                smallShard());
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Files.write(folder.resolve(file.getKey()), file.getValue());
        }
        long seed = 48;
        for (String name : List.of("config.json", "generation_config.json", ShardIndex.FILE_NAME, "one.safetensors")) {
            byte[] valid = files.getOrDefault(name, new byte[0]);
            assertBothOccur(fuzz(folder.toString(), valid, seed++, 500, bytes -> {
                try {
                    Files.write(folder.resolve(name), bytes);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                try (Checkpoint checkpoint = Checkpoint.open(folder)) {
                    for (String tensor : checkpoint.tensorNames()) {
                        checkpoint.tensor(tensor).data().toArray(ValueLayout.JAVA_BYTE);
                    }
                }
            }));
            Files.write(folder.resolve(name), valid);
        }
    }
}
