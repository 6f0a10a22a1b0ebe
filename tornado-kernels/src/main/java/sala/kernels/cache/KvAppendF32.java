package sala.kernels.cache;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.storage.Storage;
import sala.kernels.storage.StorageType;
import sala.kernels.storage.StorageVariants;
import sala.kernels.storage.Stored;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Writes keys and values of a call's tokens into the cache, rounded to its storage type.
 *
 * <pre>  keys[g, position + t] = k[t, g],   values[g, position + t] = v[t, g],   0 &lt;= t &lt; numTokens  </pre>
 *
 * <p>Launch: a lane an element of k, {@value #LANES} a work group; lanes of tokens past the call do nothing.
 * {@code position + numTokens} may be at most the capacity: the caller's duty, since the device holds both.
 */
@StorageVariants(StorageType.F16)
public final class KvAppendF32 {
    private static final int LANES = 128;

    private KvAppendF32() {}

    /**
     * Adds the operation to a graph.
     *
     * @param k {@code [tokenCapacity, numKvHeads, headDim]}, f32
     * @param v as k
     * @param keys {@code [numKvHeads, capacity, headDim]}; the call's positions are written
     * @param values as keys
     * @param step see {@link Step}
     * @param layout of the cache
     * @param tokenCapacity most tokens of a call
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray k,
            FloatArray v,
            @Stored FloatArray keys,
            @Stored FloatArray values,
            IntArray step,
            CacheLayout layout,
            int tokenCapacity) {
        int numKvHeads = layout.numKvHeads();
        int headDim = layout.headDim();
        int capacity = layout.capacity();
        KernelArguments.requireAtLeast("tokenCapacity", 1, tokenCapacity);
        KernelArguments.requireShape(
                "k", k, "[tokenCapacity, numKvHeads, headDim]", tokenCapacity, numKvHeads, headDim);
        KernelArguments.requireShape(
                "v", v, "[tokenCapacity, numKvHeads, headDim]", tokenCapacity, numKvHeads, headDim);
        KernelArguments.requireShape("keys", keys, "[numKvHeads, capacity, headDim]", numKvHeads, capacity, headDim);
        KernelArguments.requireShape(
                "values", values, "[numKvHeads, capacity, headDim]", numKvHeads, capacity, headDim);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        graph.taskGraph()
                .task(
                        task,
                        KvAppendF32::append,
                        graph.context(),
                        k,
                        v,
                        keys,
                        values,
                        step,
                        numKvHeads,
                        headDim,
                        capacity);
        int elements = Math.multiplyExact(Math.multiplyExact(tokenCapacity, numKvHeads), headDim);
        WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(Math.ceilDiv(elements, LANES), LANES));
        grid.setLocalWork(LANES, 1, 1);
        graph.grid(task, grid);
    }

    /** The kernel; see {@link #addTo} for the arrays. */
    public static void append(
            KernelContext context,
            FloatArray k,
            FloatArray v,
            @Stored FloatArray keys,
            @Stored FloatArray values,
            IntArray step,
            int numKvHeads,
            int headDim,
            int capacity) {
        int index = context.globalIdx;
        int vector = index / headDim;
        int channel = index - vector * headDim;
        int token = vector / numKvHeads;
        int kvHead = vector - token * numKvHeads;
        if (token < step.get(Step.NUM_TOKENS)) {
            int target = (kvHead * capacity + step.get(Step.POSITION) + token) * headDim + channel;
            Storage.store(keys, target, k.get(index));
            Storage.store(values, target, v.get(index));
        }
    }
}
