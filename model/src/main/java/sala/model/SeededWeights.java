package sala.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import sala.loader.DType;
import sala.loader.LightningConfig;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.loader.Shape;
import sala.loader.TensorView;
import sala.model.LayerWeights.LightningLayerWeights;
import sala.model.LayerWeights.Mlp;
import sala.model.LayerWeights.SparseLayerWeights;

/**
 * Weights of a configuration made from a seed, for measurements without a checkpoint: BF16 matrices, evenly spread
 * around 0 and scaled by the square root of their width, so that activations keep their size through the layers; norm
 * weights are 1. The same seed gives the same weights.
 *
 * <p>A matrix repeats a pattern of a million values, at another offset for each matrix; only its memory is as large as
 * that of the real one. Drawing every element would take longer than the measurement.
 */
public final class SeededWeights {
    private static final ValueLayout.OfShort LE_SHORT = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    /** A prime, so that rows of a matrix do not repeat each other. */
    private static final int PATTERN_LENGTH = 1_048_573;

    private static final long ALIGNMENT = 64;

    private final ModelConfig config;
    private final Arena arena;
    private final SplittableRandom random;
    private final float[] pattern = new float[PATTERN_LENGTH];

    private SeededWeights(ModelConfig config, long seed, Arena arena) {
        this.config = config;
        this.arena = arena;
        random = new SplittableRandom(seed);
        for (int i = 0; i < PATTERN_LENGTH; i++) {
            pattern[i] = (float) random.nextDouble(-1, 1);
        }
    }

    /**
     * Makes weights.
     *
     * @param arena owns their memory, which is outside the heap
     */
    public static ModelWeights create(ModelConfig config, long seed, Arena arena) {
        return new SeededWeights(config, seed, arena).model();
    }

    private ModelWeights model() {
        TensorView embedding = matrix("model.embed_tokens.weight", config.vocabSize(), config.hiddenSize());
        List<LayerWeights> layers = new ArrayList<>();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            String prefix = "model.layers." + layer + ".";
            layers.add(config.mixerTypes().get(layer) == MixerType.SPARSE ? sparse(prefix) : lightning(prefix));
        }
        TensorView finalNorm = ones("model.norm.weight", config.hiddenSize());
        TensorView head =
                config.tiedEmbeddings() ? embedding : matrix("lm_head.weight", config.vocabSize(), config.hiddenSize());
        return new ModelWeights(config, embedding, layers, finalNorm, head);
    }

    private LayerWeights sparse(String prefix) {
        int hiddenSize = config.hiddenSize();
        int width = config.queryWidth();
        return new SparseLayerWeights(
                ones(prefix + "input_layernorm.weight", hiddenSize),
                matrix(prefix + "self_attn.q_proj.weight", width, hiddenSize),
                matrix(prefix + "self_attn.k_proj.weight", config.kvWidth(), hiddenSize),
                matrix(prefix + "self_attn.v_proj.weight", config.kvWidth(), hiddenSize),
                matrix(prefix + "self_attn.o_proj.weight", hiddenSize, width),
                config.sparseUseOutputGate()
                        ? Optional.of(matrix(prefix + "self_attn.o_gate.weight", width, hiddenSize))
                        : Optional.empty(),
                ones(prefix + "post_attention_layernorm.weight", hiddenSize),
                mlp(prefix));
    }

    private LayerWeights lightning(String prefix) {
        int hiddenSize = config.hiddenSize();
        LightningConfig lightning = config.lightning();
        int width = lightning.width();
        return new LightningLayerWeights(
                ones(prefix + "input_layernorm.weight", hiddenSize),
                matrix(prefix + "self_attn.q_proj.weight", width, hiddenSize),
                matrix(prefix + "self_attn.k_proj.weight", width, hiddenSize),
                matrix(prefix + "self_attn.v_proj.weight", width, hiddenSize),
                matrix(prefix + "self_attn.o_proj.weight", hiddenSize, width),
                normIf(lightning.qkNorm(), prefix + "self_attn.q_norm.weight", lightning.headDim()),
                normIf(lightning.qkNorm(), prefix + "self_attn.k_norm.weight", lightning.headDim()),
                normIf(lightning.useOutputNorm(), prefix + "self_attn.o_norm.weight", width),
                lightning.useOutputGate()
                        ? Optional.of(matrix(prefix + "self_attn.z_proj.weight", width, hiddenSize))
                        : Optional.empty(),
                ones(prefix + "post_attention_layernorm.weight", hiddenSize),
                mlp(prefix));
    }

    private Mlp mlp(String prefix) {
        int hiddenSize = config.hiddenSize();
        int intermediateSize = config.intermediateSize();
        return new Mlp(
                matrix(prefix + "mlp.gate_proj.weight", intermediateSize, hiddenSize),
                matrix(prefix + "mlp.up_proj.weight", intermediateSize, hiddenSize),
                matrix(prefix + "mlp.down_proj.weight", hiddenSize, intermediateSize));
    }

    private TensorView matrix(String name, int rows, int columns) {
        Shape shape = Shape.of(rows, columns);
        float scale = (float) (1 / Math.sqrt(columns));
        short[] scaled = new short[PATTERN_LENGTH];
        for (int i = 0; i < PATTERN_LENGTH; i++) {
            scaled[i] = (short) (Float.floatToRawIntBits(pattern[i] * scale) >>> Short.SIZE);
        }
        long count = shape.elementCount();
        MemorySegment data = allocate(count);
        int start = random.nextInt(PATTERN_LENGTH);
        for (long done = 0; done < count; ) {
            int length = (int) Math.min(PATTERN_LENGTH - start, count - done);
            MemorySegment.copy(scaled, start, data, LE_SHORT, done * Short.BYTES, length);
            done += length;
            start = 0;
        }
        return new TensorView(name, DType.BF16, shape, data, "seed");
    }

    private Optional<TensorView> normIf(boolean present, String name, int width) {
        return present ? Optional.of(ones(name, width)) : Optional.empty();
    }

    private TensorView ones(String name, int width) {
        MemorySegment data = allocate(width);
        for (int i = 0; i < width; i++) {
            data.setAtIndex(LE_SHORT, i, (short) (Float.floatToRawIntBits(1f) >>> Short.SIZE));
        }
        return new TensorView(name, DType.BF16, Shape.of(width), data, "seed");
    }

    private MemorySegment allocate(long elements) {
        return arena.allocate(Math.multiplyExact(elements, Short.BYTES), ALIGNMENT);
    }
}
