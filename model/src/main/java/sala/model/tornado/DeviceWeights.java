package sala.model.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import sala.kernels.storage.StorageType;
import sala.model.LayerWeights;
import sala.model.ModelWeights;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * All weights as the device keeps them, in the shares that go to the device one after the other.
 *
 * @param embedding {@code [vocabSize, hiddenSize]}
 * @param embeddingShare of the embedding
 * @param layers in order
 * @param layerShares of each layer
 * @param finalNorm {@code [hiddenSize]}
 * @param lmHead {@code [vocabSize, hiddenSize]}; a copy of the embedding where they are tied
 * @param headShare of the final norm and the head
 */
record DeviceWeights(
        DeviceTable embedding,
        HostStaging.Share embeddingShare,
        List<DeviceLayer> layers,
        List<HostStaging.Share> layerShares,
        FloatArray finalNorm,
        DeviceMatrix lmHead,
        HostStaging.Share headShare) {
    DeviceWeights {
        layers = List.copyOf(layers);
        layerShares = List.copyOf(layerShares);
    }

    /**
     * Gives every tensor its array, in the order in which they are sent. No value is copied yet.
     *
     * @param withLayer puts what else is sent with a layer into its share
     */
    static DeviceWeights of(
            ModelWeights weights,
            StorageType storage,
            HostStaging staging,
            BiConsumer<DeviceLayer, HostStaging.Share> withLayer) {
        HostStaging.Share embeddingShare = staging.share();
        DeviceTable embedding = DeviceTable.of(weights.embedding(), storage, embeddingShare);
        List<DeviceLayer> layers = new ArrayList<>();
        List<HostStaging.Share> layerShares = new ArrayList<>();
        for (LayerWeights layer : weights.layers()) {
            HostStaging.Share share = staging.share();
            DeviceLayer deviceLayer = DeviceLayer.of(layer, storage, share);
            withLayer.accept(deviceLayer, share);
            layers.add(deviceLayer);
            layerShares.add(share);
        }
        HostStaging.Share headShare = staging.share();
        return new DeviceWeights(
                embedding,
                embeddingShare,
                layers,
                layerShares,
                headShare.floats(weights.finalNorm()),
                DeviceMatrix.of(weights.lmHead(), storage, headShare),
                headShare);
    }
}
