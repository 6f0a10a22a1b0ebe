package sala.model.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.kernels.storage.StorageType;
import sala.kernels.storage.SupportedStorage;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.model.MemoryPlanException;
import sala.model.ModelShape;
import sala.model.ModelWeights;
import sala.model.TestingCheckpoint;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

class DeviceMemoryPlanTest {
    private static final long GIB = 1L << 30;

    private static TornadoOptions released(int capacity) {
        return TornadoOptions.ofCuda(ModelShape.NINE_B.config(), capacity);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"tie_word_embeddings\": true}",
                "{\"qk_norm\": false, \"use_output_norm\": false, \"use_output_gate\": false}",
                "{\"attn_use_output_gate\": false, \"num_key_value_heads\": 1}",
                "{\"mixer_types\": [\"minicpm4\", \"minicpm4\", \"minicpm4\", \"minicpm4\"]}"
            })
    void isExactForTheArrays(String changes) {
        ModelConfig config = TestingCheckpoint.config("continued", changes);
        for (StorageType storage : SupportedStorage.ofWeights(
                TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice())) {
            TornadoOptions options = TornadoOptions.ofCapacity(100)
                    .withStorage(storage, storage == StorageType.F32 ? StorageType.F32 : StorageType.F16)
                    .withPrefillChunk(30)
                    .withWorkGroups(16);
            try (Arena arena = Arena.ofShared();
                    TornadoForwardPass pass =
                            new TornadoForwardPass(ModelWeights.random(config, DType.BF16, 1, arena), options)) {
                assertEquals(
                        pass.deviceBytes(), DeviceMemoryPlan.of(config, options).totalBytes(), storage::toString);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = StorageType.class,
            names = {"F16", "PACKED_BF16"})
    void isExactOnTensorCores(StorageType storage) {
        ModelConfig config = TestingCheckpoint.config("continued", TensorCorePrefillTest.SIZES);
        for (MatrixProducts products : MatrixProducts.values()) {
            TornadoOptions options = TornadoOptions.ofCapacity(100)
                    .withStorage(storage, StorageType.F16)
                    .withProducts(products)
                    .withWorkGroups(16);
            try (Arena arena = Arena.ofShared();
                    TornadoForwardPass pass =
                            new TornadoForwardPass(ModelWeights.random(config, DType.BF16, 1, arena), options)) {
                assertEquals(
                        pass.deviceBytes(), DeviceMemoryPlan.of(config, options).totalBytes(), products::toString);
            }
        }
    }

    @Test
    void aMillionTokensOfTheReleasedModelFitIntoFortyGigabytes() {
        DeviceMemoryPlan plan = DeviceMemoryPlan.of(ModelShape.NINE_B.config(), released(1 << 20));
        assertEquals(8L * 2 * 2 * 2 * 128 * (1 << 20), plan.kvBytes());
        assertTrue(plan.totalBytes() < 40_000_000_000L, plan::toString);
    }

    @Test
    void theLongestContextFitsAndOneMoreDoesNot() {
        DeviceMemoryPlan plan = DeviceMemoryPlan.of(ModelShape.NINE_B.config(), released(4096));
        int longest = plan.maxContextLength(24 * GIB);
        assertTrue(longest > 4096, () -> "found " + longest);
        DeviceMemoryPlan.of(plan.config(), released(longest)).check("a card", 24 * GIB);
        String refusal = String.valueOf(assertThrows(
                        MemoryPlanException.class,
                        () -> DeviceMemoryPlan.of(plan.config(), released(longest + 1))
                                .check("a card", 24 * GIB))
                .getMessage());
        assertTrue(refusal.contains("a context of %d tokens needs".formatted(longest + 1)), refusal);
        assertTrue(refusal.contains("on a card"), refusal);
        assertTrue(refusal.contains("%d tokens fit, lower --context-length".formatted(longest)), refusal);
    }

    @Test
    void aSmallDeviceIsRefusedAltogether() {
        DeviceMemoryPlan plan = DeviceMemoryPlan.of(ModelShape.NINE_B.config(), released(1));
        assertEquals(0, plan.maxContextLength(8 * GIB));
        String refusal = String.valueOf(assertThrows(MemoryPlanException.class, () -> plan.check("a card", 8 * GIB))
                .getMessage());
        assertTrue(refusal.contains("no context fits"), refusal);
    }

    @Test
    void promptsGoInSmallerChunksBeforeAContextIsRefused() {
        ModelConfig config = ModelShape.NINE_B.config();
        DeviceMemoryPlan whole = DeviceMemoryPlan.of(config, released(65_536));
        long memory = (long) ((whole.totalBytes() - 1) / 0.95);
        DeviceMemoryPlan fitted = whole.fittedTo(memory);
        assertEquals(TornadoOptions.TENSOR_PREFILL_CHUNK / 2, fitted.options().prefillChunk());
        assertEquals(whole, whole.fittedTo(80 * GIB));
        assertEquals(whole, whole.fittedTo(GIB));
    }
}
