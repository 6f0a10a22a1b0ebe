package sala.kernels.reference;

/**
 * Sizes of block selection, in tokens and blocks.
 *
 * @param kernelSize tokens of a fine window
 * @param kernelStride tokens between the starts of fine windows
 * @param blockSize tokens of a block, a multiple of {@code kernelStride}
 * @param initBlocks first blocks, always selected
 * @param localBlocks blocks before the current one, always selected as the current one is
 * @param effectiveTopK blocks selected, forced ones among them
 */
public record SelectionRule(
        int kernelSize, int kernelStride, int blockSize, int initBlocks, int localBlocks, int effectiveTopK) {
    /** Coarse windows are four times as wide and as far apart as fine ones. */
    public static final int COARSE_FACTOR = 4;

    public SelectionRule {
        Arguments.requireAtLeast("kernelSize", kernelSize, 1);
        Arguments.requireAtLeast("kernelStride", kernelStride, 1);
        Arguments.requireAtLeast("blockSize", blockSize, 1);
        Arguments.requireMultiple("blockSize", blockSize, kernelStride, "(whole strides)");
        Arguments.requireAtLeast("initBlocks", initBlocks, 0);
        Arguments.requireAtLeast("localBlocks", localBlocks, 0);
        Arguments.requireAtLeast("effectiveTopK", effectiveTopK, 0);
    }

    public int coarseKernelSize() {
        return COARSE_FACTOR * kernelSize;
    }

    public int coarseKernelStride() {
        return COARSE_FACTOR * kernelStride;
    }

    /** Fine windows that start inside one block. */
    public int stridesPerBlock() {
        return blockSize / kernelStride;
    }

    /** Fine windows that end at or before {@code position}. */
    public int visibleFineWindows(int position) {
        return KeyCompression.count(position + 1, kernelSize, kernelStride);
    }

    /** Coarse windows that end at or before {@code position}. */
    public int visibleCoarseWindows(int position) {
        return KeyCompression.count(position + 1, coarseKernelSize(), coarseKernelStride());
    }

    /** Blocks that hold {@code length} tokens, the last one perhaps in part. */
    public int numBlocks(int length) {
        return (length + blockSize - 1) / blockSize;
    }

    /** Whether a query in block {@code currentBlock} always attends to {@code block}. */
    public boolean isForced(int block, int currentBlock) {
        return block < initBlocks || (block >= currentBlock - localBlocks && block <= currentBlock);
    }
}
