package sala.jmh;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.attention.DenseAttentionF16;
import sala.kernels.attention.DenseAttentionF32;
import sala.kernels.attention.SplitPartials;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.sparse.SparseAttentionF16;
import sala.kernels.sparse.SparseAttentionF32;
import sala.kernels.sparse.TensorAttentionScratch;
import sala.kernels.sparse.TensorSparseAttention;
import sala.kernels.storage.StorageType;
import sala.model.tornado.TornadoOptions;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Softmax attention, block-sparse or dense; of one token, whose keys are shared out among work groups, or of many.
 * Counted are, of one token, the keys and values that it sees; of many, the two products.
 *
 * <p>A graph goes round several caches, or round several choices of blocks of one that is larger than the device's cache, so
 * that no launch of one token finds its keys there.
 *
 * @param inputs context, and the tokens that attend
 * @param sparse whether they attend to blocks spread over the context, or to all of it
 * @param tensorCores whether the block-sparse attention of many tokens is that of tensor cores; F16 only
 * @param type of the cache, F32 or F16
 * @param numSplits work groups that share a head group's keys; of one token only
 */
record AttentionSpeed(AttentionInputs inputs, boolean sparse, boolean tensorCores, StorageType type, int numSplits)
        implements KernelSpeedRow {
    /** More than the largest caches hold. */
    private static final double BYTES_OF_A_ROUND = 250e6;

    /** Launches of a graph: each is compiled by itself. */
    private static final int MOST_LAUNCHES = 12;

    /** Queries and softmax numerators are rounded to f16. */
    private static final double TENSOR_TOLERANCE = 5e-3;

    @Override
    public String name() {
        return (tensorCores ? "tensor " : "")
                + (sparse ? "sparse attention " : "dense attention ")
                + type.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String shape() {
        return inputs.describe() + (inputs.tokens() == 1 ? ", %d splits".formatted(numSplits) : "");
    }

    /** Tokens that the last query sees. */
    private int visible() {
        return sparse ? inputs.spreadPositions(inputs.tokens() - 1).length : inputs.contextLength();
    }

    @Override
    public double bytes() {
        return inputs.tokens() > 1 ? 0 : 2.0 * visible() * inputs.heads().kvWidth() * type.elementBytes();
    }

    @Override
    public double flops() {
        if (inputs.tokens() == 1) {
            return 0;
        }
        return sparse ? 4.0 * visible() * inputs.heads().width() * inputs.tokens() : inputs.denseFlops();
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        if (tensorCores) {
            return backend == TornadoVMBackendType.CUDA;
        }
        return type == StorageType.F32 || (type == StorageType.F16 && backend != TornadoVMBackendType.JAVA);
    }

    @Override
    public Work allocate() {
        HeadLayout heads = inputs.heads();
        AttentionShape shape = heads.shape();
        CacheLayout layout = new CacheLayout(heads.numKvHeads(), heads.headDim(), inputs.contextLength());
        FloatArray q =
                (FloatArray) AttentionInputs.seededQueries().array(StorageType.F32, inputs.tokens() * heads.width());
        int launches = inputs.tokens() > 1 ? 1 : launches(bytes());
        int caches = caches(launches, 2.0 * layout.length() * type.elementBytes());
        List<TornadoNativeArray> keys = new ArrayList<>();
        List<TornadoNativeArray> values = new ArrayList<>();
        for (int cache = 0; cache < caches; cache++) {
            keys.add(AttentionInputs.seededKeys().array(type, layout.length()));
            values.add(AttentionInputs.seededValues().array(type, layout.length()));
        }
        int maxSelected = heads.rule().effectiveTopK();
        List<IntArray> selections = selections(inputs, maxSelected, Math.ceilDiv(launches, caches));
        SplitPartials partials = SplitPartials.create(shape, 1, numSplits);
        TensorAttentionScratch scratch = TensorAttentionScratch.create(tensorCores ? TornadoOptions.WORK_GROUPS : 1);
        FloatArray out = new FloatArray(inputs.tokens() * heads.width());
        IntArray step = Step.create();
        Step.set(step, inputs.position(), inputs.tokens());
        return new Work() {
            @Override
            public Object[] inputs() {
                List<Object> arrays = new ArrayList<>(keys);
                arrays.addAll(values);
                arrays.addAll(List.of(q, step));
                if (sparse) {
                    arrays.addAll(selections);
                }
                if (inputs.tokens() == 1) {
                    arrays.add(partials.results());
                }
                if (tensorCores) {
                    arrays.addAll(List.of(scratch.results(), scratch.operands()));
                }
                return arrays.toArray();
            }

            @Override
            public Object output() {
                return out;
            }

            @Override
            public int launches() {
                return launches;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                TornadoNativeArray k = keys.get(launch % caches);
                TornadoNativeArray v = values.get(launch % caches);
                IntArray selection = selections.get(launch % launches / caches);
                if (type == StorageType.F32) {
                    addF32(graph, task, (FloatArray) k, (FloatArray) v, selection);
                } else {
                    addF16(graph, task, (HalfFloatArray) k, (HalfFloatArray) v, selection);
                }
            }

            private void addF32(KernelGraph graph, String task, FloatArray k, FloatArray v, IntArray selection) {
                int tokens = inputs.tokens();
                int blockSize = heads.rule().blockSize();
                if (sparse && tokens == 1) {
                    SparseAttentionF32.addSplitTo(
                            graph,
                            task,
                            q,
                            k,
                            v,
                            selection,
                            partials,
                            out,
                            step,
                            shape,
                            layout,
                            blockSize,
                            maxSelected,
                            tokens);
                } else if (sparse) {
                    SparseAttentionF32.addTo(
                            graph, task, q, k, v, selection, out, step, shape, layout, blockSize, maxSelected, tokens);
                } else if (tokens == 1) {
                    DenseAttentionF32.addSplitTo(graph, task, q, k, v, partials, out, step, shape, layout, tokens);
                } else {
                    DenseAttentionF32.addTo(graph, task, q, k, v, out, step, shape, layout, tokens);
                }
            }

            private void addF16(
                    KernelGraph graph, String task, HalfFloatArray k, HalfFloatArray v, IntArray selection) {
                int tokens = inputs.tokens();
                int blockSize = heads.rule().blockSize();
                if (tensorCores) {
                    TensorSparseAttention.addTo(
                            graph,
                            task,
                            q,
                            k,
                            v,
                            selection,
                            out,
                            scratch,
                            step,
                            shape,
                            layout,
                            blockSize,
                            maxSelected,
                            tokens);
                } else if (sparse && tokens == 1) {
                    SparseAttentionF16.addSplitTo(
                            graph,
                            task,
                            q,
                            k,
                            v,
                            selection,
                            partials,
                            out,
                            step,
                            shape,
                            layout,
                            blockSize,
                            maxSelected,
                            tokens);
                } else if (sparse) {
                    SparseAttentionF16.addTo(
                            graph, task, q, k, v, selection, out, step, shape, layout, blockSize, maxSelected, tokens);
                } else if (tokens == 1) {
                    DenseAttentionF16.addSplitTo(graph, task, q, k, v, partials, out, step, shape, layout, tokens);
                } else {
                    DenseAttentionF16.addTo(graph, task, q, k, v, out, step, shape, layout, tokens);
                }
            }

            @Override
            public double error() {
                int last = inputs.tokens() - 1;
                return inputs.error(sparse ? inputs.spreadPositions(last) : inputs.allPositions(last), out::get);
            }

            @Override
            public double tolerance() {
                return tensorCores ? TENSOR_TOLERANCE : AttentionInputs.tolerance(Operation.F32_TOLERANCE, visible());
            }
        };
    }

    /** Launches of a token that move so many bytes each, and together more than a device's cache holds. */
    static int launches(double bytes) {
        return (int) Math.clamp(Math.ceil(BYTES_OF_A_ROUND / bytes), 2, MOST_LAUNCHES);
    }

    /** Caches of so many bytes for the launches, together more than a device's cache holds if the launches allow it. */
    static int caches(int launches, double cacheBytes) {
        return (int) Math.clamp(Math.ceil(BYTES_OF_A_ROUND / cacheBytes), 1, launches);
    }

    /** Choices of blocks for launches that share a cache: of each other blocks. */
    static List<IntArray> selections(AttentionInputs inputs, int maxSelected, int count) {
        return IntStream.range(0, count)
                .mapToObj(shift -> inputs.selection(maxSelected, shift))
                .toList();
    }
}
