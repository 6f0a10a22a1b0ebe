package sala.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sala.loader.Checkpoint;
import sala.loader.CheckpointException;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.loader.TensorView;
import sala.model.LayerWeights.LightningLayerWeights;
import sala.model.LayerWeights.SparseLayerWeights;
import sala.testing.Golden;
import sala.testing.GoldenTensors;

final class ModelWeightsTest {
    @TempDir
    private Path folder = Path.of("");

    /** Against a second reader of the file, which shares no code with the loader. */
    @Test
    void everyWeightIsTheTensorOfItsName() {
        GoldenTensors file = GoldenTensors.read(Golden.path("cases/continued/model.safetensors"));
        try (Checkpoint checkpoint = Checkpoint.open(Golden.path("cases/continued"))) {
            ModelWeights weights = ModelWeights.load(checkpoint);
            assertSameValues(file, "model.embed_tokens", weights.embedding());
            assertSameValues(file, "model.norm", weights.finalNorm());
            assertSameValues(file, "lm_head", weights.lmHead());
            SparseLayerWeights sparse =
                    assertInstanceOf(SparseLayerWeights.class, weights.layers().get(3));
            assertSameValues(file, "model.layers.3.input_layernorm", sparse.inputNorm());
            assertSameValues(file, "model.layers.3.self_attn.q_proj", sparse.qProj());
            assertSameValues(file, "model.layers.3.self_attn.k_proj", sparse.kProj());
            assertSameValues(file, "model.layers.3.self_attn.v_proj", sparse.vProj());
            assertSameValues(file, "model.layers.3.self_attn.o_proj", sparse.oProj());
            assertSameValues(
                    file, "model.layers.3.self_attn.o_gate", sparse.oGate().orElseThrow());
            assertSameValues(file, "model.layers.3.post_attention_layernorm", sparse.postAttentionNorm());
            assertSameValues(file, "model.layers.3.mlp.gate_proj", sparse.mlp().gateProj());
            assertSameValues(file, "model.layers.3.mlp.up_proj", sparse.mlp().upProj());
            assertSameValues(file, "model.layers.3.mlp.down_proj", sparse.mlp().downProj());
            LightningLayerWeights lightning = assertInstanceOf(
                    LightningLayerWeights.class, weights.layers().get(1));
            assertSameValues(file, "model.layers.1.self_attn.q_proj", lightning.qProj());
            assertSameValues(file, "model.layers.1.self_attn.k_proj", lightning.kProj());
            assertSameValues(file, "model.layers.1.self_attn.v_proj", lightning.vProj());
            assertSameValues(file, "model.layers.1.self_attn.o_proj", lightning.oProj());
            assertSameValues(
                    file, "model.layers.1.self_attn.q_norm", lightning.qNorm().orElseThrow());
            assertSameValues(
                    file, "model.layers.1.self_attn.k_norm", lightning.kNorm().orElseThrow());
            assertSameValues(
                    file, "model.layers.1.self_attn.o_norm", lightning.oNorm().orElseThrow());
            assertSameValues(
                    file, "model.layers.1.self_attn.z_proj", lightning.zProj().orElseThrow());
        }
    }

    @Test
    void switchesLeaveWeightsOutAndTieTheHead() {
        try (Checkpoint checkpoint = Checkpoint.open(Golden.path("cases/switches"))) {
            ModelWeights weights = ModelWeights.load(checkpoint);
            assertSame(weights.embedding(), weights.lmHead());
            for (LayerWeights layer : weights.layers()) {
                switch (layer) {
                    case SparseLayerWeights w -> assertTrue(w.oGate().isEmpty());
                    case LightningLayerWeights w ->
                        assertTrue(w.qNorm().isEmpty()
                                && w.kNorm().isEmpty()
                                && w.oNorm().isEmpty()
                                && w.zProj().isEmpty());
                }
            }
        }
    }

