package sala.jmh;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.openjdk.jmh.annotations.Param;
import sala.kernels.reference.BlockSelection;
import sala.kernels.reference.KeyCompression;
import sala.kernels.reference.SelectionRule;
import sala.kernels.storage.StorageType;
import sala.model.KvCache;
import sala.model.cpu.CpuOperations;
import sala.model.tornado.TornadoOptions;

/**
 * Stage 1 of sparse attention: the blocks of a token from the compressed keys of the context. What grows with the context
 * in a sparse layer is this, so {@code DenseAttention} is to be set against the sum of this and of
 * {@code SparseAttention}. Counted are the compressed keys.
 */
public class BlockSelectionBenchmark extends OperationBenchmark {
    /** Work groups that share the windows of one token on a device. */
    private static final int DEVICE_SPLITS = 64;

    /** A score at the threshold may round to the other of two neighbours in bf16: some blocks may be others. */
    private static final double TOLERANCE = 0.03;

    @Param({"1024", "4096", "16384", "65536", "262144", "1048576"})
    public int contextLength;

    /** Tokens that select, the last ones of the context: 1 in decode, many in prefill. */
    @Param({"1", "256"})
    public int tokens;

    @Param({"F32", "F16"})
    public StorageType cacheType = StorageType.F32;

    @Param("AUTO")
    public KernelForm kernels = KernelForm.AUTO;

    @Param(HeadLayout.RELEASED)
    public String heads = HeadLayout.RELEASED;

    @Override
    double bytes() {
        return windows() * HeadLayout.of(heads).kvWidth() * elementBytes();
    }

    private int elementBytes() {
        return backend == BenchmarkBackend.REFERENCE ? Double.BYTES : cacheType.elementBytes();
    }

    private double windows() {
        SelectionRule rule = HeadLayout.of(heads).rule();
        return rule.visibleFineWindows(contextLength - 1) + rule.visibleCoarseWindows(contextLength - 1);
    }

    @Override
    double flops() {
        return 2.0 * windows() * HeadLayout.of(heads).width() * tokens;
    }

    @Override
    Operation open() {
        HeadLayout layout = HeadLayout.of(heads);
        AttentionInputs inputs = new AttentionInputs(layout, contextLength, tokens);
        return switch (backend) {
            case REFERENCE -> {
                double[] q = AttentionInputs.seededQueries().doubles(tokens * layout.width());
                double[] fine = compressed(inputs, 1);
                double[] coarse = compressed(inputs, SelectionRule.COARSE_FACTOR);
                int[][][] out = new int[tokens][layout.numKvHeads()][];
                yield Operation.ofReference(() -> {
                    for (int token = 0; token < tokens; token++) {
                        select(inputs, token, q, fine, coarse, out[token]);
                    }
                });
            }
            case CPU, CPU_PLAIN -> {
                KeyCompressionBenchmark.requireF32(backend, cacheType);
                CpuOperations operations =
                        new CpuOperations(layout.config(), backend.form(), BenchmarkThreads.count(), tokens);
                KvCache cache = operations.newCache();
                inputs.fill(operations, cache);
                float[] q = inputs.queries();
                int[] blocks = new int[tokens * layout.numKvHeads() * operations.maxBlocks()];
                int[] blockCounts = new int[tokens * layout.numKvHeads()];
                yield Operation.of(
                        () -> operations.selectBlocks(cache, q, inputs.position(), tokens, blocks, blockCounts),
                        () -> error(inputs, blocks, blockCounts),
                        TOLERANCE,
                        operations);
            }
            case TORNADO ->
                DeviceOperation.open(new SelectionSpeed(
                        layout,
                        cacheType,
                        kernels.attendsOnTensorCores(DeviceGraphs.requireDevice(), cacheType),
                        contextLength,
                        tokens,
                        DEVICE_SPLITS,
                        TornadoOptions.WORK_GROUPS));
        };
    }

    /** Share of the reference's blocks that the last token did not choose. */
    private static double error(AttentionInputs inputs, int[] blocks, int[] blockCounts) {
        HeadLayout layout = inputs.heads();
        int[][] expected = new int[layout.numKvHeads()][];
        int lastToken = inputs.tokens() - 1;
        select(
                inputs,
                lastToken,
                AttentionInputs.seededQueries().doubles(inputs.tokens() * layout.width()),
                compressed(inputs, 1),
                compressed(inputs, SelectionRule.COARSE_FACTOR),
                expected);
        int maxBlocks = blocks.length / blockCounts.length;
        int missing = 0;
        int all = 0;
        for (int kvHead = 0; kvHead < layout.numKvHeads(); kvHead++) {
            int list = lastToken * layout.numKvHeads() + kvHead;
            Set<Integer> chosen = new HashSet<>();
            for (int i = 0; i < blockCounts[list]; i++) {
                chosen.add(blocks[list * maxBlocks + i]);
            }
            all += expected[kvHead].length;
            missing += (int) Arrays.stream(expected[kvHead])
                    .filter(block -> !chosen.contains(block))
                    .count();
        }
        return (double) missing / all;
    }

    /** One token's blocks by the reference, from the queries of all. */
    private static void select(
            AttentionInputs inputs, int token, double[] queries, double[] fine, double[] coarse, int[][] out) {
        SelectionRule rule = inputs.heads().rule();
        int position = inputs.position() + token;
        int width = inputs.heads().width();
        double[] q = Arrays.copyOfRange(queries, token * width, (token + 1) * width);
        double[] windowScores = BlockSelection.windowScores(
                q, position, fine, coarse, inputs.heads().shape(), rule);
        int numFine = windowScores.length / out.length;
        for (int kvHead = 0; kvHead < out.length; kvHead++) {
            double[] blockScores = BlockSelection.blockScores(
                    Arrays.copyOfRange(windowScores, kvHead * numFine, (kvHead + 1) * numFine),
                    rule.numBlocks(inputs.contextLength()),
                    rule);
            out[kvHead] = BlockSelection.select(blockScores, position, rule);
        }
    }

    /** Compressed keys {@code [windows, numKvHeads, headDim]}, piece by piece: all keys in double precision may not fit. */
    private static double[] compressed(AttentionInputs inputs, int factor) {
        SelectionRule rule = inputs.heads().rule();
        int size = rule.kernelSize() * factor;
        int stride = rule.kernelStride() * factor;
        int kvWidth = inputs.heads().kvWidth();
        int windows = KeyCompression.count(inputs.contextLength(), size, stride);
        double[] compressed = new double[windows * kvWidth];
        for (int window = 0; window < windows; window++) {
            float[] keys = inputs.keys(window * stride, size);
            for (int i = 0; i < keys.length; i++) {
                compressed[window * kvWidth + i % kvWidth] += keys[i] / (double) size;
            }
        }
        return compressed;
    }
}
