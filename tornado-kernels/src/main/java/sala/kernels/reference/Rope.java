package sala.kernels.reference;

/**
 * Rotary position embedding over the full head, half-split pairing: channel {@code j} turns with channel
 * {@code j + headDim/2}.
 *
 * <pre>
 *   angle[p, j] = float(p) float(ropeTheta^(-2j/headDim))                       a float product, 0 &lt;= j &lt; headDim/2
 *   out[j]              = x[j] cos(angle) - x[j + headDim/2] sin(angle)
 *   out[j + headDim/2]  = x[j + headDim/2] cos(angle) + x[j] sin(angle)
 * </pre>
 *
 * <p>The angle is a product of floats because the released model's tables are; sine and cosine are taken in double.
 */
public final class Rope {
    private Rope() {}

    /**
     * Angles in radians.
     *
     * @param positions {@code [T]}
     * @param headDim even
     * @param ropeTheta base of the frequencies
     * @return {@code [T, headDim/2]}, values of float precision
     * @throws IllegalArgumentException if {@code headDim} is odd
     */
    public static double[] angles(int[] positions, int headDim, double ropeTheta) {
        Arguments.requireMultiple("headDim", headDim, 2, "(channels turn in pairs)");
        int half = headDim / 2;
        double[] angles = new double[positions.length * half];
        for (int j = 0; j < half; j++) {
            float frequency = (float) Math.pow(ropeTheta, -2.0 * j / headDim);
            for (int t = 0; t < positions.length; t++) {
                angles[t * half + j] = (float) positions[t] * frequency;
            }
        }
        return angles;
    }

    /**
     * Turns every head by its token's angles.
     *
     * @param x {@code [T, heads, headDim]}
     * @param angles {@code [T, headDim/2]}, see {@link #angles}; negated ones turn back
     * @param headDim even
     * @return {@code [T, heads, headDim]}
     * @throws IllegalArgumentException if {@code x} does not consist of whole tokens
     */
    public static double[] rotate(double[] x, double[] angles, int headDim) {
        Arguments.requireMultiple("headDim", headDim, 2, "(channels turn in pairs)");
        int half = headDim / 2;
        Arguments.requireMultiple("angles", angles.length, half, "[T, headDim/2]");
        int tokenCount = angles.length / half;
        Arguments.requireMultiple("x", x.length, Math.max(1, tokenCount * headDim), "[T, heads, headDim]");
        double[] out = new double[x.length];
        int tokenWidth = tokenCount == 0 ? 0 : x.length / tokenCount;
        for (int t = 0; t < tokenCount; t++) {
            for (int j = 0; j < half; j++) {
                double cos = Math.cos(angles[t * half + j]);
                double sin = Math.sin(angles[t * half + j]);
                for (int head = t * tokenWidth; head < (t + 1) * tokenWidth; head += headDim) {
                    double low = x[head + j];
                    double high = x[head + j + half];
                    out[head + j] = low * cos - high * sin;
                    out[head + j + half] = high * cos + low * sin;
                }
            }
        }
        return out;
    }
}
