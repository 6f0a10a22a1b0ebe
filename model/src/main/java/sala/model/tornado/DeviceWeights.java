package sala.model.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
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

    /** Bytes of the largest share, with what else lies in those of the layers. */
    static long largestShareBytes(
            ModelWeights weights, StorageType storage, ToLongFunction<LayerWeights> layerCacheBytes) {
        long largest = Math.max(
                HostStaging.bytes(List.of(weights.embedding()), storage),
                HostStaging.bytes(List.of(weights.finalNorm(), weights.lmHead()), storage));
        for (LayerWeights layer : weights.layers()) {
            largest =
                    Math.max(largest, HostStaging.bytes(layer.tensors(), storage) + layerCacheBytes.applyAsLong(layer));
        }
        return largest;
    }

    /** Gives every tensor its array. No value is copied yet. */
    static DeviceWeights of(ModelWeights weights, StorageType storage, HostStaging staging) {
        HostStaging.Share embeddingShare = staging.share();
        DeviceTable embedding = DeviceTable.of(weights.embedding(), storage, embeddingShare);
        List<DeviceLayer> layers = new ArrayList<>();
        List<HostStaging.Share> layerShares = new ArrayList<>();
        for (LayerWeights layer : weights.layers()) {
            HostStaging.Share share = staging.share();
            layers.add(DeviceLayer.of(layer, storage, share));
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
