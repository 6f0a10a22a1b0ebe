package sala.kernels.norm;

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
 * What the head reads: the last branch added, the final norm, and the division by {@code hiddenSize / dimModelBase}.
 *
 * <pre>
 *   hidden[t, i] += residualScale branch[t, i]
 *   out[r, i]     = headScale hidden[t, i] / sqrt(mean over j of hidden[t, j]^2 + rmsNormEps) weight[i]
 *   headScale     = dimModelBase / hiddenSize
 * </pre>
 *
 * <p>Of a call's tokens the last {@code maxRows} count, all if there are fewer: with {@code maxRows} 1 that is the token
 * whose logits choose the next one, {@code r} 0; otherwise {@code r = t - max(0, NUM_TOKENS - maxRows)}. Rows of other
 * tokens stay as they were, in {@code hidden} too.
 *
 * <p>Launch: a work group of {@value #LANES} lanes a row. Ground truth: {@link sala.kernels.reference.RmsNorm#normalize}.
 */
@StorageVariants({F16, BF16})
public final class FinalNormF32 {
    private static final int LANES = 256;

    private FinalNormF32() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param hidden {@code [T, width]}, f32; the rows that count are updated in place
     * @param branch {@code [T, width]}, f32
     * @param weight {@code [width]}, f32
     * @param out {@code [maxRows, width]}, in the storage type of the class
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray hidden,
            FloatArray branch,
            FloatArray weight,
            @Stored FloatArray out,
            int maxRows,
            int width,
            float residualScale,
            float headScale,
            float rmsNormEps) {
        float[] partials = context.allocateFloatLocalArray(LANES);
        int lane = context.localIdx;
        int outRow = context.groupIdx;
        int numTokens = step.get(Step.NUM_TOKENS);
        int token = outRow + TornadoMath.max(0, numTokens - maxRows);
        int row = token * width;
        // A group past the call's tokens has nothing to sum, but meets the barriers as all do.
        int end = token < numTokens ? width : 0;
        float squares = 0f;
        for (int i = lane; i < end; i += LANES) {
            float value = hidden.get(row + i) + residualScale * branch.get(row + i);
            hidden.set(row + i, value);
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
            float normed = hidden.get(row + i) * inverseRms * weight.get(i);
            Storage.store(out, outRow * width + i, headScale * normed);
        }
    }

    /**
     * Adds the final norm to a graph.
     *
     * @param maxTokens largest number of tokens of a call
     * @param maxRows tokens whose logits are wanted, counted from the last, from 1 to {@code maxTokens}
     * @throws IllegalArgumentException if an array is null or too small, or a size does not fit
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            IntArray step,
            FloatArray hidden,
            FloatArray branch,
            FloatArray weight,
            @Stored FloatArray out,
            int maxTokens,
            int maxRows,
            int width,
            float residualScale,
            float headScale,
            float rmsNormEps) {
        KernelArguments.requireAtLeast("maxRows", 1, maxRows);
        KernelArguments.requireAtLeast("maxTokens", maxRows, maxTokens);
        KernelArguments.requireAtLeast("width", 1, width);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("hidden", hidden, "[maxTokens, width]", maxTokens, width);
        KernelArguments.requireShape("branch", branch, "[maxTokens, width]", maxTokens, width);
        KernelArguments.requireShape("weight", weight, "[width]", width);
        KernelArguments.requireShape("out", out, "[maxRows, width]", maxRows, width);
        graph.taskGraph()
                .task(
                        task,
                        FinalNormF32::compute,
                        graph.context(),
                        step,
                        hidden,
                        branch,
                        weight,
                        out,
                        maxRows,
                        width,
                        residualScale,
                        headScale,
                        rmsNormEps);
        graph.grid(task, WorkGroups.grid(maxRows, LANES));
    }
}
