package sala.model.tornado;

import java.util.List;
import sala.kernels.storage.StorageType;
import sala.loader.ModelConfig;
import sala.model.ModelWeights;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * All weights as the device keeps them.
 *
 * @param embedding {@code [vocabSize, hiddenSize]}
 * @param layers in order
 * @param finalNorm {@code [hiddenSize]}
 * @param lmHead {@code [vocabSize, hiddenSize]}; the same array as {@code embedding} where they are tied
 */
record DeviceWeights(DeviceMatrix embedding, List<DeviceLayer> layers, FloatArray finalNorm, DeviceMatrix lmHead) {
    DeviceWeights {
        layers = List.copyOf(layers);
    }

    static DeviceWeights of(ModelWeights weights, StorageType storage) {
        ModelConfig config = weights.config();
        DeviceMatrix embedding = DeviceMatrix.of(weights.embedding(), storage);
        return new DeviceWeights(
                embedding,
                weights.layers().stream()
                        .map(layer -> DeviceLayer.of(layer, storage))
                        .toList(),
                FloatArray.fromArray(weights.finalNorm().toFloats()),
                config.tiedEmbeddings() ? embedding : DeviceMatrix.of(weights.lmHead(), storage));
    }
}
