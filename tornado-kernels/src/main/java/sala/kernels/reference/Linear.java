package sala.kernels.reference;

/**
 * A projection without bias.
 *
 * <pre>  y[t, o] = sum over i of x[t, i] W[o, i]        y = x W^T  </pre>
 */
public final class Linear {
    private Linear() {}

    /**
     * Projects every row of {@code x}. Each weight row is read once.
     *
     * @param x {@code [T, weight.columns()]}
     * @param weight {@code [out, in]}
     * @return {@code [T, weight.rows()]}
     * @throws IllegalArgumentException if {@code x} does not consist of whole rows
     */
    public static double[] project(double[] x, Matrix weight) {
        int in = weight.columns();
        int out = weight.rows();
        Arguments.requireMultiple("x", x.length, in, "[T, in]");
        int tokenCount = x.length / in;
        double[] y = new double[Math.multiplyExact(tokenCount, out)];
        double[] row = new double[in];
        for (int o = 0; o < out; o++) {
            weight.read(o, row);
            for (int t = 0; t < tokenCount; t++) {
                y[t * out + o] = dot(x, t * in, row, 0, in);
            }
        }
        return y;
    }

    /** {@code sum of a[aOffset + i] b[bOffset + i], 0 <= i < length}. */
    static double dot(double[] a, int aOffset, double[] b, int bOffset, int length) {
        // Four partial sums: one chain of additions would wait for each before it starts the next.
        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        int i = 0;
        for (; i + 4 <= length; i += 4) {
            sum0 += a[aOffset + i] * b[bOffset + i];
            sum1 += a[aOffset + i + 1] * b[bOffset + i + 1];
            sum2 += a[aOffset + i + 2] * b[bOffset + i + 2];
            sum3 += a[aOffset + i + 3] * b[bOffset + i + 3];
        }
        for (; i < length; i++) {
            sum0 += a[aOffset + i] * b[bOffset + i];
        }
        return sum0 + sum1 + (sum2 + sum3);
    }
}
