package sala.jmh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.BlockSelection;
import sala.kernels.reference.SelectionRule;
import sala.kernels.selection.BlockRank;
import sala.kernels.selection.DecodeSelectionF16;
import sala.kernels.selection.DecodeSelectionScratch;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Block selection of one token with the 9B model's rule, f16 compressed keys; a graph goes round the model's 8 layers.
 * Counted are the compressed keys. A time is that of one layer.
 *
 * @param contextLength tokens in the cache
 * @param numSplits work groups that share the coarse windows
 */
record DecodeSelectionSpeed(int contextLength, int numSplits) implements KernelSpeedRow {
    private static final int HEAD_DIM = 128;
    private static final int LAYERS = 8;
    private static final AttentionShape SHAPE = new AttentionShape(32, 2, HEAD_DIM, Math.pow(HEAD_DIM, -0.5));
    private static final SelectionRule RULE = new SelectionRule(32, 16, 64, 1, 32, 96);

    @Override
    public String name() {
        return "block selection f16";
    }

    @Override
    public String shape() {
        return "%d tokens, 1 layer".formatted(contextLength);
    }

    @Override
    public double bytes() {
        CacheLayout layout = new CacheLayout(SHAPE.numKvHeads(), HEAD_DIM, contextLength);
        return 2.0 * layout.fineLength(RULE) + 2.0 * layout.coarseLength(RULE);
    }

    @Override
    public double flops() {
        return 0;
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        return backend != TornadoVMBackendType.JAVA;
    }

    @Override
    public Work allocate() {
        CacheLayout layout = new CacheLayout(SHAPE.numKvHeads(), HEAD_DIM, contextLength);
        SeededWeights seededQuery = new SeededWeights(42);
        SeededWeights seededFine = new SeededWeights(43);
        SeededWeights seededCoarse = new SeededWeights(44);
        FloatArray q = (FloatArray) seededQuery.array(StorageType.F32, SHAPE.queryWidth());
        List<HalfFloatArray> fineKeys = new ArrayList<>();
        List<HalfFloatArray> coarseKeys = new ArrayList<>();
        for (int layer = 0; layer < LAYERS; layer++) {
            fineKeys.add((HalfFloatArray) seededFine.array(StorageType.F16, layout.fineLength(RULE)));
            coarseKeys.add((HalfFloatArray) seededCoarse.array(StorageType.F16, layout.coarseLength(RULE)));
        }
        DecodeSelectionScratch scratch = DecodeSelectionScratch.create(SHAPE, layout, RULE, numSplits);
        int maxSelected = BlockRank.maxSelected(RULE);
        IntArray selected = new IntArray(SHAPE.numKvHeads() * maxSelected);
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
                DecodeSelectionF16.addTo(
                        graph,
                        task,
                        q,
                        fineKeys.get(launch % LAYERS),
                        coarseKeys.get(launch % LAYERS),
                        scratch,
                        selected,
                        step,
                        SHAPE,
                        layout,
                        RULE);
            }

            // The share of the reference's blocks that are not chosen.
            @Override
            public double error() {
                double[] query = new double[SHAPE.queryWidth()];
                Arrays.setAll(query, seededQuery::value);
                double[] windowScores = BlockSelection.windowScores(
                        query,
                        contextLength - 1,
                        tokensFirst(seededFine, layout.fineCapacity(RULE)),
                        tokensFirst(seededCoarse, layout.coarseCapacity(RULE)),
                        SHAPE,
                        RULE);
                int numFine = layout.fineCapacity(RULE);
                int different = 0;
                for (int kvHead = 0; kvHead < SHAPE.numKvHeads(); kvHead++) {
                    double[] blockScores = BlockSelection.blockScores(
                            Arrays.copyOfRange(windowScores, kvHead * numFine, (kvHead + 1) * numFine),
                            RULE.numBlocks(contextLength),
                            RULE);
                    int[] expected = BlockSelection.select(blockScores, contextLength - 1, RULE);
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
    private static double[] tokensFirst(SeededWeights seeded, int windows) {
        double[] keys = new double[windows * SHAPE.kvWidth()];
        for (int kvHead = 0; kvHead < SHAPE.numKvHeads(); kvHead++) {
            for (int window = 0; window < windows; window++) {
                for (int d = 0; d < HEAD_DIM; d++) {
                    keys[(window * SHAPE.numKvHeads() + kvHead) * HEAD_DIM + d] =
                            seeded.value(((long) kvHead * windows + window) * HEAD_DIM + d);
                }
            }
        }
        return keys;
    }
}
