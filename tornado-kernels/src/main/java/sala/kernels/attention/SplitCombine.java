package sala.kernels.attention;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.reference.AttentionShape;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Joins the partial results of an attention whose keys were shared out among work groups.
 *
 * <pre>
 *   m = max over s of max[t, h, s],   w[s] = exp(max[t, h, s] - m) over the splits with keys
 *   out[t, h] = (sum over s of w[s] weightedValue[t, h, s]) / (sum over s of w[s] sum[t, h, s])
 * </pre>
 *
 * <p>Launch: a work group of {@value #LANES} lanes a token and head, a lane a channel. Weighted values of splits without
 * keys are not read. Ground truth: attention in one piece.
 */
public final class SplitCombine {
    private static final int LANES = 128;
    /** Most splits: their maxima and sums are held in local memory. */
    private static final int MAX_SPLITS = 512;
    /** Below every score. */
    private static final float NONE = -1e30f;

    private SplitCombine() {}

    /**
     * Adds the operation to a graph, after the task that wrote the partial results.
     *
     * @param partials of {@code tokenCapacity} tokens
     * @param out {@code [tokenCapacity, numHeads, headDim]}, f32; the call's tokens are written
     * @param step see {@link Step}
     * @param shape heads
     * @param tokenCapacity most tokens of a call
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            SplitPartials partials,
            FloatArray out,
            IntArray step,
            AttentionShape shape,
            int tokenCapacity) {
        partials.requireShape(shape, tokenCapacity);
        if (partials.numSplits() > MAX_SPLITS) {
            throw new IllegalArgumentException(
                    "numSplits: expected at most %d, found %d".formatted(MAX_SPLITS, partials.numSplits()));
        }
        KernelArguments.requireShape(
                "out", out, "[tokenCapacity, numHeads, headDim]", tokenCapacity, shape.numHeads(), shape.headDim());
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        graph.taskGraph()
                .task(
                        task,
                        SplitCombine::combine,
                        graph.context(),
                        partials.results(),
                        out,
                        step,
                        shape.numHeads(),
                        shape.headDim(),
                        partials.numSplits());
        WorkerGrid1D grid =
                new WorkerGrid1D(Math.multiplyExact(Math.multiplyExact(tokenCapacity, shape.numHeads()), LANES));
        grid.setLocalWork(LANES, 1, 1);
        graph.grid(task, grid);
    }

    /** The kernel; see {@link SplitPartials} for the arrays. */
    public static void combine(
            KernelContext context,
            FloatArray results,
            FloatArray out,
            IntArray step,
            int numHeads,
            int headDim,
            int numSplits) {
        float[] splitMaxima = context.allocateFloatLocalArray(MAX_SPLITS);
        float[] splitSums = context.allocateFloatLocalArray(MAX_SPLITS);
        int lane = context.localIdx;
        int row = context.groupIdx;
        // A work group past the call has nothing to join.
        int splits = row < step.get(Step.NUM_TOKENS) * numHeads ? numSplits : 0;
        for (int split = lane; split < splits; split += LANES) {
            int end = (row * numSplits + split) * (headDim + SplitPartials.EXTRA) + headDim;
            splitMaxima[split] = results.get(end);
            splitSums[split] = results.get(end + 1);
        }
        context.localBarrier();
        float max = NONE;
        for (int split = 0; split < splits; split++) {
            max = TornadoMath.max(max, splitMaxima[split]);
        }
        context.localBarrier();
        // From here on a split's maximum is its weight; 0 for a split without keys.
        for (int split = lane; split < splits; split += LANES) {
            splitMaxima[split] = splitSums[split] > 0f ? TornadoMath.exp(splitMaxima[split] - max) : 0f;
        }
        context.localBarrier();
        if (splits > 0 && lane < headDim) {
            float sum = 0f;
            float value = 0f;
            int stride = headDim + SplitPartials.EXTRA;
            int last = splits - 1;
            // Four splits at a time, so that their loads are in flight together.
            for (int split = 0; split < splits; split += 4) {
                int split1 = TornadoMath.min(split + 1, last);
                int split2 = TornadoMath.min(split + 2, last);
                int split3 = TornadoMath.min(split + 3, last);
                float weight0 = 0f;
                float value0 = 0f;
                if (splitSums[split] > 0f) {
                    weight0 = splitMaxima[split];
                    value0 = results.get((row * numSplits + split) * stride + lane);
                }
                float weight1 = 0f;
                float value1 = 0f;
                if (split + 1 < splits && splitSums[split1] > 0f) {
                    weight1 = splitMaxima[split1];
                    value1 = results.get((row * numSplits + split1) * stride + lane);
                }
                float weight2 = 0f;
                float value2 = 0f;
                if (split + 2 < splits && splitSums[split2] > 0f) {
                    weight2 = splitMaxima[split2];
                    value2 = results.get((row * numSplits + split2) * stride + lane);
                }
                float weight3 = 0f;
                float value3 = 0f;
                if (split + 3 < splits && splitSums[split3] > 0f) {
                    weight3 = splitMaxima[split3];
                    value3 = results.get((row * numSplits + split3) * stride + lane);
                }
                sum += weight0 * splitSums[split] + weight1 * splitSums[split1];
                sum += weight2 * splitSums[split2] + weight3 * splitSums[split3];
                value += weight0 * value0 + weight1 * value1 + weight2 * value2 + weight3 * value3;
            }
            out.set(row * headDim + lane, value / sum);
        }
    }
}
