package sala.model.cpu;

/**
 * The product of a row of weights with a vector in plain loops, to the same bits as the vector kernels: the same partial
 * sums, added up in the same order. A lane is done after the other, so that its partial sums stay in registers. See
 * {@link ColdStart}.
 */
final class PlainRowProduct {
    private static final int LANES = VectorMath.LANES;

    /** Columns of an unrolled step over f32 weights: four vectors. */
    private static final int VECTOR_STEP = 4 * LANES;

    /** Columns of an unrolled step over 16-bit weights: four pairs of vectors, one of even and one of odd columns. */
    private static final int PAIR_STEP = 8 * LANES;

    private PlainRowProduct() {}

    /**
     * As {@link F32Matrix} sums.
     *
     * @param lanes {@code [LANES]}, scratch of the calling thread
     */
    static float ofVectors(float[] weights, float[] x, int columns, float[] lanes) {
        int unrolled = columns & -VECTOR_STEP;
        int whole = columns & -LANES;
        for (int lane = 0; lane < LANES; lane++) {
            float sum0 = 0;
            float sum1 = 0;
            float sum2 = 0;
            float sum3 = 0;
            for (int column = lane; column < unrolled; column += VECTOR_STEP) {
                sum0 = Math.fma(weights[column], x[column], sum0);
                sum1 = Math.fma(weights[column + LANES], x[column + LANES], sum1);
                sum2 = Math.fma(weights[column + 2 * LANES], x[column + 2 * LANES], sum2);
                sum3 = Math.fma(weights[column + 3 * LANES], x[column + 3 * LANES], sum3);
            }
            float sum = (sum0 + sum1) + (sum2 + sum3);
            for (int column = unrolled + lane; column < whole; column += LANES) {
                sum = Math.fma(weights[column], x[column], sum);
            }
            lanes[lane] = sum;
        }
        return VectorMath.sum(lanes, 0) + tail(weights, x, whole, columns);
    }

    /**
     * As {@link Bf16Matrix} and {@link F16Matrix} sum.
     *
     * @param lanes {@code [LANES]}, scratch of the calling thread
     */
    static float ofPairs(float[] weights, float[] x, int columns, float[] lanes) {
        int unrolled = columns & -PAIR_STEP;
        int paired = Interleaving.pairedLength(columns);
        for (int lane = 0; lane < LANES; lane++) {
            float even0 = 0;
            float odd0 = 0;
            float even1 = 0;
            float odd1 = 0;
            float even2 = 0;
            float odd2 = 0;
            float even3 = 0;
            float odd3 = 0;
            for (int column = 2 * lane; column < unrolled; column += PAIR_STEP) {
                int column1 = column + 2 * LANES;
                int column2 = column + 4 * LANES;
                int column3 = column + 6 * LANES;
                even0 = Math.fma(weights[column], x[column], even0);
                odd0 = Math.fma(weights[column + 1], x[column + 1], odd0);
                even1 = Math.fma(weights[column1], x[column1], even1);
                odd1 = Math.fma(weights[column1 + 1], x[column1 + 1], odd1);
                even2 = Math.fma(weights[column2], x[column2], even2);
                odd2 = Math.fma(weights[column2 + 1], x[column2 + 1], odd2);
                even3 = Math.fma(weights[column3], x[column3], even3);
                odd3 = Math.fma(weights[column3 + 1], x[column3 + 1], odd3);
            }
            float sum = ((even0 + odd0) + (even1 + odd1)) + ((even2 + odd2) + (even3 + odd3));
            for (int column = unrolled + 2 * lane; column < paired; column += 2 * LANES) {
                sum = Math.fma(weights[column], x[column], sum);
                sum = Math.fma(weights[column + 1], x[column + 1], sum);
            }
            lanes[lane] = sum;
        }
        return VectorMath.sum(lanes, 0) + tail(weights, x, paired, columns);
    }

    private static float tail(float[] weights, float[] x, int from, int to) {
        float sum = 0;
        for (int column = from; column < to; column++) {
            sum = Math.fma(weights[column], x[column], sum);
        }
        return sum;
    }
}
