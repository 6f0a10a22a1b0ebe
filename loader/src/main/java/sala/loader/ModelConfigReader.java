package sala.loader;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * {@code config.json} to {@link ModelConfig}. An absent field has the value of the released model's class; an unknown
 * field is ignored; a field that asks for what the released code does not define is refused by name. Sizes are bounded
 * so that products of two fit an {@code int} where they index one array.
 *
 * <p>A {@code sparse_config} that is {@code null} means dense attention at every length, as in the released code; one that
 * is absent has the released values, as every absent field has. Sparse attention that a caller asks for all the same takes
 * those values too.
 *
 * <p>{@code lightning_scale} is a string: {@code 1/sqrt(d)}, {@code 1/d}, and any other means 1, as in the released
 * code. A number is refused, since that code would ignore its value.
 */
final class ModelConfigReader {
    /** Name of the file in a checkpoint folder. */
    static final String FILE_NAME = "config.json";

    /** Largest configuration accepted. */
    static final int MAX_BYTES = 4 << 20;

    private static final int MAX_LAYERS = 4096;
    private static final int MAX_SIZE = 1 << 24;
    /** S layers of the released model's 32. */
    private static final List<Integer> RELEASED_SPARSE_LAYERS = List.of(0, 9, 16, 17, 22, 29, 30, 31);

    private static final int RELEASED_NUM_LAYERS = 32;
    static final String MODEL_TYPE = "minicpm_sala";
    static final String ARCHITECTURE = "MiniCPMSALAForCausalLM";

    private final JsonFields fields;

    private ModelConfigReader(JsonFields fields) {
        this.fields = fields;
    }

    static ModelConfig parse(String file, byte[] json) {
        return new ModelConfigReader(JsonFields.parse(file, json)).read();
    }

    private ModelConfig read() {
        checkModelType();
        refuse("quantization_config", fields.has("quantization_config"), "none: only unquantised weights are read");
        refuse("lightning_layerwise_decay", fields.flag("lightning_layerwise_decay", false), "false");
        refuse("attention_bias", fields.flag("attention_bias", false), "false: the model has no biases");
        refuse("hidden_act", !fields.string("hidden_act", "silu").equals("silu"), "silu");
        checkRopeScaling();

        int headDim = size("head_dim", 128);
        int numHeads = size("num_attention_heads", 32);
        int numKvHeads = size("num_key_value_heads", 2);
        refuse("num_key_value_heads", numHeads % numKvHeads != 0, "a divisor of num_attention_heads " + numHeads);
        boolean sparseUseRope = fields.flag("attn_use_rope", false);
        refuse("head_dim", sparseUseRope && headDim % 2 != 0, "an even number, since attn_use_rope is true");
        SparseConfig sparse = readSparse(sparseUseRope);
        LightningConfig lightning = readLightning();
        checkWidth("head_dim", numHeads, headDim);
        checkWidth("lightning_head_dim", lightning.numHeads(), lightning.headDim());
        refuse(
                "lightning_head_dim",
                (long) lightning.width() * lightning.headDim() > Integer.MAX_VALUE,
                "heads x dim x dim, the state of a layer, of at most " + Integer.MAX_VALUE);
        return new ModelConfig(
                size("vocab_size", 73_448),
                size("hidden_size", 4096),
                size("intermediate_size", 16_384),
                readMixerTypes(),
                numHeads,
                numKvHeads,
                headDim,
                sparseUseRope,
                fields.flag("attn_use_output_gate", true),
                sparse,
                lightning,
                readRopeTheta(),
                fields.number("rms_norm_eps", 1e-6, 0, 1),
                fields.number("scale_emb", 12, -1e6, 1e6),
                fields.number("scale_depth", 1.4, -1e6, 1e6),
                fields.number("dim_model_base", 256, 1e-6, 1e9),
                fields.flag("tie_word_embeddings", false),
                fields.integer("max_position_embeddings", 524_288, 1, Integer.MAX_VALUE),
                fields.integer("bos_token_id", 1, 0, Integer.MAX_VALUE),
                fields.integers("eos_token_id", List.of(2, 73_440)),
                fields.integer("pad_token_id", 2, 0, Integer.MAX_VALUE),
                fields.string("torch_dtype", fields.string("dtype", "bfloat16")),
                readCarried());
    }

    private CarriedConfig readCarried() {
        CarriedConfig absent = CarriedConfig.none();
        JsonFields autoMap = fields.object("auto_map");
        return new CarriedConfig(
                fields.strings("architectures", absent.architectures()),
                fields.string("model_type", ""),
                autoMap.names().stream()
                        .filter(autoMap::isString)
                        .collect(Collectors.toMap(name -> name, name -> autoMap.string(name, ""))),
                fields.string("hidden_act", absent.hiddenAct()),
                fields.flag("attention_bias", absent.attentionBias()),
                fields.number("attention_dropout", absent.attentionDropout(), 0, 1),
                fields.number("mup_denominator", absent.mupDenominator(), -1e9, 1e9),
                fields.number("initializer_range", absent.initializerRange(), 0, 1e9),
                fields.integer("pretraining_tp", absent.pretrainingTp(), 0, MAX_SIZE),
                fields.flag("shift_labels", absent.shiftLabels()),
                fields.flag("use_cache", absent.useCache()),
                fields.has("transformers_version")
                        ? Optional.of(fields.string("transformers_version", ""))
                        : Optional.empty());
    }

