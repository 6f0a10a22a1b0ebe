package sala.kernels.gate;

import static sala.kernels.storage.StorageType.BF16;
import static sala.kernels.storage.StorageType.F16;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import sala.kernels.norm.NormLanes;
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
 * <p>Launch: a work group a token, its lanes as {@link NormLanes} has it. Ground truth:
 * {@link sala.kernels.reference.RmsNorm#normalize}, then {@link sala.kernels.reference.OutputGate#apply}.
 */
@StorageVariants({F16, BF16})
public final class OutputNormGateF32 {
    private OutputNormGateF32() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param x {@code [T, width]}, f32, width being {@code numHeads * headDim}
     * @param weight {@code [width]}, f32
     * @param gate {@code [T, width]}, f32, gate projection of the mixer's input
     * @param out {@code [T, width]}, in the storage type of the class
     * @param lanes of a work group, see {@link NormLanes}
     * @param warpShuffles 1 if the device has them
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray x,
            FloatArray weight,
            FloatArray gate,
            @Stored FloatArray out,
            int width,
            float rmsNormEps,
            int lanes,
            int warpShuffles) {
        int lane = context.localIdx;
        int token = context.groupIdx;
        int row = token * width;
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
        float gate0 = lane < width ? gate.get(row + lane) : 0f;
        float gate1 = lane1 < width ? gate.get(row + lane1) : 0f;
        float gate2 = lane2 < width ? gate.get(row + lane2) : 0f;
        float gate3 = lane3 < width ? gate.get(row + lane3) : 0f;
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
            Storage.store(out, row + lane, value0 * inverseRms * weight0 * Sigmoid.of(gate0));
        }
        if (lane1 < end) {
            Storage.store(out, row + lane1, value1 * inverseRms * weight1 * Sigmoid.of(gate1));
        }
        if (lane2 < end) {
            Storage.store(out, row + lane2, value2 * inverseRms * weight2 * Sigmoid.of(gate2));
        }
        if (lane3 < end) {
            Storage.store(out, row + lane3, value3 * inverseRms * weight3 * Sigmoid.of(gate3));
        }
        if (width > NormLanes.VALUES * lanes) {
            for (int i = lane3 + lanes; i < end; i += lanes) {
                float normed = x.get(row + i) * inverseRms * weight.get(i);
                Storage.store(out, row + i, normed * Sigmoid.of(gate.get(row + i)));
            }
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
        int lanes = NormLanes.of(width);
        graph.taskGraph()
                .task(
                        task,
                        OutputNormGateF32::compute,
                        graph.context(),
                        step,
                        x,
                        weight,
                        gate,
                        out,
                        width,
                        rmsNormEps,
                        lanes,
                        graph.warpShuffles());
        graph.grid(task, WorkGroups.grid(maxTokens, lanes));
    }
}
