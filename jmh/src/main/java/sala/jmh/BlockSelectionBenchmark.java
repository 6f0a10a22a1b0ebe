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

/**
 * Stage 1 of sparse attention, one token: its blocks from the compressed keys of the context. What grows with the context
 * in a sparse layer is this, so {@code DenseAttention} is to be set against the sum of this and of
 * {@code SparseAttention}. Counted are the compressed keys.
 */
public class BlockSelectionBenchmark extends OperationBenchmark {
    private static final int DEVICE_SPLITS = 64;

    /** A score at the threshold may round to the other of two neighbours in bf16: some blocks may be others. */
    private static final double TOLERANCE = 0.03;

    @Param({"1024", "4096", "16384", "65536", "262144", "1048576"})
    public int contextLength;

    @Param({"F32", "F16"})
    public StorageType cacheType = StorageType.F32;

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
        return 2.0 * windows() * HeadLayout.of(heads).width();
    }

    @Override
    Operation open() {
        HeadLayout layout = HeadLayout.of(heads);
        AttentionInputs inputs = new AttentionInputs(layout, contextLength, 1);
        return switch (backend) {
            case REFERENCE -> {
                double[] q = AttentionInputs.seededQueries().doubles(layout.width());
                double[] fine = compressed(inputs, 1);
                double[] coarse = compressed(inputs, SelectionRule.COARSE_FACTOR);
                int[][] out = new int[layout.numKvHeads()][];
                yield Operation.ofReference(() -> select(inputs, q, fine, coarse, out));
            }
            case CPU, CPU_PLAIN -> {
                KeyCompressionBenchmark.requireF32(backend, cacheType);
                CpuOperations operations =
                        new CpuOperations(layout.config(), backend.form(), BenchmarkThreads.count(), 1);
                KvCache cache = operations.newCache();
                inputs.fill(operations, cache);
                float[] q = inputs.queries();
                int[] blocks = new int[layout.numKvHeads() * operations.maxBlocks()];
                int[] blockCounts = new int[layout.numKvHeads()];
                yield Operation.of(
                        () -> operations.selectBlocks(cache, q, inputs.position(), 1, blocks, blockCounts),
                        () -> error(inputs, blocks, blockCounts),
                        TOLERANCE,
                        operations);
            }
            case TORNADO ->
                DeviceOperation.open(new DecodeSelectionSpeed(layout, cacheType, contextLength, DEVICE_SPLITS));
        };
    }

    /** Share of the reference's blocks that were not chosen. */
    private static double error(AttentionInputs inputs, int[] blocks, int[] blockCounts) {
        HeadLayout layout = inputs.heads();
        int[][] expected = new int[layout.numKvHeads()][];
        select(
                inputs,
                AttentionInputs.seededQueries().doubles(layout.width()),
                compressed(inputs, 1),
                compressed(inputs, SelectionRule.COARSE_FACTOR),
                expected);
        int maxBlocks = blocks.length / layout.numKvHeads();
        int missing = 0;
        int all = 0;
        for (int kvHead = 0; kvHead < layout.numKvHeads(); kvHead++) {
            Set<Integer> chosen = new HashSet<>();
            for (int i = 0; i < blockCounts[kvHead]; i++) {
                chosen.add(blocks[kvHead * maxBlocks + i]);
            }
            all += expected[kvHead].length;
            missing += (int) Arrays.stream(expected[kvHead])
                    .filter(block -> !chosen.contains(block))
                    .count();
        }
        return (double) missing / all;
    }

    private static void select(AttentionInputs inputs, double[] q, double[] fine, double[] coarse, int[][] out) {
        SelectionRule rule = inputs.heads().rule();
        double[] windowScores = BlockSelection.windowScores(
                q, inputs.position(), fine, coarse, inputs.heads().shape(), rule);
        int numFine = windowScores.length / out.length;
        for (int kvHead = 0; kvHead < out.length; kvHead++) {
            double[] blockScores = BlockSelection.blockScores(
                    Arrays.copyOfRange(windowScores, kvHead * numFine, (kvHead + 1) * numFine),
                    rule.numBlocks(inputs.contextLength()),
                    rule);
            out[kvHead] = BlockSelection.select(blockScores, inputs.position(), rule);
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
