package sala.kernels.selection;

import sala.kernels.KernelArguments;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.SelectionRule;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Scratch of {@link TensorPrefillSelection} and {@link TensorDecodeSelection}; it may serve all layers in turn.
 *
 * @param blockRanks {@code [numWorkGroups, tokensPerTile, maxBlocks]}: see {@link BlockRank}; of many tokens alone
 * @param results {@code [numWorkGroups, FLOATS]}: scores of a tile of windows
 * @param operands {@code [numWorkGroups, HALFS]}: queries of a tile of tokens, in two parts; of many tokens alone
 * @param numWorkGroups at work at a time
 */
public record TensorSelectionScratch(
        IntArray blockRanks, FloatArray results, HalfFloatArray operands, int numWorkGroups) {
    /** Floats of a work group. */
    public static final int FLOATS = TensorPrefillSelection.SCRATCH_FLOATS;

    /** Halfs of a work group. */
    public static final int HALFS = TensorPrefillSelection.SCRATCH_HALFS;

    public TensorSelectionScratch {
        KernelArguments.requireAtLeast("numWorkGroups", 1, numWorkGroups);
        KernelArguments.requireShape("results", results, "[numWorkGroups, FLOATS]", numWorkGroups, FLOATS);
        KernelArguments.requireShape("operands", operands, "[numWorkGroups, HALFS]", numWorkGroups, HALFS);
    }

    /** Scratch of so many work groups, given the ranks that {@link PrefillSelectionF32} has too. */
    public static TensorSelectionScratch create(IntArray blockRanks, int numWorkGroups) {
        return new TensorSelectionScratch(
                blockRanks,
                new FloatArray(Math.multiplyExact(numWorkGroups, FLOATS)),
                new HalfFloatArray(Math.multiplyExact(numWorkGroups, HALFS)),
                numWorkGroups);
    }

    /** Bytes of the scratch of so many work groups, without the ranks. */
    public static long bytes(int numWorkGroups) {
        return (long) numWorkGroups * (FLOATS * Float.BYTES + HALFS * Short.BYTES);
    }

    void requireShape(AttentionShape shape, CacheLayout layout, SelectionRule rule) {
        KernelArguments.requireShape(
                "blockRanks",
                blockRanks,
                "[numWorkGroups, tokensPerTile, maxBlocks]",
                numWorkGroups,
                PrefillSelectionF32.tokensPerTile(shape.groupSize()),
                rule.numBlocks(layout.capacity()));
    }
}
