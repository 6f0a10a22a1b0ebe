package sala.kernels.gate;

import static sala.kernels.storage.StorageType.BF16;
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
 * The gated activation of the MLP, where the two projections before it are matrix products of their own.
 *
 * <pre>  out[t, i] = silu(gate[t, i]) up[t, i],   silu(z) = z sigmoid(z)        0 &lt;= t &lt; NUM_TOKENS  </pre>
 *
 * <p>Launch: a lane an element, {@value #LANES} lanes a work group. Ground truth:
 * {@link sala.kernels.reference.SwiGlu#activate}.
 */
@StorageVariants({F16, BF16})
public final class SwiGluF32 {
    private static final int LANES = 256;

    private SwiGluF32() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param gate {@code [T, intermediateSize]}, f32, output of the gate projection
     * @param up {@code [T, intermediateSize]}, f32, output of the up projection
     * @param out {@code [T, intermediateSize]}, in the storage type of the class
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray gate,
            FloatArray up,
            @Stored FloatArray out,
            int intermediateSize) {
        int index = context.globalIdx;
        if (index < step.get(Step.NUM_TOKENS) * intermediateSize) {
            float value = gate.get(index);
            Storage.store(out, index, value * Sigmoid.of(value) * up.get(index));
        }
    }

    /**
     * Adds the operation to a graph.
     *
     * @param maxTokens largest number of tokens of a call
     * @throws IllegalArgumentException if an array is null or too small, or a size is less than 1
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            IntArray step,
            FloatArray gate,
            FloatArray up,
            @Stored FloatArray out,
            int maxTokens,
            int intermediateSize) {
        KernelArguments.requireAtLeast("maxTokens", 1, maxTokens);
        KernelArguments.requireAtLeast("intermediateSize", 1, intermediateSize);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("gate", gate, "[maxTokens, intermediateSize]", maxTokens, intermediateSize);
        KernelArguments.requireShape("up", up, "[maxTokens, intermediateSize]", maxTokens, intermediateSize);
        KernelArguments.requireShape("out", out, "[maxTokens, intermediateSize]", maxTokens, intermediateSize);
        graph.taskGraph().task(task, SwiGluF32::compute, graph.context(), step, gate, up, out, intermediateSize);
        graph.grid(task, WorkGroups.grid(WorkGroups.covering((long) maxTokens * intermediateSize, LANES), LANES));
    }
}
