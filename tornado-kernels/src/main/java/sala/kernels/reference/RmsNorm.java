package sala.kernels.reference;

/**
 * Root-mean-square norm over the last dimension.
 *
 * <pre>  out[r, i] = x[r, i] / sqrt(mean over j of x[r, j]^2 + rmsNormEps) weight[i]  </pre>
 */
public final class RmsNorm {
    private RmsNorm() {}

    /**
     * Normalises every row.
     *
     * @param x {@code [rows, width]}; a row is a token, or one head of a token
     * @param weight {@code [width]}
     * @param rmsNormEps added to the mean square
     * @return {@code [rows, width]}
     * @throws IllegalArgumentException if {@code x} does not consist of whole rows
     */
    public static double[] normalize(double[] x, double[] weight, double rmsNormEps) {
        int width = weight.length;
        Arguments.requireMultiple("x", x.length, width, "[rows, width]");
        double[] out = new double[x.length];
        for (int row = 0; row < x.length; row += width) {
            double meanSquare = Linear.dot(x, row, x, row, width) / width;
            double inverseRms = 1 / Math.sqrt(meanSquare + rmsNormEps);
            for (int i = 0; i < width; i++) {
                out[row + i] = x[row + i] * inverseRms * weight[i];
            }
        }
        return out;
    }
}
