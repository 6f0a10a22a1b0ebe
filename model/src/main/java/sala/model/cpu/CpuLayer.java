package sala.model.cpu;

import java.util.Optional;
import java.util.stream.Stream;
import sala.loader.TensorView;
import sala.model.LayerWeights;
import sala.model.LayerWeights.LightningLayerWeights;
import sala.model.LayerWeights.SparseLayerWeights;

/** One layer's weights in the form the kernels take: matrices as stored, norm weights as floats. */
sealed interface CpuLayer {
    /** {@code [hiddenSize]}, before the mixer. */
    float[] inputNorm();

    /** {@code [hiddenSize]}, before the MLP. */
    float[] postAttentionNorm();

    /** The mixer's output projection, alone in an array. */
    WeightMatrix[] output();

    /** Gate and up projections of the MLP. */
    WeightMatrix[] mlpInputs();

    /** The down projection, alone in an array. */
    WeightMatrix[] mlpOutput();

    /** The matrices of the mixer's own: its input projections. */
    WeightMatrix[] inputs();

    /** Elements of all matrices: the multiply-adds of a token. */
    default long numWeights() {
        return Stream.of(inputs(), output(), mlpInputs(), mlpOutput())
                .flatMap(Stream::of)
                .mapToLong(matrix -> (long) matrix.rows * matrix.columns)
                .sum();
    }

    /**
     * Softmax attention.
     *
     * @param inputs q, k, v and, where there is one, the gate
     * @param gated whether there is a gate
     */
    record Sparse(
            float[] inputNorm,
            WeightMatrix[] inputs,
            boolean gated,
            WeightMatrix[] output,
            float[] postAttentionNorm,
            WeightMatrix[] mlpInputs,
            WeightMatrix[] mlpOutput)
            implements CpuLayer {}

    /**
     * Linear attention.
     *
     * @param inputs q, k, v and, where there is one, the gate
     * @param gated whether there is a gate
     * @param qNorm {@code [headDim]}
     * @param kNorm {@code [headDim]}
     * @param oNorm {@code [width]}
     */
    record Lightning(
            float[] inputNorm,
            WeightMatrix[] inputs,
            boolean gated,
            Optional<float[]> qNorm,
            Optional<float[]> kNorm,
            Optional<float[]> oNorm,
            WeightMatrix[] output,
            float[] postAttentionNorm,
            WeightMatrix[] mlpInputs,
            WeightMatrix[] mlpOutput)
            implements CpuLayer {}

    /** Prepares a layer. */
    static CpuLayer of(LayerWeights weights) {
        WeightMatrix[] mlpInputs =
                matrices(weights.mlp().gateProj(), weights.mlp().upProj());
        WeightMatrix[] mlpOutput = matrices(weights.mlp().downProj());
        float[] inputNorm = weights.inputNorm().toFloats();
        float[] postAttentionNorm = weights.postAttentionNorm().toFloats();
        return switch (weights) {
            case SparseLayerWeights sparse -> {
                TensorView[] gate = sparse.oGate().stream().toArray(TensorView[]::new);
                yield new Sparse(
                        inputNorm,
                        matrices(join(gate, sparse.qProj(), sparse.kProj(), sparse.vProj())),
                        gate.length > 0,
                        matrices(sparse.oProj()),
                        postAttentionNorm,
                        mlpInputs,
                        mlpOutput);
            }
            case LightningLayerWeights lightning -> {
                TensorView[] gate = lightning.zProj().stream().toArray(TensorView[]::new);
                yield new Lightning(
                        inputNorm,
                        matrices(join(gate, lightning.qProj(), lightning.kProj(), lightning.vProj())),
                        gate.length > 0,
                        lightning.qNorm().map(TensorView::toFloats),
                        lightning.kNorm().map(TensorView::toFloats),
                        lightning.oNorm().map(TensorView::toFloats),
                        matrices(lightning.oProj()),
                        postAttentionNorm,
                        mlpInputs,
                        mlpOutput);
            }
        };
    }

    private static TensorView[] join(TensorView[] last, TensorView... first) {
        return Stream.concat(Stream.of(first), Stream.of(last)).toArray(TensorView[]::new);
    }

    private static WeightMatrix[] matrices(TensorView... tensors) {
        return Stream.of(tensors).map(WeightMatrix::of).toArray(WeightMatrix[]::new);
    }
}
