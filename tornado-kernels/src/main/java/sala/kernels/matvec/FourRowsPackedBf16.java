package sala.kernels.matvec;

import sala.kernels.storage.PackedBf16;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.vectors.Float4;

/**
 * {@link FourRowsF32} of packed bf16: lanes take words of four elements. The compiler does not join loads, and through the
 * CUDA backend it keeps few of them in flight; words of 64 bits need a quarter as many. The four elements of the vector that
 * stand beside a word are four loads, each of every fourth element for the lanes of a warp: twice the bytes of the weights, at a
 * quarter of the cache's speed. Four rows to a lane take that off the critical path.
 *
 * <p>The words of the next step are loaded before those of this one are used: what a loop carries, the compiler cannot put off.
 */
final class FourRowsPackedBf16 {
    private FourRowsPackedBf16() {}

    /** See {@link FourRowsF32#shares}; {@code inputSize} is a multiple of 4. */
    static Float4 shares(
            KernelContext context,
            FloatArray x,
            LongArray weights,
            int row,
            int outputSize,
            int inputSize,
            int lane,
            int lanes,
            int warpShuffles) {
        int words = inputSize / PackedBf16.PER_WORD;
        int start0 = Math.min(row, outputSize - 1) * words;
        int start1 = Math.min(row + 1, outputSize - 1) * words;
        int start2 = Math.min(row + 2, outputSize - 1) * words;
        int start3 = Math.min(row + 3, outputSize - 1) * words;
        float share0 = 0f;
        float share1 = 0f;
        float share2 = 0f;
        float share3 = 0f;
        int first = Math.min(lane, words - 1);
        long next0 = weights.get(start0 + first);
        long next1 = weights.get(start1 + first);
        long next2 = weights.get(start2 + first);
        long next3 = weights.get(start3 + first);
        for (int word = lane; word < words; word += lanes) {
            long word0 = next0;
            long word1 = next1;
            long word2 = next2;
            long word3 = next3;
            int next = Math.min(word + lanes, words - 1);
            next0 = weights.get(start0 + next);
            next1 = weights.get(start1 + next);
            next2 = weights.get(start2 + next);
            next3 = weights.get(start3 + next);
            int column = word * PackedBf16.PER_WORD;
            float x0 = x.get(column);
            float x1 = x.get(column + 1);
            float x2 = x.get(column + 2);
            float x3 = x.get(column + 3);
            share0 += product(word0, x0, x1, x2, x3);
            share1 += product(word1, x0, x1, x2, x3);
            share2 += product(word2, x0, x1, x2, x3);
            share3 += product(word3, x0, x1, x2, x3);
        }
        if (warpShuffles == 1) {
            share0 = context.simdSum(share0);
            share1 = context.simdSum(share1);
            share2 = context.simdSum(share2);
            share3 = context.simdSum(share3);
        }
        return new Float4(share0, share1, share2, share3);
    }

    /** The product of a word's elements with those of the vector. */
    private static float product(long word, float x0, float x1, float x2, float x3) {
        float sum = PackedBf16.element(word, 0) * x0;
        sum += PackedBf16.element(word, 1) * x1;
        sum += PackedBf16.element(word, 2) * x2;
        sum += PackedBf16.element(word, 3) * x3;
        return sum;
    }
}
