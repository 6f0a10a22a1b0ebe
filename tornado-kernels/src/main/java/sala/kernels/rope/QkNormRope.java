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
 * Norm of every head of q and k, then rotary positions, in place. Channel j turns with channel {@code j + headDim/2}.
 *
 * <pre>
 *   n[t, h]             = x[t, h] / sqrt(mean of x[t, h]^2 + rmsNormEps) weight        x being q or k, 0 &lt;= t &lt; NUM_TOKENS
 *   x[t, h, j]          = n[t, h, j] cosines[t, j] - n[t, h, j + pairs] sines[t, j]     0 &lt;= j &lt; pairs = headDim/2
 *   x[t, h, j + pairs]   = n[t, h, j + pairs] cosines[t, j] + n[t, h, j] sines[t, j]
 * </pre>
 *
 * <p>Launch: a work group of {@value #LANES} lanes a head of a token, the heads of q before those of k; a lane owns a
 * pair of channels. Ground truth: {@link sala.kernels.reference.RmsNorm#normalize}, then
 * {@link sala.kernels.reference.Rope#rotate}.
 */
public final class QkNormRope {
    private static final int LANES = 64;
    private static final int MAX_HEAD_DIM = 2 * LANES;

    private QkNormRope() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param q {@code [T, numHeads, headDim]}, f32; in place
     * @param k {@code [T, numKvHeads, headDim]}, f32; in place
     * @param queryWeight {@code [headDim]}, f32, shared by the heads
     * @param keyWeight {@code [headDim]}, f32, shared by the heads
     * @param cosines {@code [T, headDim/2]}, f32, see {@link RopeTable}
     * @param sines {@code [T, headDim/2]}, f32
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray q,
            FloatArray k,
            FloatArray queryWeight,
            FloatArray keyWeight,
            FloatArray cosines,
            FloatArray sines,
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
            float cosine = cosines.get(token * pairs + lane);
            float sine = sines.get(token * pairs + lane);
            if (isQuery) {
                low = low * inverseRms * queryWeight.get(lane);
                high = high * inverseRms * queryWeight.get(lane + pairs);
                q.set(queryRow + lane, low * cosine - high * sine);
                q.set(queryRow + lane + pairs, high * cosine + low * sine);
            } else {
                low = low * inverseRms * keyWeight.get(lane);
                high = high * inverseRms * keyWeight.get(lane + pairs);
                k.set(keyRow + lane, low * cosine - high * sine);
                k.set(keyRow + lane + pairs, high * cosine + low * sine);
            }
        }
    }

    /**
     * Adds norm and rotation to a graph.
     *
     * @param maxTokens largest number of tokens of a call
     * @param headDim even, at most {@value #MAX_HEAD_DIM}
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
            FloatArray cosines,
            FloatArray sines,
            int maxTokens,
            int numHeads,
            int numKvHeads,
            int headDim,
            float rmsNormEps) {
        KernelArguments.requireAtLeast("maxTokens", 1, maxTokens);
        KernelArguments.requireAtLeast("numHeads", 1, numHeads);
        KernelArguments.requireAtLeast("numKvHeads", 1, numKvHeads);
        requireHeadDim(headDim);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("q", q, "[maxTokens, numHeads, headDim]", maxTokens, numHeads, headDim);
        KernelArguments.requireShape("k", k, "[maxTokens, numKvHeads, headDim]", maxTokens, numKvHeads, headDim);
        KernelArguments.requireShape("queryWeight", queryWeight, "[headDim]", headDim);
        KernelArguments.requireShape("keyWeight", keyWeight, "[headDim]", headDim);
        KernelArguments.requireShape("cosines", cosines, "[maxTokens, headDim/2]", maxTokens, headDim / 2);
        KernelArguments.requireShape("sines", sines, "[maxTokens, headDim/2]", maxTokens, headDim / 2);
        graph.taskGraph()
                .task(
                        task,
                        QkNormRope::compute,
                        graph.context(),
                        step,
                        q,
                        k,
                        queryWeight,
                        keyWeight,
                        cosines,
                        sines,
                        numHeads,
                        numKvHeads,
                        headDim,
                        rmsNormEps);
        graph.grid(task, WorkGroups.grid((long) maxTokens * (numHeads + numKvHeads), LANES));
    }

    /** Refuses a head with an odd number of channels, or more pairs of them than lanes. */
    static void requireHeadDim(int headDim) {
        KernelArguments.requireMultiple("headDim", 2, headDim);
        if (headDim > MAX_HEAD_DIM) {
            throw new IllegalArgumentException(
                    "headDim: expected at most %d, found %d".formatted(MAX_HEAD_DIM, headDim));
        }
    }
}
