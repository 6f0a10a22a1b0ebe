package sala.jmh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.BlockSelection;
import sala.kernels.reference.SelectionRule;
import sala.kernels.selection.BlockRank;
import sala.kernels.selection.DecodeSelectionF16;
import sala.kernels.selection.DecodeSelectionF32;
import sala.kernels.selection.DecodeSelectionScratch;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Block selection of one token with the released model's rule; a graph goes round the model's 8 layers.
 * Counted are the compressed keys. A time is that of one layer.
 *
 * @param heads of the layer
 * @param type of the compressed keys, F32 or F16
 * @param contextLength tokens in the cache
 * @param numSplits work groups that share the coarse windows
 */
record DecodeSelectionSpeed(HeadLayout heads, StorageType type, int contextLength, int numSplits)
        implements KernelSpeedRow {
    private static final int LAYERS = 8;

    @Override
    public String name() {
        return "block selection " + type.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String shape() {
        return "%d tokens, 1 layer".formatted(contextLength);
    }

    @Override
    public double bytes() {
        CacheLayout layout = new CacheLayout(heads.numKvHeads(), heads.headDim(), contextLength);
        SelectionRule rule = heads.rule();
        return type.elementBytes() * ((double) layout.fineLength(rule) + layout.coarseLength(rule));
    }

    @Override
    public double flops() {
        return 0;
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        return type == StorageType.F32 || (type == StorageType.F16 && backend != TornadoVMBackendType.JAVA);
    }

    @Override
    public Work allocate() {
        CacheLayout layout = new CacheLayout(heads.numKvHeads(), heads.headDim(), contextLength);
        AttentionShape shape = heads.shape();
        SelectionRule rule = heads.rule();
        SeededWeights seededQuery = new SeededWeights(42);
        SeededWeights seededFine = new SeededWeights(43);
        SeededWeights seededCoarse = new SeededWeights(44);
        FloatArray q = (FloatArray) seededQuery.array(StorageType.F32, shape.queryWidth());
        List<TornadoNativeArray> fineKeys = new ArrayList<>();
        List<TornadoNativeArray> coarseKeys = new ArrayList<>();
        for (int layer = 0; layer < LAYERS; layer++) {
            fineKeys.add(seededFine.array(type, layout.fineLength(rule)));
            coarseKeys.add(seededCoarse.array(type, layout.coarseLength(rule)));
        }
        DecodeSelectionScratch scratch = DecodeSelectionScratch.create(shape, layout, rule, numSplits);
        int maxSelected = BlockRank.maxSelected(rule);
        IntArray selected = new IntArray(shape.numKvHeads() * maxSelected);
        IntArray step = Step.create();
        Step.set(step, contextLength - 1, 1);
        return new Work() {
            @Override
            public Object[] inputs() {
                List<Object> inputs = new ArrayList<>(fineKeys);
                inputs.addAll(coarseKeys);
                inputs.addAll(List.of(q, scratch.maxima(), scratch.sums(), scratch.blockRanks(), step));
                return inputs.toArray();
            }

            @Override
            public Object output() {
                return selected;
            }

            @Override
            public int launches() {
                return LAYERS;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                TornadoNativeArray fine = fineKeys.get(launch % LAYERS);
                TornadoNativeArray coarse = coarseKeys.get(launch % LAYERS);
                if (type == StorageType.F32) {
                    DecodeSelectionF32.addTo(
                            graph,
                            task,
                            q,
                            (FloatArray) fine,
                            (FloatArray) coarse,
                            scratch,
                            selected,
                            step,
                            shape,
                            layout,
                            rule);
                } else {
                    DecodeSelectionF16.addTo(
                            graph,
                            task,
                            q,
                            (HalfFloatArray) fine,
                            (HalfFloatArray) coarse,
                            scratch,
                            selected,
                            step,
                            shape,
                            layout,
                            rule);
                }
            }

            // The share of the reference's blocks that are not chosen.
            @Override
            public double error() {
                double[] query = new double[shape.queryWidth()];
                Arrays.setAll(query, seededQuery::value);
                double[] windowScores = BlockSelection.windowScores(
                        query,
                        contextLength - 1,
                        tokensFirst(seededFine, layout.fineCapacity(rule)),
                        tokensFirst(seededCoarse, layout.coarseCapacity(rule)),
                        shape,
                        rule);
                int numFine = layout.fineCapacity(rule);
                int different = 0;
                for (int kvHead = 0; kvHead < shape.numKvHeads(); kvHead++) {
                    double[] blockScores = BlockSelection.blockScores(
                            Arrays.copyOfRange(windowScores, kvHead * numFine, (kvHead + 1) * numFine),
                            rule.numBlocks(contextLength),
                            rule);
                    int[] expected = BlockSelection.select(blockScores, contextLength - 1, rule);
                    Set<Integer> chosen = new HashSet<>();
                    for (int i = 0; i < maxSelected; i++) {
                        chosen.add(selected.get(kvHead * maxSelected + i));
                    }
                    for (int block : expected) {
                        if (!chosen.contains(block)) {
                            different++;
                        }
                    }
                }
                return (double) different / selected.getSize();
            }

            // A score at the threshold may round to the other of two neighbours in bf16.
            @Override
            public double tolerance() {
                return 0.02;
            }
        };
    }

    /** {@code [windows, numKvHeads, headDim]} of values made as {@code [numKvHeads, windows, headDim]}. */
    private double[] tokensFirst(SeededWeights seeded, int windows) {
        double[] keys = new double[windows * heads.kvWidth()];
        for (int kvHead = 0; kvHead < heads.numKvHeads(); kvHead++) {
            for (int window = 0; window < windows; window++) {
                for (int d = 0; d < heads.headDim(); d++) {
                    keys[(window * heads.numKvHeads() + kvHead) * heads.headDim() + d] =
                            seeded.value(((long) kvHead * windows + window) * heads.headDim() + d);
                }
            }
        }
        return keys;
    }
}
