package sala.kernels.norm;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The final norm of the call's last token, the only one whose logits choose the next token.
 *
 * <pre>  out[i] = hidden[t, i] / sqrt(mean over j of hidden[t, j]^2 + rmsNormEps) weight[i],   t = NUM_TOKENS - 1  </pre>
 *
 * <p>Launch: one work group of {@value #LANES} lanes. Ground truth: {@link sala.kernels.reference.RmsNorm#normalize}.
 */
public final class FinalNorm {
    private static final int LANES = 256;

    private FinalNorm() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param hidden {@code [T, width]}, f32
     * @param weight {@code [width]}, f32
     * @param out {@code [width]}, f32
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray hidden,
            FloatArray weight,
            FloatArray out,
            int width,
            float rmsNormEps) {
        float[] partials = context.allocateFloatLocalArray(LANES);
        int lane = context.localIdx;
        int row = (step.get(Step.NUM_TOKENS) - 1) * width;
        float squares = 0f;
        for (int i = lane; i < width; i += LANES) {
            float value = hidden.get(row + i);
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
        for (int i = lane; i < width; i += LANES) {
            out.set(i, hidden.get(row + i) * inverseRms * weight.get(i));
        }
    }

    /**
     * Adds the final norm to a graph.
     *
     * @param maxTokens largest number of tokens of a call
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            IntArray step,
            FloatArray hidden,
            FloatArray weight,
            FloatArray out,
            int maxTokens,
            int width,
            float rmsNormEps) {
        KernelArguments.requireAtLeast("maxTokens", 1, maxTokens);
        KernelArguments.requireAtLeast("width", 1, width);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("hidden", hidden, "[maxTokens, width]", maxTokens, width);
        KernelArguments.requireShape("weight", weight, "[width]", width);
        KernelArguments.requireShape("out", out, "[width]", width);
        graph.taskGraph().task(task, FinalNorm::compute, graph.context(), step, hidden, weight, out, width, rmsNormEps);
        graph.grid(task, WorkGroups.grid(1, LANES));
    }
}
