package sala.model.tornado;

import static sala.kernels.storage.PackedBf16.PER_WORD;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sala.kernels.attention.QueryOperands;
import sala.kernels.attention.TensorDecodeAttention;
import sala.kernels.attention.TensorDecodeScratch;
import sala.kernels.attention.TensorDenseAttention;
import sala.kernels.attention.TensorDenseScratch;
import sala.kernels.reference.SelectionRule;
import sala.kernels.selection.BlockRank;
import sala.kernels.selection.TensorPrefillSelection;
import sala.kernels.selection.TensorSelectionScratch;
import sala.kernels.sparse.TensorAttentionScratch;
import sala.kernels.sparse.TensorSparseAttention;
import sala.kernels.storage.StorageType;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * What kernels on tensor cores have between them, shared by all layers: those of prefill, and block selection and attention
 * of decode. Of activations a column is a token.
 *
 * @param products which kernels multiply
 * @param inputs rounded inputs of a projection, {@code [width, T]} for the widest
 * @param activated rounded output of the gated activation, {@code [intermediateSize, T]}
 * @param results of a projection, {@code [outputSize, T]} for the largest
 * @param upResults of the up projection, while {@code results} has those of the gate, {@code [intermediateSize, T]}
 * @param selection scratch of block selection; empty where that is portable
 * @param attention likewise, of sparse attention
 * @param denseAttention likewise, of dense attention
 * @param decode likewise, of the attention of one token, dense or sparse
 */
