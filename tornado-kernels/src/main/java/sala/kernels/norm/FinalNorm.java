package sala.kernels.norm;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The final norm of the call's last token, the only one whose logits choose the next token.
 *
 * <pre>  out[i] = hidden[t, i] / sqrt(mean over j of hidden[t, j]^2 + rmsNormEps) weight[i],   t = NUM_TOKENS - 1  </pre>
 *
 * <p>Launch: one work group of {@link RmsNormF32}'s kernel. Ground truth:
 * {@link sala.kernels.reference.RmsNorm#normalize}.
 */
public final class FinalNorm {
    private FinalNorm() {}

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
        int lanes = NormLanes.of(width);
        graph.taskGraph()
                .task(
                        task,
                        RmsNormF32::compute,
                        graph.context(),
                        step,
                        hidden,
                        weight,
                        out,
                        width,
                        rmsNormEps,
                        1,
                        lanes,
                        graph.warpShuffles());
        graph.grid(task, WorkGroups.grid(1, lanes));
    }
}
