package sala.kernels.selection;

import sala.kernels.KernelArguments;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.SelectionRule;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Scratch of {@link DecodeSelectionF32} and {@link TensorDecodeSelection}; it may serve all layers in turn.
 *
 * @param maxima {@code [numHeads, numSplits]}: largest score of a split of the coarse windows
 * @param sums {@code [numHeads, numSplits]}: sums of {@code exp(score - max)}, 0 for a split without windows
 * @param blockRanks {@code [numKvHeads, maxBlocks]}: see {@link BlockRank}
 * @param numSplits work groups that share the coarse windows
 */
public record DecodeSelectionScratch(FloatArray maxima, FloatArray sums, IntArray blockRanks, int numSplits) {
    public DecodeSelectionScratch {
        KernelArguments.requireAtLeast("numSplits", 1, numSplits);
        KernelArguments.requireShape("maxima", maxima, "[numHeads, numSplits]", numSplits);
        KernelArguments.requireShape("sums", sums, "[numHeads, numSplits]", numSplits);
        KernelArguments.requireShape("blockRanks", blockRanks, "[numKvHeads, maxBlocks]", 1);
    }

    /** Scratch for a cache of this size. */
    public static DecodeSelectionScratch create(
            AttentionShape shape, CacheLayout layout, SelectionRule rule, int numSplits) {
        int partials = Math.multiplyExact(shape.numHeads(), numSplits);
        return new DecodeSelectionScratch(
                new FloatArray(partials),
                new FloatArray(partials),
                new IntArray(Math.multiplyExact(layout.numKvHeads(), rule.numBlocks(layout.capacity()))),
                numSplits);
    }

    void requireShape(AttentionShape shape, CacheLayout layout, SelectionRule rule) {
        KernelArguments.requireShape("maxima", maxima, "[numHeads, numSplits]", shape.numHeads(), numSplits);
        KernelArguments.requireShape("sums", sums, "[numHeads, numSplits]", shape.numHeads(), numSplits);
        KernelArguments.requireShape(
                "blockRanks",
                blockRanks,
                "[numKvHeads, maxBlocks]",
                layout.numKvHeads(),
                rule.numBlocks(layout.capacity()));
    }
}