record TensorBuffers(
        MatrixProducts products,
        Columns inputs,
        Columns activated,
        FloatArray results,
        FloatArray upResults,
        Optional<TensorSelectionScratch> selection,
        Optional<TensorAttentionScratch> attention,
        Optional<TensorDenseScratch> denseAttention,
        Optional<Decode> decode) {
    /**
     * Scratch of block selection and attention of one token.
     *
     * @param operands of {@link QueryOperands}
     * @param dense for the work groups that dense attention has
     * @param sparse the same arrays, a work group a tile of the selected blocks
     */
    record Decode(HalfFloatArray operands, TensorDecodeScratch dense, TensorDecodeScratch sparse) {
        private static Decode of(Shapes shapes, TornadoOptions options) {
            TensorDecodeScratch scratch = TensorDecodeScratch.create(shapes.attention(), splits(shapes, options));
            return new Decode(
                    new HalfFloatArray(QueryOperands.length(shapes.attention())),
                    scratch.withSplits(denseSplits(shapes, options)),
                    scratch.withSplits(sparseSplits(shapes.rule())));
        }

        private static int denseSplits(Shapes shapes, TornadoOptions options) {
            return TensorDecodeAttention.denseSplits(shapes.attention(), options.workGroups());
        }

        private static int sparseSplits(SelectionRule rule) {
            return TensorDecodeAttention.numTiles(rule.blockSize(), BlockRank.maxSelected(rule));
        }

        private static int splits(Shapes shapes, TornadoOptions options) {
            return Math.max(denseSplits(shapes, options), sparseSplits(shapes.rule()));
        }
    }

    /** Rows of a fragment, which are written together. */
    private static final int OUTPUT_MULTIPLE = 16;

    /** Columns of rounded values, in the storage type of the weights that multiply them. */
    sealed interface Columns {
        /** The array that task graphs transfer. */
        TornadoNativeArray values();

        record F16(HalfFloatArray values) implements Columns {}

        /** Four tokens a word. */
        record PackedBf16(LongArray values) implements Columns {}

        private static Columns of(StorageType weights, int length) {
            return switch (weights) {
                case F16 -> new F16(new HalfFloatArray(length));
                case BF16, PACKED_BF16 -> new PackedBf16(new LongArray(length / PER_WORD));
                case F32 -> throw new IllegalArgumentException("tensor cores multiply no f32 weights");
            };
        }
    }

    /**
     * Arrays for a model, without contents; empty where its products are portable.
     *
     * @param blockRanks that block selection has in either form
     */
    static Optional<TensorBuffers> of(ModelConfig config, Shapes shapes, TornadoOptions options, IntArray blockRanks) {
        if (!options.products().onTensorCores()) {
            return Optional.empty();
        }
        options.products().requireSizes(config);
        int tokens = options.prefillChunk();
        return Optional.of(new TensorBuffers(
                options.products(),
                Columns.of(options.weightStorage(), Math.multiplyExact(tokens, inputSize(config))),
                Columns.of(options.weightStorage(), Math.multiplyExact(tokens, config.intermediateSize())),
                new FloatArray(Math.multiplyExact(tokens, outputSize(config))),
                new FloatArray(Math.multiplyExact(tokens, config.intermediateSize())),
                selects(config, shapes, options)
                        ? Optional.of(TensorSelectionScratch.create(blockRanks, options.workGroups()))
                        : Optional.empty(),
                attends(config, options)
                        ? Optional.of(TensorAttentionScratch.create(options.workGroups()))
                        : Optional.empty(),
                attendsDensely(config, options)
                        ? Optional.of(TensorDenseScratch.create(shapes.attention(), tokens))
                        : Optional.empty(),
                decodes(config, shapes, options) ? Optional.of(Decode.of(shapes, options)) : Optional.empty()));
    }

    /** Whether block selection has a form on tensor cores for this model and these caches. */
    private static boolean selects(ModelConfig config, Shapes shapes, TornadoOptions options) {
        return attends(config, options)
                && TensorPrefillSelection.supports(shapes.attention())
                && options.workGroups() >= config.numKvHeads(); // at least one a KV head in decode
    }

    /** The same of sparse attention. */
    private static boolean attends(ModelConfig config, TornadoOptions options) {
        return copies(config, options) && TensorSparseAttention.supports(config.headDim());
    }

    /** The same of dense attention. */
    private static boolean attendsDensely(ModelConfig config, TornadoOptions options) {
        return copies(config, options) && TensorDenseAttention.supports(config.headDim());
    }

    /** The same of the attention of one token. */
    private static boolean decodes(ModelConfig config, Shapes shapes, TornadoOptions options) {
        return copies(config, options) && TensorDecodeAttention.supports(shapes.attention());
    }

    /** Whether there are caches that tensor cores can copy asynchronously. */
    private static boolean copies(ModelConfig config, TornadoOptions options) {
        return options.products() == MatrixProducts.ASYNC_TENSOR_CORES
                && options.cacheStorage() == StorageType.F16
                && config.mixerTypes().contains(MixerType.SPARSE);
    }

    /** Bytes of all arrays that {@link #of} makes. */
    static long bytes(ModelConfig config, Shapes shapes, TornadoOptions options) {
        if (!options.products().onTensorCores()) {
            return 0;
        }
        long rounded = (long) inputSize(config) + config.intermediateSize();
        long results = (long) outputSize(config) + config.intermediateSize();
        long selection = selects(config, shapes, options) ? TensorSelectionScratch.bytes(options.workGroups()) : 0;
        long attention = attends(config, options) ? TensorAttentionScratch.bytes(options.workGroups()) : 0;
        long dense = attendsDensely(config, options)
                ? TensorDenseScratch.bytes(shapes.attention(), options.prefillChunk())
                : 0;
        long decode = decodes(config, shapes, options)
                ? TensorDecodeScratch.bytes(shapes.attention(), Decode.splits(shapes, options))
                        + (long) QueryOperands.length(shapes.attention()) * Short.BYTES
                : 0;
        return options.prefillChunk() * (rounded * options.weightStorage().elementBytes() + results * Float.BYTES)
                + selection
                + attention
                + dense
                + decode;
    }

    /** Widest input but for that of the down projection. */
    private static int inputSize(ModelConfig config) {
        return Math.max(config.hiddenSize(), mixerWidth(config));
    }

    /** Largest output, in whole fragments. */
    private static int outputSize(ModelConfig config) {
        int largest = Math.max(
                Math.max(config.hiddenSize(), mixerWidth(config)),
                Math.max(config.kvWidth(), config.intermediateSize()));
        return Math.ceilDiv(largest, OUTPUT_MULTIPLE) * OUTPUT_MULTIPLE;
    }

    private static int mixerWidth(ModelConfig config) {
        return Math.max(config.queryWidth(), config.lightning().width());
    }

    /** All arrays that are its own, in the order of the record. */
    List<TornadoNativeArray> arrays() {
        List<TornadoNativeArray> arrays =
                new ArrayList<>(List.of(inputs.values(), activated.values(), results, upResults));
        selection.ifPresent(scratch -> arrays.addAll(List.of(scratch.results(), scratch.operands())));
        attention.ifPresent(scratch -> arrays.addAll(List.of(scratch.results(), scratch.operands())));
        denseAttention.ifPresent(scratch -> arrays.addAll(List.of(scratch.results(), scratch.queries())));
        decode.map(Decode::dense)
                .ifPresent(scratch ->
                        arrays.addAll(List.of(scratch.partials().results(), scratch.scores(), scratch.noBlocks())));
        decode.map(Decode::operands).ifPresent(arrays::add);
        return arrays;
    }
}
