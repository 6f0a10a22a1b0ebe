package sala.model.cpu;

import sala.loader.ModelConfig;

/**
 * Buffers of one pass through the layers, for up to {@code maxTokens} tokens, shared by all layers and all sessions of a
 * forward pass. T stands for the tokens of a call.
 */
final class Activations {
    /** Residual stream, {@code [T, hiddenSize]}. */
    final float[] hidden;
    /** Normalised input of a mixer or MLP, {@code [T, hiddenSize]}. */
    final float[] normed;
    /** Output of a mixer or MLP, {@code [T, hiddenSize]}. */
    final float[] branch;
    /** Queries, {@code [T, width of the mixer]}. */
    final float[] q;
    /** Keys, {@code [T, kvWidth or width]}. */
    final float[] k;
    /** Values, as keys. */
    final float[] v;
    /** Gate of the mixer's output before the sigmoid, {@code [T, width]}. */
    final float[] gate;
    /** Output of attention, {@code [T, width]}. */
    final float[] attended;
    /** MLP gate and then activation, {@code [T, intermediateSize]}. */
    final float[] mlpGate;
    /** {@code [T, intermediateSize]}. */
    final float[] mlpUp;
    /** Chosen blocks, {@code [T, numKvHeads, maxBlocks]}. */
    final int[] blocks;
    /** {@code [T, numKvHeads]}. */
    final int[] blockCounts;

    /** Where the input projections of a mixer go, in the order of {@link CpuLayer}. */
    final float[][] mixerInputs;
    /** Where the gate and up projections go. */
    final float[][] mlpInputs;
    /** Where a projection back to the hidden size goes. */
    final float[][] branchOutput;

    /**
     * Allocates.
     *
     * @param maxBlocks blocks a query and KV head may choose
     */
    Activations(ModelConfig config, int maxTokens, int maxBlocks) {
        int width = Math.max(config.queryWidth(), config.lightning().width());
        int keyWidth = Math.max(config.kvWidth(), config.lightning().width());
        hidden = floats(maxTokens, config.hiddenSize());
        normed = floats(maxTokens, config.hiddenSize());
        branch = floats(maxTokens, config.hiddenSize());
        q = floats(maxTokens, width);
        k = floats(maxTokens, keyWidth);
        v = floats(maxTokens, keyWidth);
        gate = floats(maxTokens, width);
        attended = floats(maxTokens, width);
        mlpGate = floats(maxTokens, config.intermediateSize());
        mlpUp = floats(maxTokens, config.intermediateSize());
        blockCounts = new int[Math.multiplyExact(maxTokens, config.numKvHeads())];
        blocks = new int[Math.multiplyExact(blockCounts.length, maxBlocks)];
        mixerInputs = new float[][] {q, k, v, gate};
        mlpInputs = new float[][] {mlpGate, mlpUp};
        branchOutput = new float[][] {branch};
    }

    private static float[] floats(int tokens, int width) {
        return new float[Math.multiplyExact(tokens, width)];
    }

    /** Moves the row of the last of {@code count} tokens to the first place. */
    static void keepLast(float[] rows, int count, int width) {
        System.arraycopy(rows, (count - 1) * width, rows, 0, width);
    }
}
