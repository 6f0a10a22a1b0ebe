package sala.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;
import sala.loader.Checkpoint;
import sala.loader.CheckpointException;
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
 * All weights of a model, checked against its configuration, as stored; shared by all sessions.
 *
 * @param config the model's configuration
 * @param embedding {@code [vocabSize, hiddenSize]}
 * @param layers in order
 * @param finalNorm {@code [hiddenSize]}
 * @param lmHead {@code [vocabSize, hiddenSize]}; the embedding itself where they are tied
 */
public record ModelWeights(
        ModelConfig config, TensorView embedding, List<LayerWeights> layers, TensorView finalNorm, TensorView lmHead) {
    private static final ValueLayout.OfShort LE_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat LE_FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Elements that {@link #random} draws from one generator. */
    private static final int PIECE_ELEMENTS = 1 << 16;

    public ModelWeights {
        layers = List.copyOf(layers);
    }

    /** Where tensors come from: a checkpoint, or a seed. */
    private interface Source {
        /**
         * The tensor of a name.
         *
         * @param where what it is, for messages
         * @param meaning of the shape, for messages
         */
        TensorView tensor(String name, String where, Shape shape, String meaning);
    }

    /**
     * Takes the tensors of a checkpoint. They stay views of its mapped files.
     *
     * @throws CheckpointException if a tensor is missing, has another shape or is of no floating-point type, or if there
     *     are tensors that the configuration has no use for
     */
    public static ModelWeights load(Checkpoint checkpoint) {
        Set<String> taken = new HashSet<>();
        ModelWeights weights = build(checkpoint.config(), (name, where, shape, meaning) -> {
            TensorView tensor = checkpoint.tensor(name);
            if (!tensor.shape().equals(shape)) {
                throw new CheckpointException("%s in %s: expected %s (%s), found %s"
                        .formatted(where, tensor.source(), shape, meaning, tensor.shape()));
            }
            if (!tensor.dtype().isFloatingPoint()) {
                throw new CheckpointException("%s in %s: expected F64, F32, F16 or BF16, found %s"
                        .formatted(where, tensor.source(), tensor.dtype()));
            }
            taken.add(name);
            return tensor;
        });
        Set<String> extra = new TreeSet<>(checkpoint.tensorNames());
        extra.removeAll(taken);
        if (!extra.isEmpty()) {
            throw new CheckpointException("%s: %d tensors that this configuration has no use for: %s"
                    .formatted(
                            checkpoint.directory(),
                            extra.size(),
                            extra.stream().limit(8).toList()));
        }
        return weights;
    }

    /**
     * Weights made from a seed, for measurements: matrices are uniform with variance {@code 1 / columns}, which keeps
     * activations at the size of their inputs; norms are 1.
     *
     * @param dtype BF16, F16 or F32
     * @param arena owns the memory; threads of the common pool write to it, so it is not a confined one
     */
    public static ModelWeights random(ModelConfig config, DType dtype, long seed, Arena arena) {
        return build(config, (name, where, shape, meaning) -> {
            MemorySegment data = arena.allocate(Math.multiplyExact(shape.elementCount(), dtype.bytes()), 64);
            fill(data, dtype, shape, seed ^ name.hashCode());
            return new TensorView(name, dtype, shape, data, "seed " + seed);
        });
    }

    /** Fills a tensor in parallel; an element depends on the seed and its index alone. */
    private static void fill(MemorySegment data, DType dtype, Shape shape, long seed) {
        long elements = shape.elementCount();
        boolean norm = shape.rank() == 1;
        float bound = norm ? 0 : (float) Math.sqrt(3.0 / shape.dimension(1));
        IntStream.range(0, Math.toIntExact(Math.ceilDiv(elements, (long) PIECE_ELEMENTS)))
                .parallel()
                .forEach(piece -> {
                    long from = (long) piece * PIECE_ELEMENTS;
                    float[] values = new float[(int) Math.min(PIECE_ELEMENTS, elements - from)];
                    if (norm) {
                        Arrays.fill(values, 1);
                    } else {
                        fillUniformly(values, bound, new SplittableRandom(seed * 31 + piece));
                    }
                    put(data, dtype, from, values);
                });
    }

    /** Values evenly spread over {@code [-bound, bound)} in 65,536 steps; a long gives four of them. */
    private static void fillUniformly(float[] values, float bound, SplittableRandom random) {
        float step = bound * 0x1p-15f;
        long bits = 0;
        for (int i = 0; i < values.length; i++) {
            bits = i % 4 == 0 ? random.nextLong() : bits >>> Short.SIZE;
            values[i] = (short) bits * step;
        }
    }

    private static void put(MemorySegment data, DType dtype, long from, float[] values) {
        switch (dtype) {
            case BF16 -> {
                short[] halves = new short[values.length];
                for (int i = 0; i < values.length; i++) {
                    halves[i] = (short) (Float.floatToRawIntBits(values[i]) >>> Short.SIZE);
                }
                MemorySegment.copy(halves, 0, data, LE_SHORT, from * Short.BYTES, halves.length);
            }
            case F16 -> {
                short[] halves = new short[values.length];
                for (int i = 0; i < values.length; i++) {
                    halves[i] = Float.floatToFloat16(values[i]);
                }
                MemorySegment.copy(halves, 0, data, LE_SHORT, from * Short.BYTES, halves.length);
            }
            case F32 -> MemorySegment.copy(values, 0, data, LE_FLOAT, from * Float.BYTES, values.length);
            case F64, F8_E4M3, F8_E5M2, F8_E8M0, I64, I32, I16, I8, U64, U32, U16, U8, BOOL ->
                throw new IllegalArgumentException("random weights: expected BF16, F16 or F32, found " + dtype);
        }
    }

    private static ModelWeights build(ModelConfig config, Source source) {
        Shape table = Shape.of(config.vocabSize(), config.hiddenSize());
        String tableMeaning = "vocabSize, " + hiddenMeaning(config);
        TensorView embedding = source.tensor("model.embed_tokens.weight", "embed_tokens.weight", table, tableMeaning);
        List<LayerWeights> layers = new ArrayList<>();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            LayerReader reader = new LayerReader(config, source, layer);
            layers.add(config.mixerTypes().get(layer) == MixerType.SPARSE ? reader.sparse() : reader.lightning());
        }
        TensorView finalNorm =
                source.tensor("model.norm.weight", "norm.weight", Shape.of(config.hiddenSize()), hiddenMeaning(config));
        TensorView lmHead = config.tiedEmbeddings()
                ? embedding
                : source.tensor("lm_head.weight", "lm_head.weight", table, tableMeaning);
        return new ModelWeights(config, embedding, layers, finalNorm, lmHead);
    }

    private static String hiddenMeaning(ModelConfig config) {
        return "hiddenSize " + config.hiddenSize();
    }

    /** Tensors of one layer. */
    private record LayerReader(ModelConfig config, Source source, int layer) {
        LayerWeights sparse() {
            long hidden = config.hiddenSize();
            long query = config.queryWidth();
            long kv = config.kvWidth();
            String hiddenMeaning = hiddenMeaning(config);
            String queryHeads = "numHeads %d x headDim %d".formatted(config.numHeads(), config.headDim());
            String queryMeaning = queryHeads + ", " + hiddenMeaning;
            String kvMeaning =
                    "numKvHeads %d x headDim %d, %s".formatted(config.numKvHeads(), config.headDim(), hiddenMeaning);
            return new SparseLayerWeights(
                    norm("input_layernorm", hidden),
                    attention("q_proj", query, hidden, queryMeaning),
                    attention("k_proj", kv, hidden, kvMeaning),
                    attention("v_proj", kv, hidden, kvMeaning),
                    attention("o_proj", hidden, query, hiddenMeaning + ", " + queryHeads),
                    config.sparseUseOutputGate()
                            ? Optional.of(attention("o_gate", query, hidden, queryMeaning))
                            : Optional.empty(),
                    norm("post_attention_layernorm", hidden),
                    mlp());
        }

        LayerWeights lightning() {
            LightningConfig lightning = config.lightning();
            long hidden = config.hiddenSize();
            long width = lightning.width();
            String heads = "lightning heads %d x headDim %d".formatted(lightning.numHeads(), lightning.headDim());
            String hiddenMeaning = hiddenMeaning(config);
            String meaning = heads + ", " + hiddenMeaning;
            return new LightningLayerWeights(
                    norm("input_layernorm", hidden),
                    attention("q_proj", width, hidden, meaning),
                    attention("k_proj", width, hidden, meaning),
                    attention("v_proj", width, hidden, meaning),
                    attention("o_proj", hidden, width, hiddenMeaning + ", " + heads),
                    optional(lightning.qkNorm(), "self_attn.q_norm", lightning.headDim()),
                    optional(lightning.qkNorm(), "self_attn.k_norm", lightning.headDim()),
                    optional(lightning.useOutputNorm(), "self_attn.o_norm", width),
                    lightning.useOutputGate()
                            ? Optional.of(attention("z_proj", width, hidden, meaning))
                            : Optional.empty(),
                    norm("post_attention_layernorm", hidden),
                    mlp());
        }

        private Mlp mlp() {
            long hidden = config.hiddenSize();
            long intermediate = config.intermediateSize();
            String hiddenMeaning = hiddenMeaning(config);
            String meaning = "intermediateSize, " + hiddenMeaning;
            return new Mlp(
                    tensor("mlp.gate_proj", Shape.of(intermediate, hidden), meaning),
                    tensor("mlp.up_proj", Shape.of(intermediate, hidden), meaning),
                    tensor("mlp.down_proj", Shape.of(hidden, intermediate), hiddenMeaning + ", intermediateSize"));
        }

        private Optional<TensorView> optional(boolean present, String name, long width) {
            return present ? Optional.of(norm(name, width)) : Optional.empty();
        }

        private TensorView norm(String name, long width) {
            return tensor(name, Shape.of(width), "width of the norm");
        }

        private TensorView attention(String name, long out, long in, String meaning) {
            return tensor("self_attn." + name, Shape.of(out, in), meaning);
        }

        private TensorView tensor(String name, Shape shape, String meaning) {
            return source.tensor(
                    "model.layers.%d.%s.weight".formatted(layer, name),
                    "layer %d %s.weight".formatted(layer, name.substring(name.indexOf('.') + 1)),
                    shape,
                    meaning);
        }
    }
}