    @Test
    void wrongShapeIsRefusedWithWhatItShouldBe() {
        String message =
                refusal(TestingCheckpoint.copy("continued", folder, config -> config.put("num_key_value_heads", 3)));
        assertEquals(
                "layer 0 k_proj.weight in %s: expected [24, 48] (numKvHeads 3 x headDim 8, hiddenSize 48), found [16, 48]"
                        .formatted(folder.resolve("model.safetensors")),
                message);
    }

    @Test
    void missingTensorIsRefusedByName() {
        String message =
                refusal(TestingCheckpoint.copy("switches", folder, config -> config.put("tie_word_embeddings", false)));
        assertTrue(message.contains("tensor lm_head.weight is missing"), message);
    }

    @Test
    void extraTensorsAreRefusedByName() {
        String message =
                refusal(TestingCheckpoint.copy("continued", folder, config -> config.put("use_output_gate", false)));
        assertTrue(message.contains("2 tensors that this configuration has no use for"), message);
        assertTrue(message.contains("model.layers.1.self_attn.z_proj.weight"), message);
        assertTrue(message.contains("model.layers.2.self_attn.z_proj.weight"), message);
    }

    @Test
    void integersAreNoWeights() throws IOException {
        TestingCheckpoint.copy("continued", folder, _ -> {});
        Path file = folder.resolve("model.safetensors");
        String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
        int tensor = bytes.indexOf("\"model.layers.2.mlp.up_proj.weight\"");
        int dtype = bytes.indexOf("\"BF16\"", tensor);
        String changed = bytes.substring(0, dtype) + "\"I16\" " + bytes.substring(dtype + 6);
        Files.writeString(file, changed, StandardCharsets.ISO_8859_1);
        assertEquals(
                "layer 2 up_proj.weight in %s: expected F64, F32, F16 or BF16, found I16".formatted(file),
                refusal(folder));
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16", "F32"})
    void randomWeightsFollowFromTheirSeed(DType dtype) {
        ModelConfig config = ModelShape.TINY.config();
        try (Arena arena = Arena.ofShared()) {
            ModelWeights weights = ModelWeights.random(config, dtype, 42, arena);
            ModelWeights again = ModelWeights.random(config, dtype, 42, arena);
            ModelWeights other = ModelWeights.random(config, dtype, 43, arena);
            assertEquals(config.numLayers(), weights.layers().size());
            assertEquals(dtype, weights.lmHead().dtype());
            double[] values = weights.embedding().toDoubles();
            assertArrayEquals(values, again.embedding().toDoubles());
            assertFalse(Arrays.equals(values, other.embedding().toDoubles()));
            assertNotEquals(values[0], weights.lmHead().getDouble(0), "tensors have seeds of their own");
            assertTrue(Arrays.stream(weights.finalNorm().toDoubles()).allMatch(value -> value == 1));

            double mean = Arrays.stream(values).average().orElseThrow();
            double variance =
                    Arrays.stream(values).map(value -> value * value).average().orElseThrow();
            // 393,216 values: the mean is off by 1e-4, the variance by 0.2 %, and bf16 is cut off, not rounded.
            assertEquals(0, mean, 5e-4);
            assertEquals(1.0 / config.hiddenSize(), variance, 0.02 / config.hiddenSize());
        }
    }

    @Test
    void randomWeightsAreFloats() {
        assertThrows(
                IllegalArgumentException.class,
                () -> ModelWeights.random(ModelShape.TINY.config(1), DType.I8, 42, Arena.ofAuto()));
    }

    private static String refusal(Path checkpointFolder) {
        try (Checkpoint checkpoint = Checkpoint.open(checkpointFolder)) {
            return String.valueOf(assertThrows(CheckpointException.class, () -> ModelWeights.load(checkpoint))
                    .getMessage());
        }
    }

    private static void assertSameValues(GoldenTensors file, String name, TensorView tensor) {
        assertEquals(name + ".weight", tensor.name());
        assertArrayEquals(file.doubles(name + ".weight"), tensor.toDoubles(), name);
    }
}
