package sala.loader;

/**
 * Linear-attention layers.
 *
 * @param numHeads heads of q, k and v ({@code lightning_nh}; {@code lightning_nkv} must equal it)
 * @param headDim length of a q, k or v vector ({@code lightning_head_dim})
 * @param attentionScale factor on the output, from {@code lightning_scale}: {@code headDim^-0.5}, {@code 1/headDim} or 1
 * @param useRope rotary positions on q and k ({@code lightning_use_rope})
 * @param qkNorm RMS norm on every q and k head ({@code qk_norm})
 * @param useOutputNorm RMS norm over the whole mixer output ({@code use_output_norm})
 * @param useOutputGate sigmoid gate on the mixer output ({@code use_output_gate})
 */
public record LightningConfig(
        int numHeads,
        int headDim,
        double attentionScale,
        boolean useRope,
        boolean qkNorm,
        boolean useOutputNorm,
        boolean useOutputGate) {
    /** Width of q, k, v and of the mixer output: {@code numHeads * headDim}. */
    public int width() {
        return numHeads * headDim;
    }
}
