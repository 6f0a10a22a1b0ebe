package sala.model.cpu;

/**
 * Root-mean-square norm of a row: {@code out[c] = x[c] / sqrt(mean(x^2) + eps) * weight[c]}. The mean is summed in f64, the
 * rest is f32. Plain loops: beside the matrix products their cost cannot be seen.
 */
final class RmsNorm {
    /** Sums kept apart, so that an addition need not wait for the last one. */
    private static final int CHAINS = 4;

    private RmsNorm() {}

    /**
     * Normalises one row.
     *
     * @param x holds the row from {@code xOffset} on
     * @param weight {@code [width]}; its length is the width
     * @param eps added to the mean square
     * @param out receives the row from {@code outOffset} on; may be {@code x} at the same offset
     */
    static void apply(float[] x, int xOffset, float[] weight, double eps, float[] out, int outOffset) {
        int width = weight.length;
        float scale = (float) (1 / Math.sqrt(sumOfSquares(x, xOffset, width) / width + eps));
        for (int i = 0; i < width; i++) {
            out[outOffset + i] = x[xOffset + i] * scale * weight[i];
        }
    }

    private static double sumOfSquares(float[] x, int offset, int width) {
        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        int end = offset + width;
        int i = offset;
        for (; i + CHAINS <= end; i += CHAINS) {
            sum0 += (double) x[i] * x[i];
            sum1 += (double) x[i + 1] * x[i + 1];
            sum2 += (double) x[i + 2] * x[i + 2];
            sum3 += (double) x[i + 3] * x[i + 3];
        }
        for (; i < end; i++) {
            sum0 += (double) x[i] * x[i];
        }
        return sum0 + sum1 + (sum2 + sum3);
    }
}
