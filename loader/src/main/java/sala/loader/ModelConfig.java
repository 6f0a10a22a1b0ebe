package sala.loader;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/**
 * {@code config.json} of a MiniCPM-SALA checkpoint, validated; absent fields have the released model's values.
 *
 * @param vocabSize rows of the embedding and of the head
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the MLP
 * @param mixerTypes kind of each layer, in order
 * @param numHeads query heads of the sparse layers
 * @param numKvHeads key/value heads of the sparse layers
 * @param headDim length of a q, k or v vector of the sparse layers
 * @param sparseUseRope rotary positions in the sparse layers ({@code attn_use_rope}; off in the released model: HyPE)
 * @param sparseUseOutputGate sigmoid gate in the sparse layers ({@code attn_use_output_gate})
 * @param sparse block selection
 * @param lightning linear-attention layers
 * @param ropeTheta base of the rotary frequencies
 * @param rmsNormEps added to the mean square in every norm
 * @param embeddingScale factor on embeddings ({@code scale_emb})
 * @param scaleDepth see {@link #residualScale()}
 * @param dimModelBase see {@link #logitScale()}
 * @param tiedEmbeddings whether the head is the embedding matrix
 * @param maxPositionEmbeddings context length the checkpoint was made for
 * @param bosTokenId first token of every prompt
 * @param eosTokenIds tokens that end a generation
 * @param padTokenId padding
 * @param torchDtype element type the file states
 * @param carried what the file states beside it
 */
public record ModelConfig(
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        List<MixerType> mixerTypes,
        int numHeads,
        int numKvHeads,
        int headDim,
        boolean sparseUseRope,
        boolean sparseUseOutputGate,
        SparseConfig sparse,
        LightningConfig lightning,
        double ropeTheta,
        double rmsNormEps,
        double embeddingScale,
        double scaleDepth,
        double dimModelBase,
        boolean tiedEmbeddings,
        int maxPositionEmbeddings,
        int bosTokenId,
        List<Integer> eosTokenIds,
        int padTokenId,
        String torchDtype,
        CarriedConfig carried) {
    public ModelConfig {
        mixerTypes = List.copyOf(mixerTypes);
        eosTokenIds = List.copyOf(eosTokenIds);
    }

    /** The released MiniCPM-SALA: every field at its default. */
    public static ModelConfig released() {
        return ModelConfigReader.parse(
                "the released configuration", "{\"model_type\": \"minicpm_sala\"}".getBytes(StandardCharsets.UTF_8));
    }

    /** The same model, as another file would state it. */
    public ModelConfig withCarried(CarriedConfig other) {
        return new ModelConfig(
                vocabSize,
                hiddenSize,
                intermediateSize,
                mixerTypes,
                numHeads,
                numKvHeads,
                headDim,
                sparseUseRope,
                sparseUseOutputGate,
                sparse,
                lightning,
                ropeTheta,
                rmsNormEps,
                embeddingScale,
                scaleDepth,
                dimModelBase,
                tiedEmbeddings,
                maxPositionEmbeddings,
                bosTokenId,
                eosTokenIds,
                padTokenId,
                torchDtype,
                other);
    }

    public int numLayers() {
        return mixerTypes.size();
    }

    /** Query heads that share a KV head. */
    public int groupSize() {
        return numHeads / numKvHeads;
    }

    /** Width of q and of the mixer output in sparse layers: {@code numHeads * headDim}. */
    public int queryWidth() {
        return numHeads * headDim;
    }

    /** Width of k and v in sparse layers: {@code numKvHeads * headDim}. */
    public int kvWidth() {
        return numKvHeads * headDim;
    }

    /** Softmax scale of the sparse layers: {@code headDim^-0.5}. */
    public double attentionScale() {
        return Math.pow(headDim, -0.5);
    }

    /** Factor on each residual branch: {@code scale_depth / sqrt(numLayers)}. */
    public double residualScale() {
        return scaleDepth / Math.sqrt(numLayers());
    }

    /** Factor on the normalised hidden state before the head: {@code dim_model_base / hiddenSize}. */
    public double logitScale() {
        return dimModelBase / hiddenSize;
    }

    /** One letter a layer, such as {@code SLLS}. */
    public String layerStrip() {
        return mixerTypes.stream().map(type -> String.valueOf(type.letter())).collect(Collectors.joining());
    }
}
