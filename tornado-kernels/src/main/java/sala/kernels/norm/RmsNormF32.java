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
 * <p>Launch: a work group a row, its lanes as {@link NormLanes} has it; sums in f32. Ground truth:
 * {@link sala.kernels.reference.RmsNorm#normalize}.
 */
@StorageVariants({F16, BF16})
public final class RmsNormF32 {
    private RmsNormF32() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param x {@code [T, width]}, f32
     * @param weight {@code [width]}, f32
     * @param out {@code [T, width]}, in the storage type of the class
     * @param lastAlone 1 if there is one work group, for the last token, and {@code out} has one row; else 0
     * @param lanes of a work group, see {@link NormLanes}
     * @param warpShuffles 1 if the device has them
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray x,
            FloatArray weight,
            @Stored FloatArray out,
            int width,
            float rmsNormEps,
            int lastAlone,
            int lanes,
            int warpShuffles) {
        int lane = context.localIdx;
        int token = lastAlone == 1 ? step.get(Step.NUM_TOKENS) - 1 : context.groupIdx;
        int row = token * width;
        int outRow = context.groupIdx * width;
        // A group past the call's tokens computes its row as all do and writes nothing; so no load waits for the step.
        int end = token < step.get(Step.NUM_TOKENS) ? width : 0;
        int lane1 = lane + lanes;
        int lane2 = lane + 2 * lanes;
        int lane3 = lane + 3 * lanes;
        float value0 = lane < width ? x.get(row + lane) : 0f;
        float value1 = lane1 < width ? x.get(row + lane1) : 0f;
        float value2 = lane2 < width ? x.get(row + lane2) : 0f;
        float value3 = lane3 < width ? x.get(row + lane3) : 0f;
        float weight0 = lane < width ? weight.get(lane) : 0f;
        float weight1 = lane1 < width ? weight.get(lane1) : 0f;
        float weight2 = lane2 < width ? weight.get(lane2) : 0f;
        float weight3 = lane3 < width ? weight.get(lane3) : 0f;
        float squares = value0 * value0 + value1 * value1 + value2 * value2 + value3 * value3;
        if (width > NormLanes.VALUES * lanes) {
            for (int i = lane3 + lanes; i < end; i += lanes) {
                float value = x.get(row + i);
                squares += value * value;
            }
        }
        float sum = NormLanes.sum(context, squares, lanes, warpShuffles);
        float inverseRms = 1f / TornadoMath.sqrt(sum / width + rmsNormEps);
        if (lane < end) {
            Storage.store(out, outRow + lane, value0 * inverseRms * weight0);
        }
        if (lane1 < end) {
            Storage.store(out, outRow + lane1, value1 * inverseRms * weight1);
        }
        if (lane2 < end) {
            Storage.store(out, outRow + lane2, value2 * inverseRms * weight2);
        }
        if (lane3 < end) {
            Storage.store(out, outRow + lane3, value3 * inverseRms * weight3);
        }
        if (width > NormLanes.VALUES * lanes) {
            for (int i = lane3 + lanes; i < end; i += lanes) {
                Storage.store(out, outRow + i, x.get(row + i) * inverseRms * weight.get(i));
            }
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
        int lanes = NormLanes.of(width);
        graph.taskGraph()
                .task(
                        task,
                        RmsNormF32::compute,
                        graph.context(),
                        step,
                        x,
                        weight,
                        out,
                        width,
                        rmsNormEps,
                        0,
                        lanes,
                        graph.warpShuffles());
        graph.grid(task, WorkGroups.grid(maxTokens, lanes));
    }
}
