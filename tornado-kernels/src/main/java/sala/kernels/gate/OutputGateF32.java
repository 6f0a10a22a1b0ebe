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
 * The sigmoid gate on the output of softmax attention, one value a channel.
 *
 * <pre>  out[t, i] = x[t, i] sigmoid(gate[t, i])        0 &lt;= t &lt; NUM_TOKENS  </pre>
 *
 * <p>Launch: a lane an element, {@value #LANES} lanes a work group. Ground truth:
 * {@link sala.kernels.reference.OutputGate#apply}.
 */
@StorageVariants({F16, BF16})
public final class OutputGateF32 {
    private static final int LANES = 256;

    private OutputGateF32() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param x {@code [T, width]}, f32, mixer output before the output projection
     * @param gate {@code [T, width]}, f32, gate projection of the mixer's input
     * @param out {@code [T, width]}, in the storage type of the class
     */
    public static void compute(
            KernelContext context, IntArray step, FloatArray x, FloatArray gate, @Stored FloatArray out, int width) {
        int index = context.globalIdx;
        if (index < step.get(Step.NUM_TOKENS) * width) {
            Storage.store(out, index, x.get(index) * Sigmoid.of(gate.get(index)));
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
            FloatArray x,
            FloatArray gate,
            @Stored FloatArray out,
            int maxTokens,
            int width) {
        KernelArguments.requireAtLeast("maxTokens", 1, maxTokens);
        KernelArguments.requireAtLeast("width", 1, width);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("x", x, "[maxTokens, width]", maxTokens, width);
        KernelArguments.requireShape("gate", gate, "[maxTokens, width]", maxTokens, width);
        KernelArguments.requireShape("out", out, "[maxTokens, width]", maxTokens, width);
        graph.taskGraph().task(task, OutputGateF32::compute, graph.context(), step, x, gate, out, width);
        graph.grid(task, WorkGroups.grid(WorkGroups.covering((long) maxTokens * width, LANES), LANES));
    }
}
