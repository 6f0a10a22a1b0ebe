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
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Norm and sigmoid gate on the output of lightning attention. The norm runs over all heads of a token together.
 *
 * <pre>
 *   n[t]      = x[t] / sqrt(mean of x[t]^2 + rmsNormEps) weight        0 &lt;= t &lt; NUM_TOKENS
 *   out[t, i] = n[t, i] sigmoid(gate[t, i])
 * </pre>
 *
 * <p>A model without the norm uses {@link OutputGateF32}, one without the gate {@link sala.kernels.norm.RmsNormF32}.
 *
 * <p>Launch: a work group of {@value #LANES} lanes a token. Ground truth:
 * {@link sala.kernels.reference.RmsNorm#normalize}, then {@link sala.kernels.reference.OutputGate#apply}.
 */
@StorageVariants({F16, BF16})
public final class OutputNormGateF32 {
    private static final int LANES = 256;

    private OutputNormGateF32() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param x {@code [T, width]}, f32, width being {@code numHeads * headDim}
     * @param weight {@code [width]}, f32
     * @param gate {@code [T, width]}, f32, gate projection of the mixer's input
     * @param out {@code [T, width]}, in the storage type of the class
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray x,
            FloatArray weight,
            FloatArray gate,
            @Stored FloatArray out,
            int width,
            float rmsNormEps) {
        float[] partials = context.allocateFloatLocalArray(LANES);
        int lane = context.localIdx;
        int token = context.groupIdx;
        int row = token * width;
        // A group past the call's tokens has nothing to sum, but meets the barriers as all do.
        int end = token < step.get(Step.NUM_TOKENS) ? width : 0;
        float squares = 0f;
        for (int i = lane; i < end; i += LANES) {
            float value = x.get(row + i);
            squares += value * value;
        }
        partials[lane] = squares;
        for (int stride = LANES / 2; stride > 0; stride = stride / 2) {
            context.localBarrier();
            if (lane < stride) {
                partials[lane] += partials[lane + stride];
            }
        }
        context.localBarrier();
        float inverseRms = 1f / TornadoMath.sqrt(partials[0] / width + rmsNormEps);
        for (int i = lane; i < end; i += LANES) {
            float normed = x.get(row + i) * inverseRms * weight.get(i);
            Storage.store(out, row + i, normed * Sigmoid.of(gate.get(row + i)));
        }
    }

    /**
     * Adds norm and gate to a graph.
     *
     * @param maxTokens largest number of tokens of a call
     * @throws IllegalArgumentException if an array is null or too small, or a size is less than 1
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            IntArray step,
            FloatArray x,
            FloatArray weight,
            FloatArray gate,
            @Stored FloatArray out,
            int maxTokens,
            int width,
            float rmsNormEps) {
        KernelArguments.requireAtLeast("maxTokens", 1, maxTokens);
        KernelArguments.requireAtLeast("width", 1, width);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("x", x, "[maxTokens, width]", maxTokens, width);
        KernelArguments.requireShape("weight", weight, "[width]", width);
        KernelArguments.requireShape("gate", gate, "[maxTokens, width]", maxTokens, width);
        KernelArguments.requireShape("out", out, "[maxTokens, width]", maxTokens, width);
        graph.taskGraph()
                .task(task, OutputNormGateF32::compute, graph.context(), step, x, weight, gate, out, width, rmsNormEps);
        graph.grid(task, WorkGroups.grid(maxTokens, LANES));
    }
}
