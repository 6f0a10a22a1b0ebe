package sala.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sala.loader.TensorView;

/** Weights of one layer; projections are {@code [out, in]}. */
public sealed interface LayerWeights {
    /** {@code [hiddenSize]}, before the mixer. */
    TensorView inputNorm();

    /** {@code [hiddenSize]}, before the MLP. */
    TensorView postAttentionNorm();

    Mlp mlp();

    /** Every tensor of the layer, in the order of the forward pass. */
    default List<TensorView> tensors() {
        List<TensorView> tensors = new ArrayList<>();
        tensors.add(inputNorm());
        switch (this) {
            case SparseLayerWeights sparse -> {
                tensors.addAll(List.of(sparse.qProj(), sparse.kProj(), sparse.vProj(), sparse.oProj()));
                sparse.oGate().ifPresent(tensors::add);
            }
            case LightningLayerWeights lightning -> {
                tensors.addAll(List.of(lightning.qProj(), lightning.kProj(), lightning.vProj(), lightning.oProj()));
                lightning.qNorm().ifPresent(tensors::add);
                lightning.kNorm().ifPresent(tensors::add);
                lightning.oNorm().ifPresent(tensors::add);
                lightning.zProj().ifPresent(tensors::add);
            }
        }
        tensors.add(postAttentionNorm());
        tensors.addAll(List.of(mlp().gateProj(), mlp().upProj(), mlp().downProj()));
        return tensors;
    }

    /**
     * SwiGLU.
     *
     * @param gateProj {@code [intermediateSize, hiddenSize]}
     * @param upProj {@code [intermediateSize, hiddenSize]}
     * @param downProj {@code [hiddenSize, intermediateSize]}
     */
    record Mlp(TensorView gateProj, TensorView upProj, TensorView downProj) {}

    /**
     * A sparse ({@code minicpm4}) layer.
     *
     * @param qProj {@code [numHeads * headDim, hiddenSize]}
     * @param kProj {@code [numKvHeads * headDim, hiddenSize]}
     * @param vProj {@code [numKvHeads * headDim, hiddenSize]}
     * @param oProj {@code [hiddenSize, numHeads * headDim]}
     * @param oGate {@code [numHeads * headDim, hiddenSize]}; empty where the configuration has no gate
     */
    record SparseLayerWeights(
            TensorView inputNorm,
            TensorView qProj,
            TensorView kProj,
            TensorView vProj,
            TensorView oProj,
            Optional<TensorView> oGate,
            TensorView postAttentionNorm,
            Mlp mlp)
            implements LayerWeights {}

    /**
     * A lightning layer; its width is {@code lightning.numHeads * lightning.headDim}.
     *
     * @param qProj {@code [width, hiddenSize]}
     * @param kProj {@code [width, hiddenSize]}
     * @param vProj {@code [width, hiddenSize]}
     * @param oProj {@code [hiddenSize, width]}
     * @param qNorm {@code [headDim]}; empty without QK norm
     * @param kNorm {@code [headDim]}; empty without QK norm
     * @param oNorm {@code [width]}; empty without output norm
     * @param zProj {@code [width, hiddenSize]}; empty without output gate
     */
    record LightningLayerWeights(
            TensorView inputNorm,
            TensorView qProj,
            TensorView kProj,
            TensorView vProj,
            TensorView oProj,
            Optional<TensorView> qNorm,
            Optional<TensorView> kNorm,
            Optional<TensorView> oNorm,
            Optional<TensorView> zProj,
            TensorView postAttentionNorm,
            Mlp mlp)
            implements LayerWeights {}
}
