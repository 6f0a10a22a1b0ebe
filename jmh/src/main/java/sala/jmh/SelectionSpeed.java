package sala.jmh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.attention.QueryOperands;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.BlockSelection;
import sala.kernels.reference.SelectionRule;
import sala.kernels.selection.BlockRank;
import sala.kernels.selection.DecodeSelectionF16;
import sala.kernels.selection.DecodeSelectionF32;
import sala.kernels.selection.DecodeSelectionScratch;
import sala.kernels.selection.PrefillSelectionF16;
import sala.kernels.selection.PrefillSelectionF32;
import sala.kernels.selection.TensorDecodeSelection;
import sala.kernels.selection.TensorPrefillSelection;
import sala.kernels.selection.TensorSelectionScratch;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Block selection with the released model's rule, of one token, whose windows are shared out among work groups and whose
 * graph goes round the model's 8 layers, or of many. Counted are, of one token, the compressed keys; of many, the products
 * with them. A time is that of one layer.
 *
 * @param heads of the layer
 * @param type of the compressed keys, F32 or F16
 * @param tensorCores whether the selection is that of tensor cores; F16 only
 * @param contextLength tokens in the cache
 * @param tokens that select: the last ones of the context
 * @param numSplits work groups that share the coarse windows of one token and a KV head
 * @param numWorkGroups those that take the tiles of many tokens in turn, or on tensor cores the fine windows of one
 */
