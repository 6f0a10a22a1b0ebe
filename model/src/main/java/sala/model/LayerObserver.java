package sala.model;

/**
 * Sees what a forward pass computes. A pass asks {@code observes...} first and copies only what is wanted, so an
 * observer that wants nothing costs nothing per element. Calls come from the thread that runs the pass, in order of
 * position within one activation.
 */
public interface LayerObserver {
    /** Observes nothing. */
    LayerObserver NONE = new LayerObserver() {};

    /** Named activations of one token. */
    enum Activation {
        /** Scaled embedding, {@code [hiddenSize]}; reported with layer -1. */
        EMBEDDING,
        /** Residual stream after a layer, {@code [hiddenSize]}. */
        LAYER_OUTPUT,
        /** After the final norm, before the logit scale, {@code [hiddenSize]}; reported with layer {@code numLayers}. */
        FINAL_NORM,
        /** {@code [vocabSize]}; reported with layer {@code numLayers}. */
        LOGITS
    }

    /** Whether this activation of this layer is wanted at this position. */
    default boolean observes(Activation activation, int layer, int position) {
        return false;
    }

    /**
     * An activation that was asked for.
     *
     * @param values a copy, free to keep
     */
    default void activation(Activation activation, int layer, int position, float[] values) {}

    /** Whether block choices of this sparse layer are wanted at this position. */
    default boolean observesBlocks(int layer, int position) {
        return false;
    }

    /**
     * Blocks chosen in a sparse call.
     *
     * @param blocks ascending block indices, a copy
     */
    default void blocks(int layer, int kvHead, int position, int[] blocks) {}
}
