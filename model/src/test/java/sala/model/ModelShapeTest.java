package sala.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sala.loader.Checkpoint;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.testing.Golden;

final class ModelShapeTest {
    @Test
    void tinyIsTheTrainedModel() {
        assertEquals(Checkpoint.readConfig(Golden.tinyModel()), ModelShape.TINY.config());
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

    @Test
    void seededWeightsRepeatAndKeepTheirSize() {
        ModelConfig config = ModelShape.TINY.config(2);
        try (Arena arena = Arena.ofConfined()) {
            ModelWeights weights = SeededWeights.create(config, 42, arena);
            ModelWeights same = SeededWeights.create(config, 42, arena);
            ModelWeights other = SeededWeights.create(config, 43, arena);
            for (int layer = 0; layer < 2; layer++) {
                double[] expected = weights.layers().get(layer).mlp().downProj().toDoubles();
                assertArrayEquals(
                        expected, same.layers().get(layer).mlp().downProj().toDoubles());
                double[] different = other.layers().get(layer).mlp().downProj().toDoubles();
                assertTrue(Arrays.mismatch(expected, different) >= 0);
                double sumOfSquares = 0;
                for (double value : expected) {
                    sumOfSquares += value * value;
                }
                // evenly spread over +-1/sqrt(columns): a row has the mean square 1/3
                assertEquals(1 / 3.0, sumOfSquares / config.hiddenSize(), 0.02);
            }
        }
    }

    /** Elements by the configuration alone, as {@link SeededWeights} would allocate them. */
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
