package sala.kernels.selection;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.reference.SelectionRule;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Lists the blocks of highest rank for one token, per KV head: ascending, the lower index first among equal ranks.
 *
 * <p>The rank of the last selected block is found by bisection: the largest 15-bit value that enough blocks reach, a
 * counting pass a bit. Then each lane lists its own stretch of blocks at the place that the counts of the lanes before it
 * give. Nothing depends on the order in which lanes run.
 *
 * <p>Launch: a work group of {@value #LANES} lanes a KV head. Ground truth:
 * {@link sala.kernels.reference.BlockSelection#select}.
 */
public final class TopBlocks {
    private static final int LANES = 256;
    private static final int PARTS = 16;

    private TopBlocks() {}

    /**
     * Adds the operation to a graph.
     *
     * @param blockRanks {@code [numKvHeads, maxBlocks]}, see {@link BlockRank}; those up to the current block are read
     * @param selectedBlocks {@code [1, numKvHeads, maxSelected]}, padded with -1; every element is written
     * @param step see {@link Step}; of one token
     * @param numKvHeads key/value heads
     * @param maxBlocks blocks of a full cache
     * @param rule forced blocks and top-k
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            IntArray blockRanks,
            IntArray selectedBlocks,
            IntArray step,
            int numKvHeads,
            int maxBlocks,
            SelectionRule rule) {
        KernelArguments.requireAtLeast("numKvHeads", 1, numKvHeads);
        KernelArguments.requireAtLeast("maxBlocks", 1, maxBlocks);
        KernelArguments.requireShape("blockRanks", blockRanks, "[numKvHeads, maxBlocks]", numKvHeads, maxBlocks);
        KernelArguments.requireShape(
                "selectedBlocks",
                selectedBlocks,
                "[1, numKvHeads, maxSelected]",
                numKvHeads,
                BlockRank.maxSelected(rule));
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        graph.taskGraph()
                .task(
                        task,
                        TopBlocks::listTop,
                        graph.context(),
                        blockRanks,
                        selectedBlocks,
                        step,
                        maxBlocks,
                        rule.blockSize(),
                        rule.initBlocks(),
                        rule.localBlocks(),
                        rule.effectiveTopK());
        WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(numKvHeads, LANES));
        grid.setLocalWork(LANES, 1, 1);
        graph.grid(task, grid);
    }

    /** The kernel; see {@link #addTo} for the arrays. */
    public static void listTop(
            KernelContext context,
            IntArray blockRanks,
            IntArray selectedBlocks,
            IntArray step,
            int maxBlocks,
            int blockSize,
            int initBlocks,
            int localBlocks,
            int effectiveTopK) {
        int[] laneAbove = context.allocateIntLocalArray(LANES);
        int[] laneEqual = context.allocateIntLocalArray(LANES);
        int[] partCounts = context.allocateIntLocalArray(PARTS);
        int lane = context.localIdx;
        int kvHead = context.groupIdx;
        int first = kvHead * maxBlocks;
        int currentBlock = step.get(Step.POSITION) / blockSize;
        int count = currentBlock + 1;
        int wanted = BlockRank.numSelected(currentBlock, initBlocks, localBlocks, effectiveTopK);

        int threshold = 0;
        int firstBit = wanted < count ? BlockRank.END / 2 : 0; // nothing to find if all blocks are selected
        for (int bit = firstBit; bit > 0; bit /= 2) {
            laneAbove[lane] = BlockRank.countAtLeast(blockRanks, first, count, lane, LANES, threshold + bit);
            context.localBarrier();
            if (lane < PARTS) {
                int partCount = 0;
                for (int i = 0; i < LANES / PARTS; i++) {
                    partCount += laneAbove[lane * (LANES / PARTS) + i];
                }
                partCounts[lane] = partCount;
            }
            context.localBarrier();
            int reached = 0;
            for (int i = 0; i < PARTS; i++) {
                reached += partCounts[i];
            }
            if (reached >= wanted) {
                threshold += bit;
            }
        }

        int stretch = (count + LANES - 1) / LANES;
        int begin = TornadoMath.min(count, lane * stretch);
        int end = TornadoMath.min(count, begin + stretch);
        int above = BlockRank.countInRange(blockRanks, first, begin, end, threshold + 1);
        laneAbove[lane] = above;
        laneEqual[lane] = BlockRank.countInRange(blockRanks, first, begin, end, threshold) - above;
        context.localBarrier();
        int aboveInAll = 0;
        int aboveBefore = 0;
        int equalBefore = 0;
        for (int i = 0; i < LANES; i++) {
            int aboveOfLane = laneAbove[i];
            aboveInAll += aboveOfLane;
            if (i < lane) {
                aboveBefore += aboveOfLane;
                equalBefore += laneEqual[i];
            }
        }
        int equalWanted = wanted - aboveInAll;
        int maxSelected = BlockRank.maxSelected(initBlocks, localBlocks, effectiveTopK);
        int list = kvHead * maxSelected;
        int target = list + aboveBefore + TornadoMath.min(equalBefore, equalWanted);
        BlockRank.listRange(
                blockRanks, first, begin, end, threshold, equalWanted - equalBefore, selectedBlocks, target);
        for (int i = wanted + lane; i < maxSelected; i += LANES) {
            selectedBlocks.set(list + i, -1);
        }
    }
}