record SelectionSpeed(
        HeadLayout heads,
        StorageType type,
        boolean tensorCores,
        int contextLength,
        int tokens,
        int numSplits,
        int numWorkGroups)
        implements KernelSpeedRow {
    private static final int LAYERS = 8;

    @Override
    public String name() {
        return (tensorCores ? "tensor " : "") + "block selection " + type.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String shape() {
        return "%d tokens, %d select, 1 layer".formatted(contextLength, tokens);
    }

    @Override
    public double bytes() {
        if (tokens > 1) {
            return 0;
        }
        CacheLayout layout = new CacheLayout(heads.numKvHeads(), heads.headDim(), contextLength);
        SelectionRule rule = heads.rule();
        return type.elementBytes() * ((double) layout.fineLength(rule) + layout.coarseLength(rule));
    }

    @Override
    public double flops() {
        if (tokens == 1) {
            return 0;
        }
        SelectionRule rule = heads.rule();
        int last = contextLength - 1;
        return 2.0 * (rule.visibleFineWindows(last) + rule.visibleCoarseWindows(last)) * heads.width() * tokens;
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        if (tensorCores) {
            return backend == TornadoVMBackendType.CUDA;
        }
        return type == StorageType.F32 || (type == StorageType.F16 && backend != TornadoVMBackendType.JAVA);
    }

    private int layers() {
        return tokens == 1 ? LAYERS : 1;
    }

    @Override
    public Work allocate() {
        CacheLayout layout = new CacheLayout(heads.numKvHeads(), heads.headDim(), contextLength);
        AttentionShape shape = heads.shape();
        SelectionRule rule = heads.rule();
        SeededWeights seededQuery = new SeededWeights(42);
        SeededWeights seededFine = new SeededWeights(43);
        SeededWeights seededCoarse = new SeededWeights(44);
        FloatArray q = (FloatArray) seededQuery.array(StorageType.F32, tokens * shape.queryWidth());
        List<TornadoNativeArray> fineKeys = new ArrayList<>();
        List<TornadoNativeArray> coarseKeys = new ArrayList<>();
        for (int layer = 0; layer < layers(); layer++) {
            fineKeys.add(seededFine.array(type, layout.fineLength(rule)));
            coarseKeys.add(seededCoarse.array(type, layout.coarseLength(rule)));
        }
        QueryOperands queries = new QueryOperands(q, new HalfFloatArray(QueryOperands.length(shape)));
        DecodeSelectionScratch scratch =
                DecodeSelectionScratch.create(shape, layout, rule, tokens == 1 ? numSplits : 1);
        IntArray blockRanks =
                new IntArray(tokens == 1 ? 1 : PrefillSelectionF32.scratchLength(shape, layout, rule, numWorkGroups));
        TensorSelectionScratch tensorScratch =
                TensorSelectionScratch.create(blockRanks, tensorCores ? numWorkGroups : 1);
        int maxSelected = BlockRank.maxSelected(rule);
        IntArray selected = new IntArray(tokens * shape.numKvHeads() * maxSelected);
        IntArray step = Step.create();
        Step.set(step, contextLength - tokens, tokens);
        return new Work() {
            @Override
            public Object[] inputs() {
                List<Object> inputs = new ArrayList<>(fineKeys);
                inputs.addAll(coarseKeys);
                inputs.addAll(List.of(q, step));
                inputs.addAll(
                        tokens == 1
                                ? List.of(scratch.maxima(), scratch.sums(), scratch.blockRanks())
                                : List.of(blockRanks));
                if (tensorCores) {
                    inputs.addAll(List.of(tensorScratch.results(), tensorScratch.operands(), queries.halfs()));
                }
                return inputs.toArray();
            }

            @Override
            public Object output() {
                return selected;
            }

            @Override
            public int launches() {
                return layers();
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                TornadoNativeArray fine = fineKeys.get(launch % layers());
                TornadoNativeArray coarse = coarseKeys.get(launch % layers());
                if (type == StorageType.F32) {
                    addF32(graph, task, (FloatArray) fine, (FloatArray) coarse);
                } else {
                    addF16(graph, task, (HalfFloatArray) fine, (HalfFloatArray) coarse);
                }
            }

            private void addF32(KernelGraph graph, String task, FloatArray fine, FloatArray coarse) {
                if (tokens == 1) {
                    DecodeSelectionF32.addTo(
                            graph, task, q, fine, coarse, scratch, selected, step, shape, layout, rule);
                } else {
                    PrefillSelectionF32.addTo(
                            graph,
                            task,
                            q,
                            fine,
                            coarse,
                            blockRanks,
                            selected,
                            step,
                            shape,
                            layout,
                            rule,
                            tokens,
                            numWorkGroups);
                }
            }

            private void addF16(KernelGraph graph, String task, HalfFloatArray fine, HalfFloatArray coarse) {
                if (tokens == 1 && tensorCores) {
                    queries.addTo(graph, task + "Queries", shape);
                    TensorDecodeSelection.addTo(
                            graph,
                            task,
                            queries,
                            fine,
                            coarse,
                            scratch,
                            tensorScratch,
                            selected,
                            step,
                            shape,
                            layout,
                            rule);
                } else if (tokens == 1) {
                    DecodeSelectionF16.addTo(
                            graph, task, q, fine, coarse, scratch, selected, step, shape, layout, rule);
                } else if (tensorCores) {
                    TensorPrefillSelection.addTo(
                            graph, task, q, fine, coarse, tensorScratch, selected, step, shape, layout, rule, tokens);
                } else {
                    PrefillSelectionF16.addTo(
                            graph,
                            task,
                            q,
                            fine,
                            coarse,
                            blockRanks,
                            selected,
                            step,
                            shape,
                            layout,
                            rule,
                            tokens,
                            numWorkGroups);
                }
            }

            // The share of the reference's blocks that the last token did not choose.
            @Override
            public double error() {
                int last = (tokens - 1) * shape.numKvHeads() * maxSelected;
                int[] missing = new int[shape.numKvHeads()];
                int[] all = new int[shape.numKvHeads()];
                IntStream.range(0, shape.numKvHeads()).parallel().forEach(kvHead -> {
                    int[] expected = expected(kvHead, layout, seededQuery, seededFine, seededCoarse);
                    Set<Integer> chosen = IntStream.range(0, maxSelected)
                            .mapToObj(i -> selected.get(last + kvHead * maxSelected + i))
                            .collect(Collectors.toSet());
                    all[kvHead] = expected.length;
                    missing[kvHead] = (int) Arrays.stream(expected)
                            .filter(block -> !chosen.contains(block))
                            .count();
                });
                return (double) Arrays.stream(missing).sum()
                        / Arrays.stream(all).sum();
            }

            // A score at the threshold may round to the other of two neighbours in bf16.
            @Override
            public double tolerance() {
                return 0.02;
            }
        };
    }

    /** The reference's blocks of the last token for one KV head: of that head and its query heads alone. */
    private int[] expected(
            int kvHead, CacheLayout layout, SeededWeights query, SeededWeights fine, SeededWeights coarse) {
        SelectionRule rule = heads.rule();
        AttentionShape group = new AttentionShape(
                heads.shape().groupSize(), 1, heads.headDim(), heads.shape().attentionScale());
        int width = group.queryWidth();
        double[] windowScores = BlockSelection.windowScores(
                doubles(query, (long) (tokens - 1) * heads.width() + (long) kvHead * width, width),
                contextLength - 1,
                windows(fine, kvHead, layout.fineCapacity(rule)),
                windows(coarse, kvHead, layout.coarseCapacity(rule)),
                group,
                rule);
        return BlockSelection.select(
                BlockSelection.blockScores(windowScores, rule.numBlocks(contextLength), rule), contextLength - 1, rule);
    }

    /** A KV head's windows of an array {@code [numKvHeads, windows, headDim]}. */
    private double[] windows(SeededWeights seeded, int kvHead, int windows) {
        int length = Math.multiplyExact(windows, heads.headDim());
        return doubles(seeded, (long) kvHead * length, length);
    }

    private static double[] doubles(SeededWeights seeded, long from, int count) {
        float[] floats = seeded.floats(from, count);
        double[] values = new double[count];
        Arrays.setAll(values, i -> floats[i]);
        return values;
    }
}
