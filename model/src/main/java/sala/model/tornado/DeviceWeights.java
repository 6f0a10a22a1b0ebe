package sala.model.tornado;

import java.util.List;
import sala.kernels.storage.StorageType;
import sala.model.ModelWeights;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * All weights as the device keeps them.
 *
 * @param embedding {@code [vocabSize, hiddenSize]}
 * @param layers in order
 * @param finalNorm {@code [hiddenSize]}
 * @param lmHead {@code [vocabSize, hiddenSize]}; a copy of the embedding where they are tied
 */
record DeviceWeights(DeviceTable embedding, List<DeviceLayer> layers, FloatArray finalNorm, DeviceMatrix lmHead) {
    DeviceWeights {
        layers = List.copyOf(layers);
    }

    static DeviceWeights of(ModelWeights weights, StorageType storage) {
        return new DeviceWeights(
                DeviceTable.of(weights.embedding(), storage),
                weights.layers().stream()
                        .map(layer -> DeviceLayer.of(layer, storage))
                        .toList(),
                FloatArray.fromArray(weights.finalNorm().toFloats()),
                DeviceMatrix.of(weights.lmHead(), storage));
    }
}
