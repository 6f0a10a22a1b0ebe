package sala.kernels.matvec;

import sala.kernels.storage.PackedBf16;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * {@link RowShareF32} of packed bf16: lanes take words of four elements. The compiler does not join loads, and through
 * the CUDA backend it keeps few of them in flight; words of 64 bits need a quarter as many. Four words a step, since
 * eight make a method of more than the 600 graph nodes that TornadoVM inlines.
 */
final class RowSharePackedBf16 {
    private RowSharePackedBf16() {}

    /**
     * The share of one lane.
     *
     * @param x {@code [inputSize]}
     * @param weights stored matrix
     * @param rowStart index of the row's first element
     * @param lane index among the lanes of the row
     * @param lanes that share the row
     * @param inputSize elements of the row, a multiple of 4
     */
    static float of(FloatArray x, LongArray weights, int rowStart, int lane, int lanes, int inputSize) {
        float even = 0.0f;
        float odd = 0.0f;
        int wordStart = rowStart / PackedBf16.PER_WORD;
        int words = inputSize / PackedBf16.PER_WORD;
        int wideSteps = words / (4 * lanes);
        for (int step = 0; step < wideSteps; step++) {
            int first = step * 4 * lanes + lane;
            long w0 = weights.get(wordStart + first);
            long w1 = weights.get(wordStart + first + lanes);
            long w2 = weights.get(wordStart + first + 2 * lanes);
            long w3 = weights.get(wordStart + first + 3 * lanes);
            even += times(w0, x, first);
            odd += times(w1, x, first + lanes);
            even += times(w2, x, first + 2 * lanes);
            odd += times(w3, x, first + 3 * lanes);
        }
        for (int word = wideSteps * 4 * lanes + lane; word < words; word += lanes) {
            even += times(weights.get(wordStart + word), x, word);
        }
        return even + odd;
    }

    /** The product of a word's elements with their part of {@code x}. */
    private static float times(long word, FloatArray x, int index) {
        int column = index * PackedBf16.PER_WORD;
        float sum = PackedBf16.element(word, 0) * x.get(column);
        sum += PackedBf16.element(word, 1) * x.get(column + 1);
        sum += PackedBf16.element(word, 2) * x.get(column + 2);
        sum += PackedBf16.element(word, 3) * x.get(column + 3);
        return sum;
    }
}
