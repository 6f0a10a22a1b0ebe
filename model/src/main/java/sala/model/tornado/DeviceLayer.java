package sala.model.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sala.kernels.storage.StorageType;
import sala.model.LayerWeights;
import sala.model.LayerWeights.LightningLayerWeights;
import sala.model.LayerWeights.SparseLayerWeights;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Weights of one layer as the device keeps them: matrices in the storage type, norms in f32. */
sealed interface DeviceLayer {
    FloatArray inputNorm();

    DeviceMatrix qProj();

    DeviceMatrix kProj();

    DeviceMatrix vProj();

    DeviceMatrix oProj();

    /** {@code o_gate} or {@code z_proj}; empty where the configuration has no gate. */
    Optional<DeviceMatrix> gateProj();

    FloatArray postAttentionNorm();

    Mlp mlp();

    /** All arrays, for transfers. */
    default List<TornadoNativeArray> arrays() {
        List<TornadoNativeArray> arrays = new ArrayList<>(List.of(
                inputNorm(),
                qProj().values(),
                kProj().values(),
                vProj().values(),
                oProj().values(),
                postAttentionNorm(),
                mlp().gateProj().values(),
                mlp().upProj().values(),
                mlp().downProj().values()));
        gateProj().ifPresent(gate -> arrays.add(gate.values()));
        if (this instanceof Lightning lightning) {
            lightning.qNorm().ifPresent(arrays::add);
            lightning.kNorm().ifPresent(arrays::add);
            lightning.oNorm().ifPresent(arrays::add);
        }
        return arrays;
    }

    record Mlp(DeviceMatrix gateProj, DeviceMatrix upProj, DeviceMatrix downProj) {
        static Mlp of(LayerWeights.Mlp mlp, StorageType storage, HostStaging.Share share) {
            return new Mlp(
                    DeviceMatrix.of(mlp.gateProj(), storage, share),
                    DeviceMatrix.of(mlp.upProj(), storage, share),
                    DeviceMatrix.of(mlp.downProj(), storage, share));
        }
    }

    record Sparse(
            FloatArray inputNorm,
            DeviceMatrix qProj,
            DeviceMatrix kProj,
            DeviceMatrix vProj,
            DeviceMatrix oProj,
            Optional<DeviceMatrix> gateProj,
            FloatArray postAttentionNorm,
            Mlp mlp)
            implements DeviceLayer {}

    record Lightning(
            FloatArray inputNorm,
            DeviceMatrix qProj,
            DeviceMatrix kProj,
            DeviceMatrix vProj,
            DeviceMatrix oProj,
            Optional<FloatArray> qNorm,
            Optional<FloatArray> kNorm,
            Optional<FloatArray> oNorm,
            Optional<DeviceMatrix> gateProj,
            FloatArray postAttentionNorm,
            Mlp mlp)
            implements DeviceLayer {}

    /** A layer's weights; their values go to the device with the share. */
    static DeviceLayer of(LayerWeights weights, StorageType storage, HostStaging.Share share) {
        return switch (weights) {
            case SparseLayerWeights sparse ->
                new Sparse(
                        share.floats(sparse.inputNorm()),
                        DeviceMatrix.of(sparse.qProj(), storage, share),
                        DeviceMatrix.of(sparse.kProj(), storage, share),
                        DeviceMatrix.of(sparse.vProj(), storage, share),
                        DeviceMatrix.of(sparse.oProj(), storage, share),
                        sparse.oGate().map(gate -> DeviceMatrix.of(gate, storage, share)),
                        share.floats(sparse.postAttentionNorm()),
                        Mlp.of(sparse.mlp(), storage, share));
            case LightningLayerWeights lightning ->
                new Lightning(
                        share.floats(lightning.inputNorm()),
                        DeviceMatrix.of(lightning.qProj(), storage, share),
                        DeviceMatrix.of(lightning.kProj(), storage, share),
                        DeviceMatrix.of(lightning.vProj(), storage, share),
                        DeviceMatrix.of(lightning.oProj(), storage, share),
                        lightning.qNorm().map(share::floats),
                        lightning.kNorm().map(share::floats),
                        lightning.oNorm().map(share::floats),
                        lightning.zProj().map(gate -> DeviceMatrix.of(gate, storage, share)),
                        share.floats(lightning.postAttentionNorm()),
                        Mlp.of(lightning.mlp(), storage, share));
        };
    }
}
