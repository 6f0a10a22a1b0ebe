package sala.jmh.variants;

import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import sala.kernels.storage.PackedBf16;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Two rows a group of 128 lanes, the words of the next two steps in flight. */
public final class TwoRowMatVec {
    private static final int LANES = 128;

    private TwoRowMatVec() {}

    /** The kernel. */
    public static void compute(
            KernelContext context, FloatArray x, LongArray weights, FloatArray out, int outputSize, int inputSize) {
        float[] scratch = context.allocateFloatLocalArray(2 * LANES / 32);
        int lane = context.localIdx;
        int row = 2 * context.groupIdx;
        int words = inputSize / PackedBf16.PER_WORD;
        int start0 = Math.min(row + 0, outputSize - 1) * words;
        int start1 = Math.min(row + 1, outputSize - 1) * words;
        float share0 = 0f;
        float share1 = 0f;
        int at0 = Math.min(lane + 0 * LANES, words - 1);
        long a0 = weights.get(start0 + at0);
        long a1 = weights.get(start1 + at0);
        int at1 = Math.min(lane + 1 * LANES, words - 1);
        long b0 = weights.get(start0 + at1);
        long b1 = weights.get(start1 + at1);
        for (int word = lane; word < words; word += LANES) {
            long word0 = a0;
            long word1 = a1;
            a0 = b0;
            a1 = b1;
            int next = Math.min(word + 2 * LANES, words - 1);
            b0 = weights.get(start0 + next);
            b1 = weights.get(start1 + next);
            int column = word * PackedBf16.PER_WORD;
            float x0 = x.get(column + 0);
            float x1 = x.get(column + 1);
            float x2 = x.get(column + 2);
            float x3 = x.get(column + 3);
            share0 += product(word0, x0, x1, x2, x3);
            share1 += product(word1, x0, x1, x2, x3);
        }
        share0 = context.simdSum(share0);
        share1 = context.simdSum(share1);
        if (lane % 32 == 0) {
            scratch[2 * (lane / 32) + 0] = share0;
            scratch[2 * (lane / 32) + 1] = share1;
        }
        context.localBarrier();
        if (lane < 2 && row + lane < outputSize) {
            float sum = 0f;
            for (int warp = 0; warp < LANES / 32; warp++) {
                sum += scratch[2 * warp + lane];
            }
            out.set(row + lane, sum);
        }
    }

    /** See {@code MatVecPackedBf16}; packed bf16 on CUDA alone, rows of whole words. */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray x,
            LongArray weights,
            FloatArray out,
            int outputSize,
            int inputSize) {
        graph.taskGraph()
                .task(task, TwoRowMatVec::compute, graph.context(), x, weights, out, outputSize, inputSize);
        graph.grid(task, WorkGroups.grid(WorkGroups.covering(outputSize, 2), LANES));
    }

    private static float product(long word, float x0, float x1, float x2, float x3) {
        float sum = PackedBf16.element(word, 0) * x0;
        sum += PackedBf16.element(word, 1) * x1;
        sum += PackedBf16.element(word, 2) * x2;
        sum += PackedBf16.element(word, 3) * x3;
        return sum;
    }
}
