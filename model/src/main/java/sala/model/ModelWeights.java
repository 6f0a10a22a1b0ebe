package sala.model;

import java.util.List;
import sala.loader.ModelConfig;
import sala.loader.TensorView;

/**
 * All weights of a model, checked against its configuration, as stored; shared by all sessions.
 *
 * @param config the model's configuration
 * @param embedding {@code [vocabSize, hiddenSize]}
 * @param layers in order
 * @param finalNorm {@code [hiddenSize]}
 * @param lmHead {@code [vocabSize, hiddenSize]}; the embedding itself where they are tied
 */
public record ModelWeights(
        ModelConfig config, TensorView embedding, List<LayerWeights> layers, TensorView finalNorm, TensorView lmHead) {
    public ModelWeights {
        layers = List.copyOf(layers);
    }
}
