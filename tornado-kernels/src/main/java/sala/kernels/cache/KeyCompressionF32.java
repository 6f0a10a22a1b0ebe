package sala.kernels.cache;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.reference.KeyCompression;
import sala.kernels.reference.SelectionRule;
import sala.kernels.storage.Storage;
import sala.kernels.storage.StorageType;
import sala.kernels.storage.StorageVariants;
import sala.kernels.storage.Stored;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Compressed keys: means of the fine and coarse windows that the tokens of this call complete. The one kernel serves
 * prefill (many windows a call) and decode (at most one of each kind); windows reach back into earlier calls, so keys
 * are read from the cache, to which {@link KvAppendF32} has appended before.
 *
 * <pre>
 *   fineKeys[g, j]   = mean of keys[g, t],   kernelStride j &lt;= t &lt; kernelStride j + kernelSize
 *   coarseKeys[g, j] = the same with four times the size and stride
 *   for the windows whose last token t has position &lt;= t &lt; position + numTokens
 * </pre>
 *
 * <p>Sums in f32, rounded once to the storage type. Launch: a work group of {@value #LANES} lanes for each window that
 * a call can complete and KV head, a lane a channel (or several). Groups without a window do nothing. Ground truth:
 * {@link sala.kernels.reference.KeyCompression}.
 */
@StorageVariants(StorageType.F16)
public final class KeyCompressionF32 {
    private static final int LANES = 64;

    private KeyCompressionF32() {}

    /**
     * Adds the operation to a graph, after the append.
     *
     * @param keys {@code [numKvHeads, capacity, headDim]}
     * @param fineKeys {@code [numKvHeads, fineCapacity, headDim]}; windows completed by the call are written
     * @param coarseKeys {@code [numKvHeads, coarseCapacity, headDim]}; likewise
     * @param step see {@link Step}
     * @param layout of the cache
     * @param rule window sizes
     * @param tokenCapacity most tokens of a call
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            @Stored FloatArray keys,
            @Stored FloatArray fineKeys,
            @Stored FloatArray coarseKeys,
            IntArray step,
            CacheLayout layout,
            SelectionRule rule,
            int tokenCapacity) {
        int numKvHeads = layout.numKvHeads();
        int headDim = layout.headDim();
        int capacity = layout.capacity();
        KernelArguments.requireAtLeast("tokenCapacity", 1, tokenCapacity);
        KernelArguments.requireShape("keys", keys, "[numKvHeads, capacity, headDim]", numKvHeads, capacity, headDim);
        KernelArguments.requireShape(
                "fineKeys",
                fineKeys,
                "[numKvHeads, fineCapacity, headDim]",
                numKvHeads,
                layout.fineCapacity(rule),
                headDim);
        KernelArguments.requireShape(
                "coarseKeys",
                coarseKeys,
                "[numKvHeads, coarseCapacity, headDim]",
                numKvHeads,
                layout.coarseCapacity(rule),
                headDim);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        int fineWindows = Math.ceilDiv(tokenCapacity, rule.kernelStride());
        int coarseWindows = Math.ceilDiv(tokenCapacity, rule.coarseKernelStride());
        graph.taskGraph()
                .task(
                        task,
                        KeyCompressionF32::compress,
                        graph.context(),
                        keys,
                        fineKeys,
                        coarseKeys,
                        step,
                        numKvHeads,
                        headDim,
                        capacity,
                        rule.kernelSize(),
                        rule.kernelStride(),
                        fineWindows);
        int workGroups = Math.multiplyExact(fineWindows + coarseWindows, numKvHeads);
        WorkerGrid1D grid = new WorkerGrid1D(Math.multiplyExact(workGroups, LANES));
        grid.setLocalWork(LANES, 1, 1);
        graph.grid(task, grid);
    }

    /** The kernel; the first {@code fineWindows * numKvHeads} work groups are those of fine windows. */
    public static void compress(
            KernelContext context,
            @Stored FloatArray keys,
            @Stored FloatArray fineKeys,
            @Stored FloatArray coarseKeys,
            IntArray step,
            int numKvHeads,
            int headDim,
            int capacity,
            int kernelSize,
            int kernelStride,
            int fineWindows) {
        int lane = context.localIdx;
        int workGroup = context.groupIdx;
        int cacheLength = step.get(Step.POSITION);
        int length = cacheLength + step.get(Step.NUM_TOKENS);
        int slot = workGroup / numKvHeads;
        int kvHead = workGroup - slot * numKvHeads;
        boolean fine = slot < fineWindows;
        int factor = fine ? 1 : SelectionRule.COARSE_FACTOR;
        int size = kernelSize * factor;
        int stride = kernelStride * factor;
        int windowsBefore = KeyCompression.count(cacheLength, size, stride);
        int window = fine ? windowsBefore + slot : windowsBefore + slot - fineWindows;
        if (window < KeyCompression.count(length, size, stride)) {
            int windowCapacity = KeyCompression.count(capacity, size, stride);
            int firstKey = (kvHead * capacity + window * stride) * headDim;
            int target = (kvHead * windowCapacity + window) * headDim;
            for (int channel = lane; channel < headDim; channel += LANES) {
                float sum = 0f;
                for (int token = 0; token < size; token++) {
                    sum += Storage.load(keys, firstKey + token * headDim + channel);
                }
                float mean = sum / size;
                if (fine) {
                    Storage.store(fineKeys, target + channel, mean);
                } else {
                    Storage.store(coarseKeys, target + channel, mean);
                }
            }
        }
    }
}
