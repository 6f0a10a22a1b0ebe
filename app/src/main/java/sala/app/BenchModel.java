package sala.app;

import sala.loader.ModelConfig;
import sala.loader.TensorView;
import sala.model.ModelWeights;

/**
 * What is known of the measured model.
 *
 * @param name of the folder or of the shape
 * @param dtype of the projections
 * @param weightBytes of all tensors
 * @param parameterCount elements of all tensors
 * @param decodeBytes weights that one decoding step must read: all but the embedding table, of which it needs one row
 * @param layerFlops floating-point operations of the matrix products of one token in all layers, two per weight
 * @param headFlops the same of the head, which a prefill call needs once
 */
record BenchModel(
        String name,
        String dtype,
        long weightBytes,
        long parameterCount,
        long decodeBytes,
        long layerFlops,
        long headFlops) {
    /** Figures of weights that are there. */
    static BenchModel of(String name, ModelWeights weights) {
        ModelConfig config = weights.config();
        long weightBytes = 0;
        long parameterCount = 0;
        long matrixElements = 0;
        for (TensorView tensor : WeightPages.tensors(weights)) {
            weightBytes += tensor.data().byteSize();
            parameterCount += tensor.shape().elementCount();
            if (tensor.shape().rank() == 2) {
                matrixElements += tensor.shape().elementCount();
            }
        }
        long headElements = weights.lmHead().shape().elementCount();
        long embeddingElements = weights.embedding().shape().elementCount();
        long embeddingBytes =
                config.tiedEmbeddings() ? 0 : weights.embedding().data().byteSize();
        long layerElements = matrixElements - embeddingElements - (config.tiedEmbeddings() ? 0 : headElements);
        return new BenchModel(
                name,
                weights.lmHead().dtype().name(),
                weightBytes,
                parameterCount,
                weightBytes - embeddingBytes,
                2 * layerElements,
                2 * headElements);
    }

    /** As the model column shows it. */
    String label() {
        return name + " " + dtype;
    }

    /**
     * Lower bound of the floating-point operations of a prefill call: the matrix products with the weights. Attention
     * comes on top, so the share of the peak that is computed from this is what is left after paying for attention.
     */
    double prefillFlops(int tokenCount) {
        return (double) layerFlops * tokenCount + headFlops;
    }
}
