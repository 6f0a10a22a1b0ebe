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
 * <p>Launch: a work group a row, its lanes as {@link NormLanes} has it; a lane adds and normalises the same elements. Ground
 * truth: {@link sala.kernels.reference.RmsNorm#normalize} of the sum.
 */
@StorageVariants({F16, BF16})
public final class ResidualRmsNormF32 {
    private ResidualRmsNormF32() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param hidden {@code [T, width]}, f32; updated in place
     * @param branch {@code [T, width]}, f32
     * @param weight {@code [width]}, f32
     * @param out {@code [T, width]}, in the storage type of the class
     * @param lanes of a work group, see {@link NormLanes}
     * @param warpShuffles 1 if the device has them
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
            float rmsNormEps,
            int lanes,
            int warpShuffles) {
        float[] partials = context.allocateFloatLocalArray(NormLanes.MAX);
        int lane = context.localIdx;
        int token = context.groupIdx;
        int row = token * width;
        // A group past the call's tokens computes its row as all do and writes nothing; so no load waits for the step.
        int end = token < step.get(Step.NUM_TOKENS) ? width : 0;
        int lane1 = lane + lanes;
        int lane2 = lane + 2 * lanes;
        int lane3 = lane + 3 * lanes;
        float value0 = lane < width ? hidden.get(row + lane) + residualScale * branch.get(row + lane) : 0f;
        float value1 = lane1 < width ? hidden.get(row + lane1) + residualScale * branch.get(row + lane1) : 0f;
        float value2 = lane2 < width ? hidden.get(row + lane2) + residualScale * branch.get(row + lane2) : 0f;
        float value3 = lane3 < width ? hidden.get(row + lane3) + residualScale * branch.get(row + lane3) : 0f;
        float weight0 = lane < width ? weight.get(lane) : 0f;
        float weight1 = lane1 < width ? weight.get(lane1) : 0f;
        float weight2 = lane2 < width ? weight.get(lane2) : 0f;
        float weight3 = lane3 < width ? weight.get(lane3) : 0f;
        float squares = value0 * value0 + value1 * value1 + value2 * value2 + value3 * value3;
        if (lane < end) {
            hidden.set(row + lane, value0);
        }
        if (lane1 < end) {
            hidden.set(row + lane1, value1);
        }
        if (lane2 < end) {
            hidden.set(row + lane2, value2);
        }
        if (lane3 < end) {
            hidden.set(row + lane3, value3);
        }
        if (width > NormLanes.VALUES * lanes) {
            for (int i = lane3 + lanes; i < end; i += lanes) {
                float value = hidden.get(row + i) + residualScale * branch.get(row + i);
                hidden.set(row + i, value);
                squares += value * value;
            }
        }
        float sum;
        if (warpShuffles == 1) {
            squares = context.simdSum(squares);
            if (lane % NormLanes.WARP == 0) {
                partials[lane / NormLanes.WARP] = squares;
            }
            context.localBarrier();
            float ofWarp = 0f; // a lane takes the sum of the warp that bears its number
            if (lane % NormLanes.WARP < lanes / NormLanes.WARP) {
                ofWarp = partials[lane % NormLanes.WARP];
            }
            sum = context.simdSum(ofWarp);
        } else {
            partials[lane] = squares;
            for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
                context.localBarrier();
                if (lane < stride) {
                    partials[lane] += partials[lane + stride];
                }
            }
            context.localBarrier();
            sum = partials[0];
        }
        float inverseRms = 1f / TornadoMath.sqrt(sum / width + rmsNormEps);
        if (lane < end) {
            Storage.store(out, row + lane, value0 * inverseRms * weight0);
        }
        if (lane1 < end) {
            Storage.store(out, row + lane1, value1 * inverseRms * weight1);
        }
        if (lane2 < end) {
            Storage.store(out, row + lane2, value2 * inverseRms * weight2);
        }
        if (lane3 < end) {
            Storage.store(out, row + lane3, value3 * inverseRms * weight3);
        }
        if (width > NormLanes.VALUES * lanes) {
            for (int i = lane3 + lanes; i < end; i += lanes) {
                Storage.store(out, row + i, hidden.get(row + i) * inverseRms * weight.get(i));
            }
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
        int lanes = NormLanes.of(width);
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
                        rmsNormEps,
                        lanes,
                        graph.warpShuffles());
        graph.grid(task, WorkGroups.grid(maxTokens, lanes));
    }
}
