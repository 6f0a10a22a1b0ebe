package sala.jmh;

import java.util.ArrayList;
import java.util.List;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.attention.QueryOperands;
import sala.kernels.attention.TensorDecodeAttention;
import sala.kernels.attention.TensorDecodeScratch;
import sala.kernels.cache.CacheLayout;
import sala.kernels.storage.StorageType;
import sala.model.tornado.TornadoOptions;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * {@link TensorDecodeAttention}, with what joins its splits, and dense with {@link QueryOperands}, which block-sparse
 * selection has already; {@link AttentionSpeed} is the portable kernel beside it. Counted
 * are the keys and values that the token sees. A graph goes round several caches, as there.
 *
 * @param inputs context; one token attends
 * @param sparse whether it attends to blocks spread over the context, or to all of it
 * @param numSplits work groups that share the keys of a KV head
 */
record TensorDecodeAttentionSpeed(AttentionInputs inputs, boolean sparse, int numSplits) implements KernelSpeedRow {
    /** Softmax numerators are rounded to f16. */
    private static final double TOLERANCE = 1e-3;

    /** With as many work groups as the model takes. */
    static TensorDecodeAttentionSpeed ofModel(AttentionInputs inputs, boolean sparse) {
        HeadLayout heads = inputs.heads();
        int numSplits = sparse
                ? TensorDecodeAttention.numTiles(
                        heads.rule().blockSize(), heads.rule().effectiveTopK())
                : TensorDecodeAttention.denseSplits(heads.shape(), TornadoOptions.WORK_GROUPS);
        return new TensorDecodeAttentionSpeed(inputs, sparse, numSplits);
    }

    @Override
    public String name() {
        return "tensor decode " + (sparse ? "sparse" : "dense") + " f16";
    }

    @Override
    public String shape() {
        return inputs.describe() + ", %d splits".formatted(numSplits);
    }

    @Override
    public double bytes() {
        int visible = sparse ? inputs.spreadPositions(0).length : inputs.contextLength();
        return 2.0 * visible * inputs.heads().kvWidth() * Short.BYTES;
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        return backend == TornadoVMBackendType.CUDA;
    }

    @Override
    public Work allocate() {
        HeadLayout heads = inputs.heads();
        CacheLayout layout = new CacheLayout(heads.numKvHeads(), heads.headDim(), inputs.contextLength());
        FloatArray q = (FloatArray) AttentionInputs.seededQueries().array(StorageType.F32, heads.width());
        QueryOperands queries = new QueryOperands(q, new HalfFloatArray(QueryOperands.length(heads.shape())));
        int launches = AttentionSpeed.launches(bytes());
        int caches = AttentionSpeed.caches(launches, 2.0 * layout.length() * Short.BYTES);
        List<HalfFloatArray> keys = new ArrayList<>();
        List<HalfFloatArray> values = new ArrayList<>();
        for (int cache = 0; cache < caches; cache++) {
            keys.add((HalfFloatArray) AttentionInputs.seededKeys().array(StorageType.F16, layout.length()));
            values.add((HalfFloatArray) AttentionInputs.seededValues().array(StorageType.F16, layout.length()));
        }
        int maxSelected = heads.rule().effectiveTopK();
        List<IntArray> selections =
                AttentionSpeed.selections(inputs, maxSelected, sparse ? Math.ceilDiv(launches, caches) : 1);
        TensorDecodeScratch scratch = TensorDecodeScratch.create(heads.shape(), numSplits);
        FloatArray out = new FloatArray(heads.width());
        IntArray step = Step.create();
        Step.set(step, inputs.position(), 1);
        return new Work() {
            @Override
            public Object[] inputs() {
                List<Object> arrays = new ArrayList<>(keys);
                arrays.addAll(values);
                arrays.addAll(
                        List.of(q, queries.halfs(), step, scratch.partials().results(), scratch.scores()));
                arrays.addAll(sparse ? selections : List.of(scratch.noBlocks()));
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
                HalfFloatArray k = keys.get(launch % caches);
                HalfFloatArray v = values.get(launch % caches);
                if (!sparse || launch == 0) {
                    queries.addTo(graph, task + "Queries", heads.shape());
                }
                if (sparse) {
                    TensorDecodeAttention.addSparseTo(
                            graph,
                            task,
                            queries,
                            k,
                            v,
                            selections.get(launch % launches / caches),
                            scratch,
                            out,
                            step,
                            heads.shape(),
                            layout,
                            heads.rule().blockSize(),
                            maxSelected);
                } else {
                    TensorDecodeAttention.addTo(graph, task, queries, k, v, scratch, out, step, heads.shape(), layout);
                }
            }

            @Override
            public double error() {
                return inputs.error(sparse ? inputs.spreadPositions(0) : inputs.allPositions(0), out::get);
            }

            @Override
            public double tolerance() {
                return TOLERANCE;
            }
        };
    }
}
