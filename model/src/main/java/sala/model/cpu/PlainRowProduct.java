package sala.model.cpu;

/**
 * The product of a row of weights with a vector in plain loops, to the same bits as the vector kernels: the same partial
 * sums, added up in the same order. A lane is done after the other. See
 * {@link ColdStart}.
 */
final class PlainRowProduct {
    private static final int LANES = VectorMath.LANES;

    private PlainRowProduct() {}

    /**
     * As {@link F32Matrix} sums: a lane has the columns that are {@code LANES} apart.
     *
     * @param lanes {@code [LANES]}, scratch of the calling thread
     */
    static float ofVectors(float[] weights, float[] x, int columns, float[] lanes) {
        int paired = Interleaving.pairedLength(columns);
        for (int lane = 0; lane < LANES; lane++) {
            lanes[lane] = sum(weights, x, lane, LANES, paired);
        }
        return VectorMath.sum(lanes, 0) + tail(weights, x, paired, columns);
    }

    /**
     * As {@link Bf16Matrix} and {@link F16Matrix} sum: a lane has pairs of columns.
     *
     * @param lanes {@code [LANES]}, scratch of the calling thread
     */
    static float ofPairs(float[] weights, float[] x, int columns, float[] lanes) {
        int paired = Interleaving.pairedLength(columns);
        for (int lane = 0; lane < LANES; lane++) {
            lanes[lane] = sum(weights, x, 2 * lane, 1, paired);
        }
        return VectorMath.sum(lanes, 0) + tail(weights, x, paired, columns);
    }

    /** Sum of a lane's columns, in two partial sums {@code distance} columns apart. */
    private static float sum(float[] weights, float[] x, int from, int distance, int to) {
        float first = 0;
        float second = 0;
        for (int column = from; column < to; column += 2 * LANES) {
            first = Math.fma(weights[column], x[column], first);
            second = Math.fma(weights[column + distance], x[column + distance], second);
        }
        return first + second;
    }

    private static float tail(float[] weights, float[] x, int from, int to) {
        float sum = 0;
        for (int column = from; column < to; column++) {
            sum = Math.fma(weights[column], x[column], sum);
        }
        return sum;
    }
}
