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
 * <p>Launch: one work group, its lanes as {@link NormLanes} has it. Ground truth:
 * {@link sala.kernels.reference.RmsNorm#normalize}.
 */
public final class FinalNorm {
    private FinalNorm() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param hidden {@code [T, width]}, f32
     * @param weight {@code [width]}, f32
     * @param out {@code [width]}, f32
     * @param lanes of a work group, see {@link NormLanes}
     * @param warpShuffles 1 if the device has them
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray hidden,
            FloatArray weight,
            FloatArray out,
            int width,
            float rmsNormEps,
            int lanes,
            int warpShuffles) {
        float[] partials = context.allocateFloatLocalArray(NormLanes.MAX);
        int lane = context.localIdx;
        int row = (step.get(Step.NUM_TOKENS) - 1) * width;
        int lane1 = lane + lanes;
        int lane2 = lane + 2 * lanes;
        int lane3 = lane + 3 * lanes;
        float value0 = lane < width ? hidden.get(row + lane) : 0f;
        float value1 = lane1 < width ? hidden.get(row + lane1) : 0f;
        float value2 = lane2 < width ? hidden.get(row + lane2) : 0f;
        float value3 = lane3 < width ? hidden.get(row + lane3) : 0f;
        float weight0 = lane < width ? weight.get(lane) : 0f;
        float weight1 = lane1 < width ? weight.get(lane1) : 0f;
        float weight2 = lane2 < width ? weight.get(lane2) : 0f;
        float weight3 = lane3 < width ? weight.get(lane3) : 0f;
        float squares = value0 * value0 + value1 * value1 + value2 * value2 + value3 * value3;
        if (width > NormLanes.VALUES * lanes) {
            for (int i = lane3 + lanes; i < width; i += lanes) {
                float value = hidden.get(row + i);
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
        if (lane < width) {
            out.set(lane, value0 * inverseRms * weight0);
        }
        if (lane1 < width) {
            out.set(lane1, value1 * inverseRms * weight1);
        }
        if (lane2 < width) {
            out.set(lane2, value2 * inverseRms * weight2);
        }
        if (lane3 < width) {
            out.set(lane3, value3 * inverseRms * weight3);
        }
        if (width > NormLanes.VALUES * lanes) {
            for (int i = lane3 + lanes; i < width; i += lanes) {
                out.set(i, hidden.get(row + i) * inverseRms * weight.get(i));
            }
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
        int lanes = NormLanes.of(width);
        graph.taskGraph()
                .task(
                        task,
                        FinalNorm::compute,
                        graph.context(),
                        step,
                        hidden,
                        weight,
                        out,
                        width,
                        rmsNormEps,
                        lanes,
                        graph.warpShuffles());
        graph.grid(task, WorkGroups.grid(1, lanes));
    }
}
