package sala.model.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sala.kernels.Step;
import sala.kernels.attention.QueryOperands;
import sala.kernels.attention.SplitPartials;
import sala.kernels.lightning.ChunkedPrefill;
import sala.kernels.lightning.LightningDecay;
import sala.kernels.rope.RopeTable;
import sala.kernels.selection.BlockRank;
import sala.kernels.selection.DecodeSelectionScratch;
import sala.kernels.selection.PrefillSelectionF32;
import sala.loader.LightningConfig;
import sala.loader.ModelConfig;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Arrays between the kernels, shared by all layers. Rows are tokens of the call, at most {@code tokenCapacity}.
 *
 * @param tokenCapacity most tokens of a call
 * @param selectionGroups work groups of block selection in prefill
 * @param step which tokens the call computes
 * @param tokens their ids
 * @param hidden residual stream, {@code [T, hiddenSize]}
 * @param normed its norm, {@code [T, hiddenSize]}
 * @param q {@code [T, width]}, the wider of the two kinds of layers
 * @param k likewise
 * @param v likewise
 * @param attended output of a mixer, {@code [T, width]}
 * @param mixed the same after the output norm, {@code [T, width]}
 * @param gate what the output gate is the sigmoid of, of one token, {@code [1, width]}
 * @param activated {@code [T, intermediateSize]}; of one token where prefill is on tensor cores
 * @param tensor what prefill on tensor cores has besides
 * @param lightningRope angles of the lightning layers
 * @param sparseRope angles of the sparse layers, where they rotate
 * @param decays per lightning head, for one token
 * @param decaySlopes per lightning head, for chunks
 * @param chunkStates scratch of chunked prefill
 * @param selectedBlocks {@code [T, numKvHeads, maxSelected]}
 * @param prefillRanks scratch of block selection in prefill
 * @param decodeSelection scratch of block selection in decode
 * @param partials scratch of attention in decode
 * @param lastRow the normalised last token of a call, {@code [1, hiddenSize]}
 * @param logits {@code [vocabSize]}
 */
