package sala.jmh.variants;

import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import sala.kernels.storage.PackedBf16;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** One row a group of 128 lanes, four words a step: what was before four rows shared the vector. */
public final class OneRowMatVec {
    private static final int LANES = 128;

    private OneRowMatVec() {}

    /** The kernel. */
    public static void compute(
            KernelContext context, FloatArray x, LongArray weights, FloatArray out, int outputSize, int inputSize) {
        float[] scratch = context.allocateFloatLocalArray(LANES);
        int lane = context.localIdx;
        int row = Math.min(context.groupIdx, outputSize - 1);
        float share = context.simdSum(share(x, weights, row * inputSize, lane, inputSize));
        scratch[lane] = share;
        for (int stride = LANES / 2; stride >= 32; stride = stride / 2) {
            context.localBarrier();
            if (lane < stride) {
                scratch[lane] += scratch[lane + stride];
            }
        }
        if (lane == 0) {
            out.set(row, scratch[lane]);
        }
    }

    private static float share(FloatArray x, LongArray weights, int rowStart, int lane, int inputSize) {
        float even = 0f;
        float odd = 0f;
        int wordStart = rowStart / PackedBf16.PER_WORD;
        int words = inputSize / PackedBf16.PER_WORD;
        int wideSteps = words / (4 * LANES);
        for (int step = 0; step < wideSteps; step++) {
            int first = step * 4 * LANES + lane;
            long w0 = weights.get(wordStart + first);
            long w1 = weights.get(wordStart + first + LANES);
            long w2 = weights.get(wordStart + first + 2 * LANES);
            long w3 = weights.get(wordStart + first + 3 * LANES);
            even += times(w0, x, first);
            odd += times(w1, x, first + LANES);
            even += times(w2, x, first + 2 * LANES);
            odd += times(w3, x, first + 3 * LANES);
        }
        for (int word = wideSteps * 4 * LANES + lane; word < words; word += LANES) {
            even += times(weights.get(wordStart + word), x, word);
        }
        return even + odd;
    }

    private static float times(long word, FloatArray x, int index) {
        int column = index * PackedBf16.PER_WORD;
        float sum = PackedBf16.element(word, 0) * x.get(column);
        sum += PackedBf16.element(word, 1) * x.get(column + 1);
        sum += PackedBf16.element(word, 2) * x.get(column + 2);
        sum += PackedBf16.element(word, 3) * x.get(column + 3);
        return sum;
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
                .task(task, OneRowMatVec::compute, graph.context(), x, weights, out, outputSize, inputSize);
        graph.grid(task, WorkGroups.grid(WorkGroups.covering(outputSize, 1), LANES));
    }
}
