package sala.kernels.reference;

/**
 * The sigmoid gate on a mixer's output, one value a channel.
 *
 * <pre>  out = x / (1 + exp(-gate))  </pre>
 */
public final class OutputGate {
    private OutputGate() {}

    /**
     * Gates every channel.
     *
     * @param x {@code [T, width]}, mixer output before the output projection
     * @param gate {@code [T, width]}, gate projection of the mixer's input
     * @return {@code [T, width]}
     * @throws IllegalArgumentException if the lengths differ
     */
    public static double[] apply(double[] x, double[] gate) {
        Arguments.requireLength("gate", gate.length, x.length, "as x, [T, width]");
        double[] out = new double[x.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = x[i] / (1 + Math.exp(-gate[i]));
        }
        return out;
    }
}
