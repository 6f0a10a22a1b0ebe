package sala.model;

import java.util.List;
import java.util.Locale;
import sala.loader.CarriedConfig;
import sala.loader.LightningConfig;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;

/** Configurations to measure without a checkpoint; {@link ModelWeights#random} fills them. */
public enum ModelShape {
    /** {@code sala-tiny-en}, 4.3 million parameters. */
    TINY("SLLSLLLL"),
    /** 1.10 billion parameters: the released model's heads, selection and vocabulary, half its width and depth. */
    ONE_B("SLLLLSLLLSLLLLSS"),
    /** MiniCPM-SALA as released, 9.48 billion parameters. */
    NINE_B("SLLLLLLLLSLLLLLLSSLLLLSLLLLLLSSS"),
    /**
     * A transformer of full attention to compare the released model with, 8.39 billion parameters: as many layers of the same
     * width, 8 KV heads, RoPE, no gate.
     */
    DENSE_8B("S".repeat(32));

    private static final SparseConfig RELEASED_SPARSE = new SparseConfig(32, 16, 1, 64, 2048, 64, 8192, false);
    private static final SparseConfig NEVER_SPARSE =
            new SparseConfig(32, 16, 1, 64, 2048, 64, SparseConfig.NEVER, false);

    private final String layerStrip;

    ModelShape(String layerStrip) {
        this.layerStrip = layerStrip;
    }

    /** Layers of the whole model. */
    public int numLayers() {
        return layerStrip.length();
    }

    /** The whole model. */
    public ModelConfig config() {
        return config(numLayers());
    }

    /**
     * The first layers of the model; the residual scale is that of a model of this depth.
     *
     * @throws IllegalArgumentException if the model has fewer layers, or none are asked for
     */
    public ModelConfig config(int layers) {
        if (layers < 1 || layers > numLayers()) {
            throw new IllegalArgumentException(
                    "shape %s has 1 to %d layers, found %d".formatted(this, numLayers(), layers));
        }
        List<MixerType> types = layerStrip
                .chars()
                .limit(layers)
                .mapToObj(letter -> letter == MixerType.SPARSE.letter() ? MixerType.SPARSE : MixerType.LIGHTNING)
                .toList();
        return switch (this) {
            case TINY -> tiny(types);
            case ONE_B -> wide(types, 2048, 5120, 16, 2, RELEASED_SPARSE, false);
            case NINE_B -> wide(types, 4096, 16_384, 32, 2, RELEASED_SPARSE, false);
            case DENSE_8B -> wide(types, 4096, 16_384, 32, 8, NEVER_SPARSE, true);
        };
    }

    /** Everything but the sizes named is that of the released model. */
    private static ModelConfig wide(
            List<MixerType> types,
            int hiddenSize,
            int intermediateSize,
            int numHeads,
            int numKvHeads,
            SparseConfig sparse,
            boolean fullAttention) {
        return new ModelConfig(
                73_448,
                hiddenSize,
                intermediateSize,
                types,
                numHeads,
                numKvHeads,
                128,
                fullAttention,
                !fullAttention,
                sparse,
                lightning(numHeads, 128),
                10_000,
                1e-6,
                12,
                1.4,
                256,
                false,
                524_288,
                1,
                List.of(2, 73_440),
                2,
                "bfloat16",
                CarriedConfig.none());
    }

    private static ModelConfig tiny(List<MixerType> types) {
        return new ModelConfig(
                2048,
                192,
                512,
                types,
                6,
                2,
                32,
                false,
                true,
                new SparseConfig(8, 4, 1, 16, 64, 12, 512, false),
                lightning(6, 32),
                10_000,
                1e-6,
                12,
                1.4,
                64,
                false,
                16_384,
                1,
                List.of(2, 2046),
                2,
                "bfloat16",
                CarriedConfig.none());
    }

    private static LightningConfig lightning(int numHeads, int headDim) {
        return new LightningConfig(numHeads, headDim, Math.pow(headDim, -0.5), true, true, true, true);
    }

    /** The name people type: {@code tiny}, {@code 1b}, {@code 9b}, {@code dense-8b}. */
    @Override
    public String toString() {
        return switch (this) {
            case TINY -> "tiny";
            case ONE_B -> "1b";
            case NINE_B -> "9b";
            case DENSE_8B -> "dense-8b";
        };
    }

    /**
     * The shape of a name; {@code minicpm-sala} is {@link #NINE_B}.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static ModelShape ofName(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "tiny" -> TINY;
            case "1b" -> ONE_B;
            case "9b", "minicpm-sala" -> NINE_B;
            case "dense-8b" -> DENSE_8B;
            default ->
                throw new IllegalArgumentException("expected tiny, 1b, 9b, minicpm-sala or dense-8b, found " + name);
        };
    }
}