record DeviceBuffers(
        int tokenCapacity,
        int selectionGroups,
        IntArray step,
        IntArray tokens,
        FloatArray hidden,
        FloatArray normed,
        FloatArray q,
        FloatArray k,
        FloatArray v,
        FloatArray attended,
        FloatArray mixed,
        FloatArray gate,
        FloatArray activated,
        Optional<TensorBuffers> tensor,
        RopeAngles lightningRope,
        RopeAngles sparseRope,
        FloatArray decays,
        FloatArray decaySlopes,
        FloatArray chunkStates,
        IntArray selectedBlocks,
        IntArray prefillRanks,
        DecodeSelectionScratch decodeSelection,
        SplitPartials partials,
        FloatArray lastRow,
        FloatArray logits) {

    /**
     * Angles of the rotation.
     *
     * @param inverseFrequencies {@code [headDim / 2]}
     * @param cosines {@code [T, headDim / 2]}
     * @param sines {@code [T, headDim / 2]}
     */
    record RopeAngles(FloatArray inverseFrequencies, FloatArray cosines, FloatArray sines) {
        static RopeAngles of(int headDim, double ropeTheta, int tokens) {
            int size = Math.multiplyExact(tokens, headDim / 2);
            return new RopeAngles(
                    RopeTable.inverseFrequencies(headDim, ropeTheta), new FloatArray(size), new FloatArray(size));
        }
    }

    /** Arrays for a model, without contents but for those that never change. */
    static DeviceBuffers of(ModelConfig config, Shapes shapes, TornadoOptions options) {
        int tokens = options.prefillChunk();
        LightningConfig lightning = config.lightning();
        int width = Math.max(config.queryWidth(), lightning.width());
        int mixers = Math.multiplyExact(tokens, width);
        int splits = splits(options);
        int stream = Math.multiplyExact(tokens, config.hiddenSize());
        IntArray prefillRanks = new IntArray(PrefillSelectionF32.scratchLength(
                shapes.attention(), shapes.layout(), shapes.rule(), options.workGroups()));
        return new DeviceBuffers(
                tokens,
                options.workGroups(),
                Step.create(),
                new IntArray(tokens),
                new FloatArray(stream),
                new FloatArray(stream),
                new FloatArray(mixers),
                new FloatArray(mixers),
                new FloatArray(mixers),
                new FloatArray(mixers),
                new FloatArray(mixers),
                new FloatArray(width),
                new FloatArray(Math.multiplyExact(activatedTokens(options), config.intermediateSize())),
                TensorBuffers.of(config, shapes, options, prefillRanks),
                RopeAngles.of(lightning.headDim(), config.ropeTheta(), tokens),
                RopeAngles.of(config.headDim(), config.ropeTheta(), tokens),
                LightningDecay.decays(lightning.numHeads()),
                LightningDecay.slopes(lightning.numHeads()),
                new FloatArray(ChunkedPrefill.chunkStatesSize(
                        tokens, options.lightningChunk(), lightning.numHeads(), lightning.headDim())),
                new IntArray(Math.multiplyExact(
                        Math.multiplyExact(tokens, config.numKvHeads()), BlockRank.maxSelected(shapes.rule()))),
                prefillRanks,
                DecodeSelectionScratch.create(shapes.attention(), shapes.layout(), shapes.rule(), splits),
                SplitPartials.create(shapes.attention(), 1, splits),
                new FloatArray(config.hiddenSize()),
                new FloatArray(config.vocabSize()));
    }

    /** Bytes of all arrays that {@link #of} makes. */
    static long bytes(ModelConfig config, Shapes shapes, TornadoOptions options) {
        return elements(config, shapes, options) * Float.BYTES + TensorBuffers.bytes(config, shapes, options);
    }

    /** Elements of the arrays of floats and ints, without columns. */
    private static long elements(ModelConfig config, Shapes shapes, TornadoOptions options) {
        long tokens = options.prefillChunk();
        LightningConfig lightning = config.lightning();
        long width = Math.max(config.queryWidth(), lightning.width());
        int splits = splits(options);
        long perToken = 1
                + 2L * config.hiddenSize()
                + 5 * width
                + 2L * (lightning.headDim() / 2 + config.headDim() / 2)
                + (long) config.numKvHeads() * BlockRank.maxSelected(shapes.rule());
        long heads = config.numHeads();
        return Step.SIZE
                + tokens * perToken
                + width
                + (long) activatedTokens(options) * config.intermediateSize()
                + lightning.headDim() / 2
                + config.headDim() / 2
                + 2L * lightning.numHeads()
                + ChunkedPrefill.chunkStatesSize(
                        options.prefillChunk(), options.lightningChunk(), lightning.numHeads(), lightning.headDim())
                + PrefillSelectionF32.scratchLength(
                        shapes.attention(), shapes.layout(), shapes.rule(), options.workGroups())
                + 2 * heads * splits
                + (long) config.numKvHeads()
                        * shapes.rule().numBlocks(shapes.layout().capacity())
                + SplitPartials.length(shapes.attention(), 1, splits)
                + config.hiddenSize()
                + config.vocabSize();
    }

    /** Tokens whose activation stands in rows. */
    private static int activatedTokens(TornadoOptions options) {
        return options.products().onTensorCores() ? 1 : options.prefillChunk();
    }

    /** Work groups that share a token's attention in decode. */
    private static int splits(TornadoOptions options) {
        return Math.clamp(options.workGroups() / 8, 1, 64);
    }

    /** A token's queries for block selection and attention on tensor cores; empty where those are portable. */
    Optional<QueryOperands> queryOperands() {
        return tensor.flatMap(TensorBuffers::decode).map(decode -> new QueryOperands(q, decode.operands()));
    }

    /** What every layer may use, but for the step; in the order of the record. */
    List<Object> arrays() {
        List<Object> arrays = new ArrayList<>(List.of(
                tokens,
                hidden,
                normed,
                q,
                k,
                v,
                attended,
                mixed,
                gate,
                activated,
                decays,
                decaySlopes,
                chunkStates,
                selectedBlocks,
                prefillRanks));
        tensor.ifPresent(prefill -> arrays.addAll(prefill.arrays()));
        for (RopeAngles angles : List.of(lightningRope, sparseRope)) {
            arrays.addAll(List.of(angles.inverseFrequencies(), angles.cosines(), angles.sines()));
        }
        arrays.addAll(List.of(
                decodeSelection.maxima(),
                decodeSelection.sums(),
                decodeSelection.blockRanks(),
                partials.results(),
                lastRow,
                logits));
        return arrays;
    }
}
