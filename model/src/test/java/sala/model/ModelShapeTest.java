package sala.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sala.loader.CarriedConfig;
import sala.loader.Checkpoint;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.testing.Golden;

final class ModelShapeTest {
    @Test
    void tinyIsTheTrainedModel() {
        ModelConfig trained = Checkpoint.readConfig(Golden.tinyModel());
        assertEquals(trained.withCarried(CarriedConfig.none()), ModelShape.TINY.config());
    }

    @Test
    void nineBIsTheReleasedModel() {
        ModelConfig config = ModelShape.NINE_B.config();
        assertEquals("SLLLLLLLLSLLLLLLSSLLLLSLLLLLLSSS", config.layerStrip());
        assertEquals(9_477_203_968L, parameters(config));
    }

    @Test
    void oneBHasItsSizeAndRatio() {
        ModelConfig config = ModelShape.ONE_B.config();
        long parameters = parameters(config);
        assertTrue(parameters > 1_000_000_000L && parameters < 1_200_000_000L, "parameters " + parameters);
        assertEquals('S', config.layerStrip().charAt(0));
        assertEquals('S', config.layerStrip().charAt(config.numLayers() - 1));
    }

    @Test
    void dense8BAttendsToEverything() {
        ModelConfig config = ModelShape.DENSE_8B.config();
        assertEquals("S".repeat(32), config.layerStrip());
        assertEquals(4, config.groupSize());
        assertEquals(
                32 * (4096L * (2 * 4096 + 2 * 1024) + 3 * 4096 * 16_384 + 2 * 4096) + 2 * 73_448L * 4096 + 4096,
                MemoryPlan.parameterCount(config));
        assertFalse(AttentionMode.BY_LENGTH.isSparse(1 << 20, config.sparse().denseLength()));
    }

    @ParameterizedTest
    @EnumSource
    void namesReadBackAndLayersAreCounted(ModelShape shape) {
        assertEquals(shape, ModelShape.ofName(shape.toString()));
        assertEquals(3, shape.config(3).numLayers());
        assertEquals(shape.config(), shape.config(shape.numLayers()));
        assertThrows(IllegalArgumentException.class, () -> shape.config(0));
        assertThrows(IllegalArgumentException.class, () -> shape.config(shape.numLayers() + 1));
    }

    @Test
    void otherNames() {
        assertEquals(ModelShape.NINE_B, ModelShape.ofName("MiniCPM-SALA"));
        assertThrows(IllegalArgumentException.class, () -> ModelShape.ofName("7b"));
    }

    /** Elements by the configuration alone. */
    private static long parameters(ModelConfig config) {
        long hidden = config.hiddenSize();
        long mlp = 3 * hidden * config.intermediateSize() + 2 * hidden;
        long queryWidth = config.queryWidth();
        long width = config.lightning().width();
        long sparse = hidden * (3 * queryWidth + 2L * config.kvWidth());
        long lightning = 5 * hidden * width + 2L * config.lightning().headDim() + width;
        long total = 2 * hidden * config.vocabSize() + hidden;
        for (MixerType type : config.mixerTypes()) {
            total += mlp + (type == MixerType.SPARSE ? sparse : lightning);
        }
        return total;
    }
}
