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
 * Root-mean-square norm of the rows of a call.
 *
 * <pre>  out[t, i] = x[t, i] / sqrt(mean over j of x[t, j]^2 + rmsNormEps) weight[i]        0 &lt;= t &lt; NUM_TOKENS  </pre>
 *
 * <p>Launch: a work group of {@value #LANES} lanes a row; the sum of squares is a tree in local memory, f32. Ground truth:
 * {@link sala.kernels.reference.RmsNorm#normalize}.
 */
@StorageVariants({F16, BF16})
public final class RmsNormF32 {
    private static final int LANES = 256;

    private RmsNormF32() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param x {@code [T, width]}, f32
     * @param weight {@code [width]}, f32
     * @param out {@code [T, width]}, in the storage type of the class
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray x,
            FloatArray weight,
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
            Storage.store(out, row + i, x.get(row + i) * inverseRms * weight.get(i));
        }
    }

    /**
     * Adds the norm to a graph.
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
            @Stored FloatArray out,
            int maxTokens,
            int width,
            float rmsNormEps) {
        KernelArguments.requireAtLeast("maxTokens", 1, maxTokens);
        KernelArguments.requireAtLeast("width", 1, width);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("x", x, "[maxTokens, width]", maxTokens, width);
        KernelArguments.requireShape("weight", weight, "[width]", width);
        KernelArguments.requireShape("out", out, "[maxTokens, width]", maxTokens, width);
        graph.taskGraph().task(task, RmsNormF32::compute, graph.context(), step, x, weight, out, width, rmsNormEps);
        graph.grid(task, WorkGroups.grid(maxTokens, LANES));
    }
}
