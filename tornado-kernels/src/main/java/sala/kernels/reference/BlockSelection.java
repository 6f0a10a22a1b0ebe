package sala.kernels.reference;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Stage 1 of InfLLM-V2: which blocks one query token attends to, per KV head. Three steps, each a method:
 *
 * <pre>
 *   1. {@link #windowScores}   p[h, j] = exp(c q[h] . fine[j] - m[h]) / d[h],   s[j] = sum of p[h, j] over the group
 *                           m[h], d[h]: maximum and sum of exp(c q[h] . coarse[j] - m[h]) over the coarse windows
 *   2. {@link #blockScores}    B[b] = max of s[j],  r b - 1 &lt;= j &lt;= r b + r - 1,   r = blockSize / kernelStride
 *   3. {@link #select}         forced blocks, then the largest bf16(B[b]), the lower index among equals
 * </pre>
 *
 * <p>A query sees the windows that end at or before its position; others score 0, and so do all windows of a query that
 * sees no coarse one. The normaliser of the coarse keys stands in for that of the fine ones: it weighs the heads of a
 * group against each other and needs no correction.
 */
public final class BlockSelection {
    /** Score of a block without a window; below every real score. */
    public static final double NO_WINDOW = -1;

    private BlockSelection() {}

    /**
     * Group sums of the fine windows for one token.
     *
     * @param q {@code [numHeads, headDim]}
     * @param position of the token
     * @param fineKeys {@code [numFine, numKvHeads, headDim]}, see {@link KeyCompression}
     * @param coarseKeys {@code [numCoarse, numKvHeads, headDim]}
     * @param shape heads
     * @param rule window sizes
     * @return {@code [numKvHeads, numFine]}
     * @throws IllegalArgumentException if a length is wrong or visible windows are missing
     */
    public static double[] windowScores(
            double[] q,
            int position,
            double[] fineKeys,
            double[] coarseKeys,
            AttentionShape shape,
            SelectionRule rule) {
        Arguments.requireLength("q", q.length, shape.queryWidth(), "[numHeads, headDim]");
        Arguments.requireMultiple("fineKeys", fineKeys.length, shape.kvWidth(), "[numFine, numKvHeads, headDim]");
        Arguments.requireMultiple("coarseKeys", coarseKeys.length, shape.kvWidth(), "[numCoarse, numKvHeads, headDim]");
        Arguments.requireAtLeast("position", position, 0);
        int numFine = fineKeys.length / shape.kvWidth();
        int numCoarse = coarseKeys.length / shape.kvWidth();
        int visibleFine = rule.visibleFineWindows(position);
        int visibleCoarse = rule.visibleCoarseWindows(position);
        Arguments.requireAtLeast("fine windows at position " + position, numFine, visibleFine);
        Arguments.requireAtLeast("coarse windows at position " + position, numCoarse, visibleCoarse);

        double[] windowScores = new double[shape.numKvHeads() * numFine];
        if (visibleCoarse == 0) {
            return windowScores;
        }
        for (int head = 0; head < shape.numHeads(); head++) {
            int kvHead = head / shape.groupSize();
            double[] coarse = logits(q, head, coarseKeys, visibleCoarse, shape);
            double max = max(coarse);
            double sum = 0;
            for (double logit : coarse) {
                sum += Math.exp(logit - max);
            }
            double[] fine = logits(q, head, fineKeys, visibleFine, shape);
            for (int window = 0; window < visibleFine; window++) {
                windowScores[kvHead * numFine + window] += Math.exp(fine[window] - max) / sum;
            }
        }
        return windowScores;
    }

    /**
     * Pools window scores of one KV head to blocks.
     *
     * @param windowScores {@code [numFine]}
     * @param numBlocks blocks of the context
     * @param rule window and block sizes
     * @return {@code [numBlocks]}, not rounded; {@link #NO_WINDOW} where no window belongs to the block
     */
    public static double[] blockScores(double[] windowScores, int numBlocks, SelectionRule rule) {
        Arguments.requireAtLeast("numBlocks", numBlocks, 0);
        int stridesPerBlock = rule.stridesPerBlock();
        double[] blockScores = new double[numBlocks];
        for (int block = 0; block < numBlocks; block++) {
            int first = Math.max(0, stridesPerBlock * block - 1);
            int last = Math.min(windowScores.length - 1, stridesPerBlock * block + stridesPerBlock - 1);
            double best = NO_WINDOW;
            for (int window = first; window <= last; window++) {
                best = Math.max(best, windowScores[window]);
            }
            blockScores[block] = best;
        }
        return blockScores;
    }

    /**
     * Chooses blocks for one token and one KV head. Of the blocks up to the current one, the forced ones are taken
     * whatever {@code effectiveTopK} is; others fill it up by bf16 score, the lower index first among equals.
     *
     * @param blockScores {@code [numBlocks]}, not rounded; the current block must be among them
     * @param position of the token
     * @param rule forced blocks and top-k
     * @return block indices, ascending
     * @throws IllegalArgumentException if the current block has no score
     */
    public static int[] select(double[] blockScores, int position, SelectionRule rule) {
        Arguments.requireAtLeast("position", position, 0);
        int currentBlock = position / rule.blockSize();
        Arguments.requireAtLeast("blocks at position " + position, blockScores.length, currentBlock + 1);
        double[] ranks = new double[currentBlock + 1];
        int numForced = 0;
        for (int block = 0; block <= currentBlock; block++) {
            boolean forced = rule.isForced(block, currentBlock);
            numForced += forced ? 1 : 0;
            ranks[block] = forced ? Double.POSITIVE_INFINITY : roundToBf16(blockScores[block]);
        }
        // The sort is stable, so equal ranks stay in ascending order of their index.
        return IntStream.rangeClosed(0, currentBlock)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer block) -> ranks[block])
                        .reversed())
                .limit(Math.max(rule.effectiveTopK(), numForced))
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
    }

    /**
     * The nearest bfloat16, the even one of two equally near. One rounding: going through {@code float} would make two.
     *
     * @return a value of 8 significant bits; NaN stays NaN, and what exceeds the range becomes infinite
     */
    public static double roundToBf16(double value) {
        if (Math.abs(value) < Float.MIN_NORMAL) {
            double smallest = 0x1.0p-133; // the smallest subnormal bfloat16; the grid below the normal numbers
            return Math.rint(value / smallest) * smallest;
        }
        if (!Double.isFinite(value)) {
            return value;
        }
        int dropped = 45; // of a double's 52 stored bits a bfloat16 keeps 7
        long bits = Double.doubleToRawLongBits(value);
        long lastKept = (bits >>> dropped) & 1;
        long rounded = (bits + (1L << (dropped - 1)) - 1 + lastKept) >> dropped << dropped;
        double result = Double.longBitsToDouble(rounded);
        return Math.abs(result) >= 0x1.0p128 ? Math.copySign(Double.POSITIVE_INFINITY, value) : result;
    }

    /** {@code attentionScale q[head] . keys[j, kvHead]} for {@code 0 <= j < count}. */
    private static double[] logits(double[] q, int head, double[] keys, int count, AttentionShape shape) {
        int kvHead = head / shape.groupSize();
        double[] logits = new double[count];
        for (int j = 0; j < count; j++) {
            int key = j * shape.kvWidth() + kvHead * shape.headDim();
            logits[j] = shape.attentionScale() * Linear.dot(q, head * shape.headDim(), keys, key, shape.headDim());
        }
        return logits;
    }

    private static double max(double[] values) {
        double max = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            max = Math.max(max, value);
        }
        return max;
    }
}
