package sala.kernels.cache;

import static sala.kernels.storage.StorageType.F16;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import sala.kernels.storage.Storage;
import sala.kernels.storage.StorageVariants;
import sala.kernels.storage.Stored;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Reads keys and values of some tokens out of the cache, the inverse of {@link KvAppendF32}: for sessions that are saved,
 * copied or change places on the device.
 *
 * <pre>  k[t, g] = keys[g, position + t],   v[t, g] = values[g, position + t],   0 &lt;= t &lt; numTokens  </pre>
 *
 * <p>Launch: a lane an element of k, {@value #LANES} a work group; lanes of tokens past the call do nothing.
 */
@StorageVariants({F16})
public final class KvReadF32 {
    private static final int LANES = 256;

    private KvReadF32() {}

    /** The kernel; see {@link #addTo} for the arrays. */
    public static void read(
            KernelContext context,
            @Stored FloatArray keys,
            @Stored FloatArray values,
            FloatArray k,
            FloatArray v,
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
            int source = (kvHead * capacity + step.get(Step.POSITION) + token) * headDim + channel;
            k.set(index, Storage.load(keys, source));
            v.set(index, Storage.load(values, source));
        }
    }

    /**
     * Adds the read to a graph.
     *
     * @param keys {@code [numKvHeads, capacity, headDim]}, stored
     * @param values likewise
     * @param k {@code [tokenCapacity, numKvHeads, headDim]}, f32; rows past the call are not written
     * @param v likewise
     * @param step see {@link Step}
     * @param layout of the cache
     * @param tokenCapacity most tokens of a call
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            @Stored FloatArray keys,
            @Stored FloatArray values,
            FloatArray k,
            FloatArray v,
            IntArray step,
            CacheLayout layout,
            int tokenCapacity) {
        int numKvHeads = layout.numKvHeads();
        int headDim = layout.headDim();
        int capacity = layout.capacity();
        KernelArguments.requireAtLeast("tokenCapacity", 1, tokenCapacity);
        KernelArguments.requireShape("keys", keys, "[numKvHeads, capacity, headDim]", numKvHeads, capacity, headDim);
        KernelArguments.requireShape(
                "values", values, "[numKvHeads, capacity, headDim]", numKvHeads, capacity, headDim);
        KernelArguments.requireShape(
                "k", k, "[tokenCapacity, numKvHeads, headDim]", tokenCapacity, numKvHeads, headDim);
        KernelArguments.requireShape(
                "v", v, "[tokenCapacity, numKvHeads, headDim]", tokenCapacity, numKvHeads, headDim);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        graph.taskGraph()
                .task(task, KvReadF32::read, graph.context(), keys, values, k, v, step, numKvHeads, headDim, capacity);
        long elements = (long) tokenCapacity * layout.numKvHeads() * headDim;
        graph.grid(task, WorkGroups.grid(WorkGroups.covering(elements, LANES), LANES));
    }
}
