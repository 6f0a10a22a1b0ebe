package sala.kernels.attention;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import sala.kernels.reference.AttentionShape;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Joins the partial results of an attention whose keys were shared out among work groups.
 *
 * <pre>
 *   m = max over s of reference[t, h, s],   w[s] = exp(reference[t, h, s] - m) over the splits with keys
 *   out[t, h] = (sum over s of w[s] weightedValue[t, h, s]) / (sum over s of w[s] sum[t, h, s])
 * </pre>
 *
 * <p>Launch: a work group of {@value #LANES} lanes a token, head and slice of {@value #CHANNELS} channels. A lane joins,
 * of one channel, every {@value #PARTS}th split, {@value #BATCH} at a time whose loads are in flight together; one lane
 * joins what the {@value #PARTS} have. References and sums are read by all of them, so that nobody waits for anybody before the
 * end. Ground truth: attention in one piece.
 */
public final class SplitCombine {
    private static final int CHANNELS = 32;
    private static final int PARTS = 8;
    private static final int LANES = CHANNELS * PARTS;
    private static final int BATCH = 8;
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
     * @param keysOfTile what the splits of one token's context have in turn: splits past its last tile are empty, and not read; 0 if
     *     any split may have keys
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            SplitPartials partials,
            FloatArray out,
            IntArray step,
            AttentionShape shape,
            int tokenCapacity,
            int keysOfTile) {
        KernelArguments.requireAtLeast("tokenCapacity", 1, tokenCapacity);
        partials.requireShape(shape, tokenCapacity);
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
                        shape.numKvHeads(),
                        shape.groupSize(),
                        partials.rows(),
                        shape.headDim(),
                        partials.numSplits(),
                        keysOfTile);
        long slices = WorkGroups.covering(shape.headDim(), CHANNELS);
        graph.grid(task, WorkGroups.grid(slices * tokenCapacity * shape.numHeads(), LANES));
    }

    /** The kernel; see {@link SplitPartials} for the arrays. */
    public static void combine(
            KernelContext context,
            FloatArray results,
            FloatArray out,
            IntArray step,
            int numKvHeads,
            int groupSize,
            int rows,
            int headDim,
            int numSplits,
            int keysOfTile) {
        float[] partReferences = context.allocateFloatLocalArray(LANES);
        float[] partSums = context.allocateFloatLocalArray(LANES);
        float[] partValues = context.allocateFloatLocalArray(LANES);
        int lane = context.localIdx;
        int part = lane / CHANNELS;
        int slices = (headDim + CHANNELS - 1) / CHANNELS;
        int channel = context.groupIdx % slices * CHANNELS + lane % CHANNELS;
        int head = context.groupIdx / slices; // of all tokens
        int kvHead = head / groupSize; // likewise
        // A work group past the call has nothing to join.
        int filled = numSplits;
        if (keysOfTile > 0) {
            filled = TornadoMath.min(numSplits, step.get(Step.POSITION) / keysOfTile + 1);
        }
        int splits = kvHead < step.get(Step.NUM_TOKENS) * numKvHeads ? filled : 0;
        int stride = headDim + SplitPartials.EXTRA;
        int splitStride = rows * stride;
        int base = kvHead * numSplits * splitStride + (head - kvHead * groupSize) * stride;
        int value = TornadoMath.min(channel, headDim - 1);
        int sum = headDim + SplitPartials.SUM;
        int reference = headDim + SplitPartials.REFERENCE;
        float joinedReference = NONE;
        float joinedSum = 0f;
        float joinedValue = 0f;
        // Of a split past the last one that one is read again, and counts nothing.
        int last = filled - 1;
        for (int split = part; split < splits; split += BATCH * PARTS) {
            int at0 = base + split * splitStride;
            int at1 = base + TornadoMath.min(split + PARTS, last) * splitStride;
            int at2 = base + TornadoMath.min(split + 2 * PARTS, last) * splitStride;
            int at3 = base + TornadoMath.min(split + 3 * PARTS, last) * splitStride;
            int at4 = base + TornadoMath.min(split + 4 * PARTS, last) * splitStride;
            int at5 = base + TornadoMath.min(split + 5 * PARTS, last) * splitStride;
            int at6 = base + TornadoMath.min(split + 6 * PARTS, last) * splitStride;
            int at7 = base + TornadoMath.min(split + 7 * PARTS, last) * splitStride;
            float reference0 = results.get(at0 + reference);
            float reference1 = results.get(at1 + reference);
            float reference2 = results.get(at2 + reference);
            float reference3 = results.get(at3 + reference);
            float reference4 = results.get(at4 + reference);
            float reference5 = results.get(at5 + reference);
            float reference6 = results.get(at6 + reference);
            float reference7 = results.get(at7 + reference);
            float sum0 = results.get(at0 + sum);
            float sum1 = results.get(at1 + sum);
            float sum2 = results.get(at2 + sum);
            float sum3 = results.get(at3 + sum);
            float sum4 = results.get(at4 + sum);
            float sum5 = results.get(at5 + sum);
            float sum6 = results.get(at6 + sum);
            float sum7 = results.get(at7 + sum);
            float value0 = results.get(at0 + value);
            float value1 = results.get(at1 + value);
            float value2 = results.get(at2 + value);
            float value3 = results.get(at3 + value);
            float value4 = results.get(at4 + value);
            float value5 = results.get(at5 + value);
            float value6 = results.get(at6 + value);
            float value7 = results.get(at7 + value);
            float known0 = sum0 > 0f ? reference0 : NONE;
            float known1 = sum1 > 0f ? reference1 : NONE;
            float known2 = sum2 > 0f ? reference2 : NONE;
            float known3 = sum3 > 0f ? reference3 : NONE;
            float known4 = sum4 > 0f ? reference4 : NONE;
            float known5 = sum5 > 0f ? reference5 : NONE;
            float known6 = sum6 > 0f ? reference6 : NONE;
            float known7 = sum7 > 0f ? reference7 : NONE;
            float near = TornadoMath.max(TornadoMath.max(known0, known1), TornadoMath.max(known2, known3));
            float far = TornadoMath.max(TornadoMath.max(known4, known5), TornadoMath.max(known6, known7));
            float highest = TornadoMath.max(joinedReference, TornadoMath.max(near, far));
            float before = TornadoMath.exp(joinedReference - highest);
            float weight0 = weight(known0, highest, 0, sum0);
            float weight1 = weight(known1, highest, split + PARTS - last, sum1);
            float weight2 = weight(known2, highest, split + 2 * PARTS - last, sum2);
            float weight3 = weight(known3, highest, split + 3 * PARTS - last, sum3);
            float weight4 = weight(known4, highest, split + 4 * PARTS - last, sum4);
            float weight5 = weight(known5, highest, split + 5 * PARTS - last, sum5);
            float weight6 = weight(known6, highest, split + 6 * PARTS - last, sum6);
            float weight7 = weight(known7, highest, split + 7 * PARTS - last, sum7);
            float nearSum = weight0 * sum0 + weight1 * sum1 + weight2 * sum2 + weight3 * sum3;
            float farSum = weight4 * sum4 + weight5 * sum5 + weight6 * sum6 + weight7 * sum7;
            float nearValue = weighted(weight0, value0)
                    + weighted(weight1, value1)
                    + weighted(weight2, value2)
                    + weighted(weight3, value3);
            float farValue = weighted(weight4, value4)
                    + weighted(weight5, value5)
                    + weighted(weight6, value6)
                    + weighted(weight7, value7);
            joinedSum = before * joinedSum + nearSum + farSum;
            joinedValue = before * joinedValue + nearValue + farValue;
            joinedReference = highest;
        }
        partReferences[lane] = joinedReference;
        partSums[lane] = joinedSum;
        partValues[lane] = joinedValue;
        context.localBarrier();
        if (splits > 0 && lane < CHANNELS && channel < headDim) {
            float highest = NONE;
            for (int i = lane; i < LANES; i += CHANNELS) {
                highest = TornadoMath.max(highest, partReferences[i]);
            }
            float allSum = 0f;
            float allValue = 0f;
            for (int i = lane; i < LANES; i += CHANNELS) {
                float factor = TornadoMath.exp(partReferences[i] - highest);
                allSum += factor * partSums[i];
                allValue += factor * partValues[i];
            }
            out.set(head * headDim + channel, allValue / allSum);
        }
    }

    /** Weight of a split, 0 if it is past the last one or has no keys. */
    private static float weight(float reference, float highest, int past, float sum) {
        float weight = 0f;
        if (past <= 0 && sum > 0f) {
            weight = TornadoMath.exp(reference - highest);
        }
        return weight;
    }

    /** Of a split without keys nothing need have been written. */
    private static float weighted(float weight, float value) {
        return weight > 0f ? weight * value : 0f;
    }
}
