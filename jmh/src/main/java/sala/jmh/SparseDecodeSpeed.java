package sala.jmh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.attention.SplitPartials;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.sparse.SparseAttentionF16;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Block-sparse attention of one token at the 9B model's 32 heads of 128, 2 KV heads and 96 blocks of 64, f16 cache.
 * Counted are the keys and values of the selected blocks. The launches of a graph select different blocks, so that none
 * finds its keys in the cache.
 *
 * @param contextLength tokens in the cache
 * @param numSplits work groups that share a head group's blocks
 */
record SparseDecodeSpeed(int contextLength, int numSplits) implements KernelSpeedRow {
    private static final int HEAD_DIM = 128;
    private static final int BLOCK_SIZE = 64;
    private static final int NUM_SELECTED = 96;
    private static final int LAUNCHES = 16;
    private static final AttentionShape SHAPE = new AttentionShape(32, 2, HEAD_DIM, Math.pow(HEAD_DIM, -0.5));

    @Override
    public String name() {
        return "sparse attention f16";
    }

    @Override
    public String shape() {
        return "%d tokens, %d splits".formatted(contextLength, numSplits);
    }

    @Override
    public double bytes() {
        return 2.0 * SHAPE.numKvHeads() * NUM_SELECTED * BLOCK_SIZE * HEAD_DIM * 2;
    }

    @Override
    public double flops() {
        return 0;
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        return backend != TornadoVMBackendType.JAVA;
    }

    /** Block {@code index} of the list of a launch; lists of different launches are disjoint. */
    private int block(int launch, int index) {
        return launch + index * ((contextLength / BLOCK_SIZE - LAUNCHES) / NUM_SELECTED);
    }

    @Override
    public Work allocate() {
        CacheLayout layout = new CacheLayout(SHAPE.numKvHeads(), HEAD_DIM, contextLength);
        SeededWeights seededQuery = new SeededWeights(42);
        SeededWeights seededKeys = new SeededWeights(43);
        SeededWeights seededValues = new SeededWeights(44);
        FloatArray q = (FloatArray) seededQuery.array(StorageType.F32, SHAPE.queryWidth());
        HalfFloatArray keys = (HalfFloatArray) seededKeys.array(StorageType.F16, layout.length());
        HalfFloatArray values = (HalfFloatArray) seededValues.array(StorageType.F16, layout.length());
        SplitPartials partials = SplitPartials.create(SHAPE, 1, numSplits);
        FloatArray out = new FloatArray(SHAPE.queryWidth());
        IntArray step = Step.create();
        Step.set(step, contextLength - 1, 1);
        List<IntArray> selections = new ArrayList<>();
        for (int launch = 0; launch < LAUNCHES; launch++) {
            IntArray selection = new IntArray(SHAPE.numKvHeads() * NUM_SELECTED);
            for (int i = 0; i < selection.getSize(); i++) {
                selection.set(i, block(launch, i % NUM_SELECTED));
            }
            selections.add(selection);
        }
        return new Work() {
            @Override
            public Object[] inputs() {
                List<Object> inputs = new ArrayList<>(selections);
                inputs.addAll(List.of(q, keys, values, partials.results(), step));
                return inputs.toArray();
            }

            @Override
            public Object output() {
                return out;
            }

            @Override
            public int launches() {
                return LAUNCHES;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                SparseAttentionF16.addSplitTo(
                        graph,
                        task,
                        q,
                        keys,
                        values,
                        selections.get(launch % LAUNCHES),
                        partials,
                        out,
                        step,
                        SHAPE,
                        layout,
                        BLOCK_SIZE,
                        NUM_SELECTED,
                        1);
            }

            @Override
            public double error() {
                double worst = 0;
                double largest = 0;
                for (int head = 0; head < SHAPE.numHeads(); head += 5) {
                    double[] expected = expected(head, seededQuery, seededKeys, seededValues);
                    for (int d = 0; d < HEAD_DIM; d++) {
                        worst = Math.max(worst, Math.abs(expected[d] - out.get(head * HEAD_DIM + d)));
                        largest = Math.max(largest, Math.abs(expected[d]));
                    }
                }
                return worst / largest;
            }

            @Override
            public double tolerance() {
                return 1e-5;
            }
        };
    }

    /** One head of launch 0 in double precision, from the values that the arrays were made of. */
    private double[] expected(int head, SeededWeights query, SeededWeights keys, SeededWeights values) {
        long cache = (long) (head / SHAPE.groupSize()) * contextLength * HEAD_DIM;
        double[] weights = new double[NUM_SELECTED * BLOCK_SIZE];
        for (int i = 0; i < weights.length; i++) {
            long row = cache + ((long) block(0, i / BLOCK_SIZE) * BLOCK_SIZE + i % BLOCK_SIZE) * HEAD_DIM;
            double sum = 0;
            for (int d = 0; d < HEAD_DIM; d++) {
                sum += (double) query.value((long) head * HEAD_DIM + d) * keys.value(row + d);
            }
            weights[i] = Math.exp(SHAPE.attentionScale() * sum);
        }
        double total = Arrays.stream(weights).sum();
        double[] out = new double[HEAD_DIM];
        for (int i = 0; i < weights.length; i++) {
            long row = cache + ((long) block(0, i / BLOCK_SIZE) * BLOCK_SIZE + i % BLOCK_SIZE) * HEAD_DIM;
            for (int d = 0; d < HEAD_DIM; d++) {
                out[d] += weights[i] / total * values.value(row + d);
            }
        }
        return out;
    }
}