    private void checkModelType() {
        List<String> architectures = fields.strings("architectures", List.of(ARCHITECTURE));
        boolean known = fields.has("model_type")
                ? fields.string("model_type", "").equals(MODEL_TYPE)
                : architectures.contains(ARCHITECTURE) && fields.has("architectures");
        refuse("model_type", !known, MODEL_TYPE + ", the one architecture that this project runs");
    }

    private void checkRopeScaling() {
        for (String field : List.of("rope_scaling", "rope_parameters")) {
            if (fields.has(field)) {
                JsonFields scaling = fields.object(field);
                String type = scaling.string("rope_type", scaling.string("type", ""));
                if (!type.equals("default")) {
                    throw scaling.wrong(
                            "rope_type", "default, or %s null: no other scaling is defined".formatted(field));
                }
            }
        }
    }

    /** {@code rope_theta}, which newer tools write inside {@code rope_parameters}. */
    private double readRopeTheta() {
        JsonFields parameters = fields.object("rope_parameters");
        return fields.number("rope_theta", parameters.number("rope_theta", 10_000, 1e-3, 1e12), 1e-3, 1e12);
    }

    private SparseConfig readSparse(boolean useRope) {
        JsonFields sparse = fields.object("sparse_config");
        int kernelSize = sparse.integer("kernel_size", 32, 1, MAX_SIZE);
        int kernelStride = sparse.integer("kernel_stride", 16, 1, MAX_SIZE);
        int blockSize = sparse.integer("block_size", 64, 1, MAX_SIZE);
        int windowSize = sparse.integer("window_size", 2048, 0, MAX_SIZE);
        if (kernelSize < kernelStride) {
            throw sparse.wrong("kernel_size", "at least kernel_stride " + kernelStride);
        }
        if (blockSize % kernelStride != 0) {
            throw sparse.wrong("block_size", "a multiple of kernel_stride " + kernelStride);
        }
        if (windowSize % blockSize != 0) {
            throw sparse.wrong("window_size", "a multiple of block_size " + blockSize);
        }
        boolean useNope = sparse.flag("use_nope", false);
        if (useNope && useRope) {
            throw sparse.wrong("use_nope", "false where attn_use_rope is true: the combination is not defined");
        }
        return new SparseConfig(
                kernelSize,
                kernelStride,
                sparse.integer("init_blocks", 1, 0, MAX_SIZE),
                blockSize,
                windowSize,
                sparse.integer("topk", 64, 0, MAX_SIZE),
                fields.isNull("sparse_config")
                        ? SparseConfig.NEVER
                        : sparse.integer("dense_len", 8192, 0, Integer.MAX_VALUE),
                useNope);
    }

    private LightningConfig readLightning() {
        int numHeads = size("lightning_nh", 32);
        refuse(
                "lightning_nkv",
                fields.integer("lightning_nkv", numHeads, 1, MAX_SIZE) != numHeads,
                "lightning_nh " + numHeads + ": grouped linear attention is not defined");
        int headDim = size("lightning_head_dim", 128);
        boolean useRope = fields.flag("lightning_use_rope", true);
        refuse("lightning_head_dim", useRope && headDim % 2 != 0, "an even number, since lightning_use_rope is true");
        double attentionScale = switch (fields.string("lightning_scale", "1/sqrt(d)")) {
            case "1/sqrt(d)" -> Math.pow(headDim, -0.5);
            case "1/d" -> 1.0 / headDim;
            default -> 1; // as the released code does
        };
        return new LightningConfig(
                numHeads,
                headDim,
                attentionScale,
                useRope,
                fields.flag("qk_norm", true),
                fields.flag("use_output_norm", true),
                fields.flag("use_output_gate", true));
    }

    private List<MixerType> readMixerTypes() {
        int numLayers = fields.integer("num_hidden_layers", RELEASED_NUM_LAYERS, 1, MAX_LAYERS);
        if (!fields.has("mixer_types")) {
            refuse(
                    "mixer_types",
                    numLayers != RELEASED_NUM_LAYERS,
                    "a kind for each of num_hidden_layers %d".formatted(numLayers));
            return releasedMixerTypes();
        }
        List<MixerType> mixerTypes = new ArrayList<>();
        for (String kind : fields.strings("mixer_types", List.of())) {
            mixerTypes.add(
                    switch (kind) {
                        case "minicpm4", "standard", "attention", "attn" -> MixerType.SPARSE;
                        case "lightning-attn", "lightning_attn", "lightning" -> MixerType.LIGHTNING;
                        default -> throw fields.wrong("mixer_types", "minicpm4 or lightning-attn for each layer");
                    });
        }
        if (mixerTypes.isEmpty() || (fields.has("num_hidden_layers") && mixerTypes.size() != numLayers)) {
            throw fields.wrong("mixer_types", "a kind for each of num_hidden_layers %d".formatted(numLayers));
        }
        return mixerTypes;
    }

    static List<MixerType> releasedMixerTypes() {
        return IntStream.range(0, RELEASED_NUM_LAYERS)
                .mapToObj(layer -> RELEASED_SPARSE_LAYERS.contains(layer) ? MixerType.SPARSE : MixerType.LIGHTNING)
                .toList();
    }

    private int size(String field, int absent) {
        return fields.integer(field, absent, 1, MAX_SIZE);
    }

    private void checkWidth(String field, int heads, int headDim) {
        refuse(field, (long) heads * headDim > MAX_SIZE, "heads x dim of at most " + MAX_SIZE);
    }

    private void refuse(String field, boolean wrong, String expected) {
        if (wrong) {
            throw fields.wrong(field, expected);
        }
    }
}
