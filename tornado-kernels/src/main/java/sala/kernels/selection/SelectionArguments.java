package sala.kernels.selection;

import org.jspecify.annotations.Nullable;
import sala.kernels.KernelArguments;
import sala.kernels.Step;
import sala.kernels.attention.AttentionArguments;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.SelectionRule;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Checks that both forms of block selection share. */
final class SelectionArguments {
    /** Most query heads of a KV head: their softmax denominators are held in local memory. */
    static final int MAX_GROUP_SIZE = 64;
    /** Most fine windows that start in a block: a block's windows and one before it must fit a tile. */
    static final int MAX_STRIDES_PER_BLOCK = 63;

    private SelectionArguments() {}

    static void require(
            @Nullable FloatArray q,
            @Nullable TornadoNativeArray fineKeys,
            @Nullable TornadoNativeArray coarseKeys,
            @Nullable IntArray selectedBlocks,
            @Nullable IntArray step,
            AttentionShape shape,
            CacheLayout layout,
            SelectionRule rule,
            int tokenCapacity) {
        AttentionArguments.requireHeads(shape, layout);
        requireAtMost("groupSize", MAX_GROUP_SIZE, shape.groupSize());
        requireAtMost("blockSize / kernelStride", MAX_STRIDES_PER_BLOCK, rule.stridesPerBlock());
        KernelArguments.requireAtLeast("tokenCapacity", 1, tokenCapacity);
        KernelArguments.requireShape(
                "q", q, "[tokenCapacity, numHeads, headDim]", tokenCapacity, shape.numHeads(), shape.headDim());
        KernelArguments.requireShape(
                "fineKeys",
                fineKeys,
                "[numKvHeads, fineCapacity, headDim]",
                layout.numKvHeads(),
                layout.fineCapacity(rule),
                layout.headDim());
        KernelArguments.requireShape(
                "coarseKeys",
                coarseKeys,
                "[numKvHeads, coarseCapacity, headDim]",
                layout.numKvHeads(),
                layout.coarseCapacity(rule),
                layout.headDim());
        KernelArguments.requireShape(
                "selectedBlocks",
                selectedBlocks,
                "[tokenCapacity, numKvHeads, maxSelected]",
                tokenCapacity,
                layout.numKvHeads(),
                BlockRank.maxSelected(rule));
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
    }

    static void requireAtMost(String name, int most, int found) {
        if (found > most) {
            throw new IllegalArgumentException("%s: expected at most %d, found %d".formatted(name, most, found));
        }
    }
}
