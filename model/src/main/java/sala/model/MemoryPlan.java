package sala.model;

import java.util.Locale;
import sala.loader.LightningConfig;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;

/**
 * Bytes that a model takes for one conversation, computed from its configuration alone.
 *
 * @param contextLength tokens of the conversation
 * @param weightBytes all tensors in the type that the configuration names
 * @param kvBytes keys and values of the sparse layers
 * @param fineKeyBytes their fine compressed keys
 * @param coarseKeyBytes their coarse compressed keys
 * @param stateBytes recurrent states of the lightning layers, always f32
 * @param workBytes activations of a prefill chunk and scores
 */
public record MemoryPlan(
        int contextLength,
        long weightBytes,
        long kvBytes,
        long fineKeyBytes,
        long coarseKeyBytes,
        long stateBytes,
        long workBytes) {
    /** Tokens of a prefill chunk that the work buffers are counted for. */
    private static final int PREFILL_CHUNK = 256;

    /** The plan of the CPU pass. */
    public static MemoryPlan of(ModelConfig config, int contextLength) {
        return of(config, contextLength, CacheFormat.F32);
    }

    /**
     * A plan.
     *
     * @throws ArithmeticException if a figure exceeds a {@code long}
     */
    public static MemoryPlan of(ModelConfig config, int contextLength, CacheFormat format) {
        SparseConfig sparse = config.sparse();
        long sparseLayers = layers(config, MixerType.SPARSE);
        long keyRow = Math.multiplyExact(sparseLayers * config.kvWidth(), format.keyBytes());
        LightningConfig lightning = config.lightning();
        long state = Math.multiplyExact((long) lightning.width() * lightning.headDim(), Float.BYTES);
        return new MemoryPlan(
                contextLength,
                Math.multiplyExact(parameterCount(config), weightBytesPerParameter(config)),
                Math.multiplyExact(2L * contextLength, keyRow),
                Math.multiplyExact(windows(contextLength, sparse.kernelSize(), sparse.kernelStride()), keyRow),
                Math.multiplyExact(
                        windows(contextLength, sparse.coarseKernelSize(), sparse.coarseKernelStride()), keyRow),
                Math.multiplyExact(layers(config, MixerType.LIGHTNING), state),
                workBytes(config, contextLength));
    }

    private static int weightBytesPerParameter(ModelConfig config) {
        return switch (config.torchDtype().toLowerCase(Locale.ROOT)) {
            case "float32", "f32" -> 4;
            case "float64", "f64" -> 8;
            default -> 2;
        };
    }

    private static long layers(ModelConfig config, MixerType type) {
        return config.mixerTypes().stream().filter(mixer -> mixer == type).count();
    }

    private static long windows(int length, int kernelSize, int kernelStride) {
        return length < kernelSize ? 0 : (length - kernelSize) / kernelStride + 1;
    }

    private static long workBytes(ModelConfig config, int contextLength) {
        long tokens = Math.min(PREFILL_CHUNK, contextLength);
        long width = Math.max(config.queryWidth(), config.lightning().width());
        long row = 3L * config.hiddenSize() + 5 * width + 2L * config.intermediateSize();
        long scores = windows(
                contextLength, config.sparse().kernelSize(), config.sparse().kernelStride());
        return Float.BYTES * (tokens * row + 2 * scores + config.vocabSize());
    }

    /** Elements of all tensors, exactly. */
    public static long parameterCount(ModelConfig config) {
        long hidden = config.hiddenSize();
        long common = 2 * hidden + 3 * hidden * config.intermediateSize();
        long query = config.queryWidth();
        long sparse = common + hidden * query * (config.sparseUseOutputGate() ? 3 : 2) + 2 * hidden * config.kvWidth();
        LightningConfig lightning = config.lightning();
        long width = lightning.width();
        long linear = common
                + hidden * width * (lightning.useOutputGate() ? 5 : 4)
                + (lightning.qkNorm() ? 2L * lightning.headDim() : 0)
                + (lightning.useOutputNorm() ? width : 0);
        long tables = hidden * config.vocabSize() * (config.tiedEmbeddings() ? 1 : 2);
        return layers(config, MixerType.SPARSE) * sparse
                + layers(config, MixerType.LIGHTNING) * linear
                + tables
                + hidden;
    }

    /** Fine and coarse compressed keys. */
    public long compressedKeyBytes() {
        return fineKeyBytes + coarseKeyBytes;
    }

    /** Everything. */
    public long totalBytes() {
        return weightBytes + kvBytes + compressedKeyBytes() + stateBytes + workBytes;
    }
}
