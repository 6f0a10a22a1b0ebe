package sala.kernels.rope;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Rotary positions on q and k, in place: {@link QkNormRope} for layers without norms of q and k. Channel j turns with
 * channel {@code j + headDim/2}.
 *
 * <pre>
 *   x'[t, h, j]        = x[t, h, j] cosines[t, j] - x[t, h, j + pairs] sines[t, j]        x being q or k
 *   x'[t, h, j + pairs] = x[t, h, j + pairs] cosines[t, j] + x[t, h, j] sines[t, j]        0 &lt;= j &lt; pairs = headDim/2
 * </pre>
 *
 * <p>Launch: a work group of {@value #LANES} lanes a head of a token, the heads of q before those of k; a lane owns a
 * pair of channels. Ground truth: {@link sala.kernels.reference.Rope#rotate}.
 */
public final class QkRope {
    private static final int LANES = 64;

    private QkRope() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param q {@code [T, numHeads, headDim]}, f32; in place
     * @param k {@code [T, numKvHeads, headDim]}, f32; in place
     * @param cosines {@code [T, headDim/2]}, f32, see {@link RopeTable}
     * @param sines {@code [T, headDim/2]}, f32
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray q,
            FloatArray k,
            FloatArray cosines,
            FloatArray sines,
            int numHeads,
            int numKvHeads,
            int headDim) {
        int lane = context.localIdx;
        int group = context.groupIdx;
        int pairs = headDim / 2;
        int token = group / (numHeads + numKvHeads);
        int head = group - token * (numHeads + numKvHeads);
        if (token < step.get(Step.NUM_TOKENS) && lane < pairs) {
            int queryRow = (token * numHeads + head) * headDim;
            int keyRow = (token * numKvHeads + head - numHeads) * headDim;
            float cosine = cosines.get(token * pairs + lane);
            float sine = sines.get(token * pairs + lane);
            if (head < numHeads) {
                float low = q.get(queryRow + lane);
                float high = q.get(queryRow + lane + pairs);
                q.set(queryRow + lane, low * cosine - high * sine);
                q.set(queryRow + lane + pairs, high * cosine + low * sine);
            } else {
                float low = k.get(keyRow + lane);
                float high = k.get(keyRow + lane + pairs);
                k.set(keyRow + lane, low * cosine - high * sine);
                k.set(keyRow + lane + pairs, high * cosine + low * sine);
            }
        }
    }

    /**
     * Adds the rotation to a graph.
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
            FloatArray cosines,
            FloatArray sines,
            int maxTokens,
            int numHeads,
            int numKvHeads,
            int headDim) {
        KernelArguments.requireAtLeast("maxTokens", 1, maxTokens);
        KernelArguments.requireAtLeast("numHeads", 1, numHeads);
        KernelArguments.requireAtLeast("numKvHeads", 1, numKvHeads);
        QkNormRope.requireHeadDim(headDim);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("q", q, "[maxTokens, numHeads, headDim]", maxTokens, numHeads, headDim);
        KernelArguments.requireShape("k", k, "[maxTokens, numKvHeads, headDim]", maxTokens, numKvHeads, headDim);
        KernelArguments.requireShape("cosines", cosines, "[maxTokens, headDim/2]", maxTokens, headDim / 2);
        KernelArguments.requireShape("sines", sines, "[maxTokens, headDim/2]", maxTokens, headDim / 2);
        graph.taskGraph()
                .task(
                        task,
                        QkRope::compute,
                        graph.context(),
                        step,
                        q,
                        k,
                        cosines,
                        sines,
                        numHeads,
                        numKvHeads,
                        headDim);
        graph.grid(task, WorkGroups.grid((long) maxTokens * (numHeads + numKvHeads), LANES));
    }
}
