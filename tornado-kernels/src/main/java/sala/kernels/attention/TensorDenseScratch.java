package sala.kernels.attention;

import sala.kernels.KernelArguments;
import sala.kernels.reference.AttentionShape;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;

/**
 * Scratch of {@link TensorDenseAttention}; it may serve all layers in turn. What tensor cores compute leaves them through
 * global memory, and queries must be read from there in f16.
 *
 * @param results {@link #floats} numbers: of each work group the scores of a tile of keys, and its sums when they leave
 * @param queries {@link #halfs} numbers
 */
public record TensorDenseScratch(FloatArray results, HalfFloatArray queries) {
    /** Floats for calls of at most so many tokens. */
    public static int floats(AttentionShape shape, int tokenCapacity) {
        return Math.multiplyExact(
                TensorDenseAttention.numWorkGroups(shape, tokenCapacity), TensorDenseAttention.SCRATCH_FLOATS);
    }

    /** Halfs for calls of at most so many tokens. */
    public static int halfs(AttentionShape shape, int tokenCapacity) {
        return Math.multiplyExact(
                TensorDenseAttention.numWorkGroups(shape, tokenCapacity), TensorDenseAttention.SCRATCH_HALFS);
    }

    /** Bytes for calls of at most so many tokens. */
    public static long bytes(AttentionShape shape, int tokenCapacity) {
        return (long) floats(shape, tokenCapacity) * Float.BYTES + (long) halfs(shape, tokenCapacity) * Short.BYTES;
    }

    /** Scratch for calls of at most so many tokens. */
    public static TensorDenseScratch create(AttentionShape shape, int tokenCapacity) {
        return new TensorDenseScratch(
                new FloatArray(floats(shape, tokenCapacity)), new HalfFloatArray(halfs(shape, tokenCapacity)));
    }

    /** Refuses scratch that is too small for a call. */
    void requireShape(AttentionShape shape, int tokenCapacity) {
        KernelArguments.requireShape("results", results, "[floats]", floats(shape, tokenCapacity));
        KernelArguments.requireShape("queries", queries, "[halfs]", halfs(shape, tokenCapacity));
    }
}
