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
 * <p>The rank of the last selected block is the largest 15-bit value that enough blocks reach. It is found two bits at a
 * time: a pass over the ranks counts those that reach each of three values, and the sums of all lanes choose one. Then pieces
 * of {@value #PIECE} ranks are brought to local memory in order, and each lane lists its own stretch of a piece at the place
 * that the counts of the lanes before it give. Nothing depends on the order in which lanes run.
 *
 * <p>Launch: a work group of {@value #LANES} lanes a KV head. Ground truth:
 * {@link sala.kernels.reference.BlockSelection#select}.
 */
public final class TopBlocks {
    private static final int LANES = 512;
    /** Lanes whose counts one lane sums. */
    private static final int TEAM = 32;

    private static final int TEAMS = LANES / TEAM;
    /** Ranks that are listed at a time; their counts fit half an int. */
    private static final int PIECE = 16 * LANES;
    /** Bits of one of the three counts that a long holds. */
    private static final int COUNT_BITS = 21;

    private static final long COUNT_MASK = (1L << COUNT_BITS) - 1;
    private static final int MAX_BLOCKS = (int) COUNT_MASK;
    /** Of counts in halves of an int. */
    private static final int HALF = 1 << 16;

    private TopBlocks() {}

    /**
     * Adds the operation to a graph.
     *
     * @param blockRanks {@code [numKvHeads, maxBlocks]}, see {@link BlockRank}; those up to the current block are read
     * @param selectedBlocks {@code [1, numKvHeads, maxSelected]}, padded with -1; every element is written
     * @param step see {@link Step}; of one token
     * @param numKvHeads key/value heads
     * @param maxBlocks blocks of a full cache, at most {@value #MAX_BLOCKS}
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
        SelectionArguments.requireAtMost("maxBlocks", MAX_BLOCKS, maxBlocks);
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
        long[] laneCounts = context.allocateLongLocalArray(LANES + TEAMS); // a place between teams: other banks
        long[] teamCounts = context.allocateLongLocalArray(TEAMS);
        int[] ranks = context.allocateIntLocalArray(PIECE + PIECE / 32); // likewise, after 32 ranks
        int[] laneListed = context.allocateIntLocalArray(LANES + TEAMS);
        int[] teamListed = context.allocateIntLocalArray(TEAMS);
        int lane = context.localIdx;
        int laneOfTeam = lane % TEAM;
        int team = lane / TEAM;
        int slot = lane + team;
        int first = context.groupIdx * maxBlocks;
        int currentBlock = step.get(Step.POSITION) / blockSize;
        int count = currentBlock + 1;
        int wanted = BlockRank.numSelected(currentBlock, initBlocks, localBlocks, effectiveTopK);

        // If all blocks are selected, there is nothing to find: each is above the threshold.
        int threshold = wanted < count ? 0 : -1;
        int firstUnit = wanted < count ? BlockRank.END / 2 : 0;
        int aboveInAll = 0;
        for (int unit = firstUnit; unit > 0; unit /= 4) {
            int low = threshold + unit;
            int middle = low + unit;
            int high = middle + unit;
            int atLow = 0;
            int atMiddle = 0;
            int atHigh = 0;
            for (int i = lane; i < count; i += LANES) {
                int rank = blockRanks.get(first + i);
                atLow += rank >= low ? 1 : 0;
                atMiddle += rank >= middle ? 1 : 0;
                atHigh += rank >= high ? 1 : 0;
            }
            laneCounts[slot] = atLow + ((long) atMiddle << COUNT_BITS) + ((long) atHigh << (2 * COUNT_BITS));
            context.localBarrier();
            if (lane < TEAMS) {
                long ofTeam = 0;
                for (int i = 0; i < TEAM; i++) {
                    ofTeam += laneCounts[lane * (TEAM + 1) + i];
                }
                teamCounts[lane] = ofTeam;
            }
            context.localBarrier();
            long all = 0;
            for (int i = 0; i < TEAMS; i++) {
                all += teamCounts[i];
            }
            int reachedLow = (int) (all & COUNT_MASK);
            int reachedMiddle = (int) ((all >> COUNT_BITS) & COUNT_MASK);
            int reachedHigh = (int) ((all >> (2 * COUNT_BITS)) & COUNT_MASK);
            if (reachedHigh >= wanted) {
                threshold = high;
            } else if (reachedMiddle >= wanted) {
                threshold = middle;
                aboveInAll = reachedHigh;
            } else if (reachedLow >= wanted) {
                threshold = low;
                aboveInAll = reachedMiddle;
            } else {
                aboveInAll = reachedLow;
            }
        }

        int equalWanted = wanted - aboveInAll;
        int maxSelected = BlockRank.maxSelected(initBlocks, localBlocks, effectiveTopK);
        int list = context.groupIdx * maxSelected;
        int aboveBefore = 0;
        int equalBefore = 0;
        for (int piece = 0; piece < count; piece += PIECE) {
            int ofPiece = TornadoMath.min(PIECE, count - piece);
            for (int i = lane; i < ofPiece; i += LANES) {
                ranks[i + i / 32] = blockRanks.get(first + piece + i);
            }
            context.localBarrier();
            int stretch = (ofPiece + LANES - 1) / LANES;
            int begin = TornadoMath.min(ofPiece, lane * stretch);
            int end = TornadoMath.min(ofPiece, begin + stretch);
            int listed = 0; // those above the threshold, and in the upper half those of its rank
            for (int i = begin; i < end; i++) {
                int rank = ranks[i + i / 32];
                listed += rank > threshold ? 1 : 0;
                listed += rank == threshold ? HALF : 0;
            }
            laneListed[slot] = listed;
            context.localBarrier();
            if (lane < TEAMS) {
                int ofTeam = 0;
                for (int i = 0; i < TEAM; i++) {
                    ofTeam += laneListed[lane * (TEAM + 1) + i];
                }
                teamListed[lane] = ofTeam;
            }
            context.localBarrier();
            int before = 0;
            int all = 0;
            for (int i = 0; i < TEAMS; i++) {
                int ofTeam = teamListed[i];
                all += ofTeam;
                before += i < team ? ofTeam : 0;
            }
            for (int i = 0; i < TEAM; i++) {
                before += i < laneOfTeam ? laneListed[team * (TEAM + 1) + i] : 0;
            }
            int equalLeft = equalWanted - equalBefore - before / HALF;
            int next = list
                    + aboveBefore
                    + before % HALF
                    + TornadoMath.min(equalBefore + before / HALF, TornadoMath.max(equalWanted, 0));
            for (int i = begin; i < end; i++) {
                int rank = ranks[i + i / 32];
                boolean selected = rank > threshold;
                if (rank == threshold) {
                    selected = equalLeft > 0;
                    equalLeft -= 1;
                }
                if (selected) {
                    selectedBlocks.set(next, piece + i);
                    next += 1;
                }
            }
            aboveBefore += all % HALF;
            equalBefore += all / HALF;
            context.localBarrier();
        }
        for (int i = wanted + lane; i < maxSelected; i += LANES) {
            selectedBlocks.set(list + i, -1);
        }
    }
}
