package sala.model.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sala.kernels.storage.StorageType;
import sala.loader.TensorView;
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
        static Mlp of(LayerWeights.Mlp mlp, StorageType storage) {
            return new Mlp(
                    DeviceMatrix.of(mlp.gateProj(), storage),
                    DeviceMatrix.of(mlp.upProj(), storage),
                    DeviceMatrix.of(mlp.downProj(), storage));
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

    /** Copies a layer's weights. */
    static DeviceLayer of(LayerWeights weights, StorageType storage) {
        return switch (weights) {
            case SparseLayerWeights sparse ->
                new Sparse(
                        floats(sparse.inputNorm()),
                        DeviceMatrix.of(sparse.qProj(), storage),
                        DeviceMatrix.of(sparse.kProj(), storage),
                        DeviceMatrix.of(sparse.vProj(), storage),
                        DeviceMatrix.of(sparse.oProj(), storage),
                        sparse.oGate().map(gate -> DeviceMatrix.of(gate, storage)),
                        floats(sparse.postAttentionNorm()),
                        Mlp.of(sparse.mlp(), storage));
            case LightningLayerWeights lightning ->
                new Lightning(
                        floats(lightning.inputNorm()),
                        DeviceMatrix.of(lightning.qProj(), storage),
                        DeviceMatrix.of(lightning.kProj(), storage),
                        DeviceMatrix.of(lightning.vProj(), storage),
                        DeviceMatrix.of(lightning.oProj(), storage),
                        lightning.qNorm().map(DeviceLayer::floats),
                        lightning.kNorm().map(DeviceLayer::floats),
                        lightning.oNorm().map(DeviceLayer::floats),
                        lightning.zProj().map(gate -> DeviceMatrix.of(gate, storage)),
                        floats(lightning.postAttentionNorm()),
                        Mlp.of(lightning.mlp(), storage));
        };
    }

    private static FloatArray floats(TensorView tensor) {
        return FloatArray.fromArray(tensor.toFloats());
    }
}
