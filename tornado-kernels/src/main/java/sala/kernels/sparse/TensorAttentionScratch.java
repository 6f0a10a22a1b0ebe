package sala.kernels.sparse;

import sala.kernels.KernelArguments;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;

/**
 * Scratch of {@link TensorSparseAttention}; it may serve all layers in turn. What tensor cores compute leaves them through
 * global memory, and what they multiply must be read from there in f16; both are small enough to stay in a GPU's cache.
 *
 * @param results {@code [numWorkGroups, FLOATS]}: scores of a segment of keys, and the weighted values of that segment
 * @param operands {@code [numWorkGroups, HALFS]}: queries, and softmax numerators of a segment of keys
 * @param numWorkGroups at work at a time
 */
public record TensorAttentionScratch(FloatArray results, HalfFloatArray operands, int numWorkGroups) {
    /** Floats of a work group. */
    public static final int FLOATS = TensorSparseAttention.SCRATCH_FLOATS;

    /** Halfs of a work group. */
    public static final int HALFS = TensorSparseAttention.SCRATCH_HALFS;

    public TensorAttentionScratch {
        KernelArguments.requireAtLeast("numWorkGroups", 1, numWorkGroups);
        KernelArguments.requireShape("results", results, "[numWorkGroups, FLOATS]", numWorkGroups, FLOATS);
        KernelArguments.requireShape("operands", operands, "[numWorkGroups, HALFS]", numWorkGroups, HALFS);
    }

    /** Bytes of the scratch of so many work groups. */
    public static long bytes(int numWorkGroups) {
        return (long) numWorkGroups * (FLOATS * Float.BYTES + HALFS * Short.BYTES);
    }

    /** Scratch of so many work groups. */
    public static TensorAttentionScratch create(int numWorkGroups) {
        return new TensorAttentionScratch(
                new FloatArray(Math.multiplyExact(numWorkGroups, FLOATS)),
                new HalfFloatArray(Math.multiplyExact(numWorkGroups, HALFS)),
                numWorkGroups);
    }
}
