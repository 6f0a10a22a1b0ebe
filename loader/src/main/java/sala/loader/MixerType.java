package sala.loader;

/** The attention part of a layer. */
public enum MixerType {
    /** {@code minicpm4}: softmax attention, dense or InfLLM-V2 block-sparse; drawn as S. */
    SPARSE,
    /** {@code lightning-attn}: linear attention with a constant decay per head; drawn as L. */
    LIGHTNING;

    /** Letter of the layer strip: S or L. */
    public char letter() {
        return this == SPARSE ? 'S' : 'L';
    }
}
