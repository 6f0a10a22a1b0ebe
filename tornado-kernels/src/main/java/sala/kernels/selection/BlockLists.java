package sala.kernels.selection;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The list of a token from the ranks of its blocks, by a whole work group. Kernels of prefill call this method. */
final class BlockLists {
    /** Parts that the counts of the lanes are summed in. */
    private static final int PARTS = 8;

    private BlockLists() {}

    /**
     * Writes a list; see {@link TopBlocks}. All lanes call it; the ranks are visible to them. The local arrays are free
     * afterwards.
     *
     * @param first of the row of ranks
     * @param list of the row of {@code selectedBlocks}
     * @param laneAbove local, {@code [lanes]}
     * @param laneEqual local, {@code [lanes]}
     * @param lanes a multiple of 8
     */
    static void list(
            KernelContext context,
            IntArray blockRanks,
            int first,
            IntArray selectedBlocks,
            int list,
            int[] laneAbove,
            int[] laneEqual,
            int lane,
            int lanes,
            int currentBlock,
            int initBlocks,
            int localBlocks,
            int effectiveTopK) {
        int count = currentBlock + 1;
        int wanted = BlockRank.numSelected(currentBlock, initBlocks, localBlocks, effectiveTopK);
        int threshold = 0;
        int firstBit = wanted < count ? BlockRank.END / 2 : 0; // nothing to find if all blocks are selected
        for (int bit = firstBit; bit > 0; bit /= 2) {
            laneAbove[lane] = BlockRank.countAtLeast(blockRanks, first, count, lane, lanes, threshold + bit);
            context.localBarrier();
            if (lane < PARTS) {
                int partCount = 0;
                for (int i = 0; i < lanes / PARTS; i++) {
                    partCount += laneAbove[lane * (lanes / PARTS) + i];
                }
                laneEqual[lane] = partCount;
            }
            context.localBarrier();
            int reached = 0;
            for (int i = 0; i < PARTS; i++) {
                reached += laneEqual[i];
            }
            if (reached >= wanted) {
                threshold += bit;
            }
        }
        context.localBarrier();
        int stretch = (count + lanes - 1) / lanes;
        int begin = TornadoMath.min(count, lane * stretch);
        int end = TornadoMath.min(count, begin + stretch);
        int above = BlockRank.countInRange(blockRanks, first, begin, end, threshold + 1);
        laneAbove[lane] = above;
        laneEqual[lane] = BlockRank.countInRange(blockRanks, first, begin, end, threshold) - above;
        context.localBarrier();
        int aboveInAll = 0;
        int aboveBefore = 0;
        int equalBefore = 0;
        for (int i = 0; i < lanes; i++) {
            int aboveOfLane = laneAbove[i];
            aboveInAll += aboveOfLane;
            if (i < lane) {
                aboveBefore += aboveOfLane;
                equalBefore += laneEqual[i];
            }
        }
        int equalWanted = wanted - aboveInAll;
        int maxSelected = BlockRank.maxSelected(initBlocks, localBlocks, effectiveTopK);
        int target = list + aboveBefore + TornadoMath.min(equalBefore, equalWanted);
        BlockRank.listRange(
                blockRanks, first, begin, end, threshold, equalWanted - equalBefore, selectedBlocks, target);
        for (int i = wanted + lane; i < maxSelected; i += lanes) {
            selectedBlocks.set(list + i, -1);
        }
        context.localBarrier();
    }
}
