package sala.kernels.cache;

import sala.kernels.KernelArguments;
import sala.kernels.reference.KeyCompression;
import sala.kernels.reference.SelectionRule;

/**
 * Sizes of the cache of one sparse layer. Keys and values are {@code [numKvHeads, capacity, headDim]}, fine compressed
 * keys {@code [numKvHeads, fineCapacity, headDim]}, coarse ones {@code [numKvHeads, coarseCapacity, headDim]}.
 *
 * @param numKvHeads key/value heads
 * @param headDim length of a key or value vector
 * @param capacity positions the cache can hold
 */
public record CacheLayout(int numKvHeads, int headDim, int capacity) {
    public CacheLayout {
        KernelArguments.requireAtLeast("numKvHeads", 1, numKvHeads);
        KernelArguments.requireAtLeast("headDim", 1, headDim);
        KernelArguments.requireAtLeast("capacity", 1, capacity);
        long length = (long) numKvHeads * headDim * capacity;
        if (length > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "capacity: expected at most %d positions of %d KV heads x %d, found %d; keep a cache array per layer"
                            .formatted(Integer.MAX_VALUE / numKvHeads / headDim, numKvHeads, headDim, capacity));
        }
    }

    /** Elements of the array of keys, and of that of values. */
    public int length() {
        return Math.multiplyExact(Math.multiplyExact(numKvHeads, capacity), headDim);
    }

    /** Fine windows of a full cache, at least 1 so that no array is empty. */
    public int fineCapacity(SelectionRule rule) {
        return windowCapacity(capacity, rule.kernelSize(), rule.kernelStride());
    }

    /** Coarse windows of a full cache, at least 1. */
    public int coarseCapacity(SelectionRule rule) {
        return windowCapacity(capacity, rule.coarseKernelSize(), rule.coarseKernelStride());
    }

    /** Elements of the array of fine compressed keys. */
    public int fineLength(SelectionRule rule) {
        return Math.multiplyExact(Math.multiplyExact(numKvHeads, fineCapacity(rule)), headDim);
    }

    /** Elements of the array of coarse compressed keys. */
    public int coarseLength(SelectionRule rule) {
        return Math.multiplyExact(Math.multiplyExact(numKvHeads, coarseCapacity(rule)), headDim);
    }

    private static int windowCapacity(int capacity, int kernelSize, int kernelStride) {
        return Math.max(1, KeyCompression.count(capacity, kernelSize, kernelStride));
    }
}
