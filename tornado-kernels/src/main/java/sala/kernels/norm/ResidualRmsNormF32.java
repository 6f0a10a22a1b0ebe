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
 * Adds a branch to the residual stream and normalises the sum: what stands between two halves of a layer.
 *
 * <pre>
 *   hidden[t, i] += residualScale branch[t, i]                                           0 &lt;= t &lt; NUM_TOKENS
 *   out[t, i]     = hidden[t, i] / sqrt(mean over j of hidden[t, j]^2 + rmsNormEps) weight[i]
 * </pre>
 *
 * <p>Launch: a work group of {@value #LANES} lanes a row; a lane adds and normalises the same elements, so the sum is read
 * back without a barrier. Ground truth: {@link sala.kernels.reference.RmsNorm#normalize} of the sum.
 */
@StorageVariants({F16, BF16})
public final class ResidualRmsNormF32 {
    private static final int LANES = 256;

    private ResidualRmsNormF32() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param hidden {@code [T, width]}, f32; updated in place
     * @param branch {@code [T, width]}, f32
     * @param weight {@code [width]}, f32
     * @param out {@code [T, width]}, in the storage type of the class
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray hidden,
            FloatArray branch,
            FloatArray weight,
            @Stored FloatArray out,
            int width,
            float residualScale,
            float rmsNormEps) {
        float[] partials = context.allocateFloatLocalArray(LANES);
        int lane = context.localIdx;
        int token = context.groupIdx;
        int row = token * width;
        // A group past the call's tokens has nothing to sum, but meets the barriers as all do.
        int end = token < step.get(Step.NUM_TOKENS) ? width : 0;
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
            Storage.store(out, row + i, hidden.get(row + i) * inverseRms * weight.get(i));
        }
    }

    /**
     * Adds the sum and the norm to a graph.
     *
     * @param maxTokens largest number of tokens of a call
     * @throws IllegalArgumentException if an array is null or too small, or a size is less than 1
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
            int width,
            float residualScale,
            float rmsNormEps) {
        KernelArguments.requireAtLeast("maxTokens", 1, maxTokens);
        KernelArguments.requireAtLeast("width", 1, width);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("hidden", hidden, "[maxTokens, width]", maxTokens, width);
        KernelArguments.requireShape("branch", branch, "[maxTokens, width]", maxTokens, width);
        KernelArguments.requireShape("weight", weight, "[width]", width);
        KernelArguments.requireShape("out", out, "[maxTokens, width]", maxTokens, width);
        graph.taskGraph()
                .task(
                        task,
                        ResidualRmsNormF32::compute,
                        graph.context(),
                        step,
                        hidden,
                        branch,
                        weight,
                        out,
                        width,
                        residualScale,
                        rmsNormEps);
        graph.grid(task, WorkGroups.grid(maxTokens, LANES));
    }
}
