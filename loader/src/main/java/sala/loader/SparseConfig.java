package sala.loader;

/**
 * InfLLM-V2 block selection, {@code sparse_config} of {@code config.json}. Lengths in tokens.
 *
 * @param kernelSize window of a fine compressed key
 * @param kernelStride stride of fine compressed keys
 * @param initBlocks first blocks, always selected
 * @param blockSize tokens of a selectable block
 * @param windowSize local window; a multiple of {@code blockSize}
 * @param topK blocks selected beside the local window
 * @param denseLength attention is dense while the context is shorter than this; {@link #NEVER} where it always is
 * @param useNope whether selection scores un-rotated queries and keys; matters only with RoPE in sparse layers
 */
public record SparseConfig(
        int kernelSize,
        int kernelStride,
        int initBlocks,
        int blockSize,
        int windowSize,
        int topK,
        int denseLength,
        boolean useNope) {
    /** A {@link #denseLength} that no context reaches. */
    public static final int NEVER = Integer.MAX_VALUE;

    /** How much wider and sparser the coarse compressed keys are; fixed by the released code. */
    public static final int COARSE_FACTOR = 4;

    /** Blocks of the local window before the current one. */
    public int localBlocks() {
        return windowSize / blockSize;
    }

    /** Blocks selected per query and KV head: {@code topK + localBlocks}. */
    public int effectiveTopK() {
        return topK + localBlocks();
    }

    public int coarseKernelSize() {
        return COARSE_FACTOR * kernelSize;
    }

    public int coarseKernelStride() {
        return COARSE_FACTOR * kernelStride;
    }

    /** Fine windows that start inside one block: {@code blockSize / kernelStride}. */
    public int stridesPerBlock() {
        return blockSize / kernelStride;
    }
}
