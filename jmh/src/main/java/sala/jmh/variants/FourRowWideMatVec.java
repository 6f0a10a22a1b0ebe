package sala.jmh.variants;

import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import sala.kernels.storage.PackedBf16;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Four rows a group of 256 lanes, the words of the next step in flight, one barrier. */
public final class FourRowWideMatVec {
    private static final int LANES = 256;

    private FourRowWideMatVec() {}

    /** The kernel. */
    public static void compute(
            KernelContext context, FloatArray x, LongArray weights, FloatArray out, int outputSize, int inputSize) {
        float[] scratch = context.allocateFloatLocalArray(4 * LANES / 32);
        int lane = context.localIdx;
        int row = 4 * context.groupIdx;
        int words = inputSize / PackedBf16.PER_WORD;
        int start0 = Math.min(row + 0, outputSize - 1) * words;
        int start1 = Math.min(row + 1, outputSize - 1) * words;
        int start2 = Math.min(row + 2, outputSize - 1) * words;
        int start3 = Math.min(row + 3, outputSize - 1) * words;
        float share0 = 0f;
        float share1 = 0f;
        float share2 = 0f;
        float share3 = 0f;
        int at0 = Math.min(lane + 0 * LANES, words - 1);
        long a0 = weights.get(start0 + at0);
        long a1 = weights.get(start1 + at0);
        long a2 = weights.get(start2 + at0);
        long a3 = weights.get(start3 + at0);
        for (int word = lane; word < words; word += LANES) {
            long word0 = a0;
            long word1 = a1;
            long word2 = a2;
            long word3 = a3;
            int next = Math.min(word + 1 * LANES, words - 1);
            a0 = weights.get(start0 + next);
            a1 = weights.get(start1 + next);
            a2 = weights.get(start2 + next);
            a3 = weights.get(start3 + next);
            int column = word * PackedBf16.PER_WORD;
            float x0 = x.get(column + 0);
            float x1 = x.get(column + 1);
            float x2 = x.get(column + 2);
            float x3 = x.get(column + 3);
            share0 += product(word0, x0, x1, x2, x3);
            share1 += product(word1, x0, x1, x2, x3);
            share2 += product(word2, x0, x1, x2, x3);
            share3 += product(word3, x0, x1, x2, x3);
        }
        share0 = context.simdSum(share0);
        share1 = context.simdSum(share1);
        share2 = context.simdSum(share2);
        share3 = context.simdSum(share3);
        if (lane % 32 == 0) {
            scratch[4 * (lane / 32) + 0] = share0;
            scratch[4 * (lane / 32) + 1] = share1;
            scratch[4 * (lane / 32) + 2] = share2;
            scratch[4 * (lane / 32) + 3] = share3;
        }
        context.localBarrier();
        if (lane < 4 && row + lane < outputSize) {
            float sum = 0f;
            for (int warp = 0; warp < LANES / 32; warp++) {
                sum += scratch[4 * warp + lane];
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
                .task(task, FourRowWideMatVec::compute, graph.context(), x, weights, out, outputSize, inputSize);
        graph.grid(task, WorkGroups.grid(WorkGroups.covering(outputSize, 4), LANES));
    }

    private static float product(long word, float x0, float x1, float x2, float x3) {
        float sum = PackedBf16.element(word, 0) * x0;
        sum += PackedBf16.element(word, 1) * x1;
        sum += PackedBf16.element(word, 2) * x2;
        sum += PackedBf16.element(word, 3) * x3;
        return sum;
    }
}
