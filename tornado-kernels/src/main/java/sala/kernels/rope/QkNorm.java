package sala.kernels.rope;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Norm of every head of q and k, in place: {@link QkNormRope} for layers without rotary positions.
 *
 * <pre>  x[t, h, i] = x[t, h, i] / sqrt(mean over j of x[t, h, j]^2 + rmsNormEps) weight[i]        x being q or k  </pre>
 *
 * <p>Launch: a work group of {@value #LANES} lanes a head of a token, the heads of q before those of k; a lane
 * owns channels {@code j} and {@code j + headDim/2}. Ground truth: {@link sala.kernels.reference.RmsNorm#normalize}.
 */
public final class QkNorm {
    private static final int LANES = 64;

    private QkNorm() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param q {@code [T, numHeads, headDim]}, f32; in place
     * @param k {@code [T, numKvHeads, headDim]}, f32; in place
     * @param queryWeight {@code [headDim]}, f32, shared by the heads
     * @param keyWeight {@code [headDim]}, f32, shared by the heads
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray q,
            FloatArray k,
            FloatArray queryWeight,
            FloatArray keyWeight,
            int numHeads,
            int numKvHeads,
            int headDim,
            float rmsNormEps) {
        float[] partials = context.allocateFloatLocalArray(LANES);
        int lane = context.localIdx;
        int group = context.groupIdx;
        int pairs = headDim / 2;
        int token = group / (numHeads + numKvHeads);
        int head = group - token * (numHeads + numKvHeads);
        boolean active = token < step.get(Step.NUM_TOKENS) && lane < pairs;
        boolean isQuery = head < numHeads;
        int queryRow = (token * numHeads + head) * headDim;
        int keyRow = (token * numKvHeads + head - numHeads) * headDim;
        float low = 0f;
        float high = 0f;
        if (active) {
            if (isQuery) {
                low = q.get(queryRow + lane);
                high = q.get(queryRow + lane + pairs);
            } else {
                low = k.get(keyRow + lane);
                high = k.get(keyRow + lane + pairs);
            }
        }
        partials[lane] = low * low + high * high;
        for (int stride = LANES / 2; stride > 0; stride = stride / 2) {
            context.localBarrier();
            if (lane < stride) {
                partials[lane] += partials[lane + stride];
            }
        }
        context.localBarrier();
        if (active) {
            float inverseRms = 1f / TornadoMath.sqrt(partials[0] / headDim + rmsNormEps);
            if (isQuery) {
                q.set(queryRow + lane, low * inverseRms * queryWeight.get(lane));
                q.set(queryRow + lane + pairs, high * inverseRms * queryWeight.get(lane + pairs));
            } else {
                k.set(keyRow + lane, low * inverseRms * keyWeight.get(lane));
                k.set(keyRow + lane + pairs, high * inverseRms * keyWeight.get(lane + pairs));
            }
        }
    }

    /**
     * Adds the norms to a graph.
     *
     * @param maxTokens largest number of tokens of a call
     * @param headDim even, at most 128
     * @throws IllegalArgumentException if an array is null or too small, or a size does not fit
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            IntArray step,
            FloatArray q,
            FloatArray k,
            FloatArray queryWeight,
            FloatArray keyWeight,
            int maxTokens,
            int numHeads,
            int numKvHeads,
            int headDim,
            float rmsNormEps) {
        KernelArguments.requireAtLeast("maxTokens", 1, maxTokens);
        KernelArguments.requireAtLeast("numHeads", 1, numHeads);
        KernelArguments.requireAtLeast("numKvHeads", 1, numKvHeads);
        QkNormRope.requireHeadDim(headDim);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("q", q, "[maxTokens, numHeads, headDim]", maxTokens, numHeads, headDim);
        KernelArguments.requireShape("k", k, "[maxTokens, numKvHeads, headDim]", maxTokens, numKvHeads, headDim);
        KernelArguments.requireShape("queryWeight", queryWeight, "[headDim]", headDim);
        KernelArguments.requireShape("keyWeight", keyWeight, "[headDim]", headDim);
        graph.taskGraph()
                .task(
                        task,
                        QkNorm::compute,
                        graph.context(),
                        step,
                        q,
                        k,
                        queryWeight,
                        keyWeight,
                        numHeads,
                        numKvHeads,
                        headDim,
                        rmsNormEps);
        graph.grid(task, WorkGroups.grid((long) maxTokens * (numHeads + numKvHeads), LANES));
    }
}
