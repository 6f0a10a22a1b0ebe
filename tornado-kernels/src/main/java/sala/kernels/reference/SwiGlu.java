package sala.kernels.reference;

/**
 * The gated activation of the MLP, {@code down(activate(gate x, up x))}.
 *
 * <pre>  out = silu(gate) up,   silu(z) = z / (1 + exp(-z))  </pre>
 */
public final class SwiGlu {
    private SwiGlu() {}

    /**
     * Activates {@code gate} and multiplies by {@code up}.
     *
     * @param gate {@code [T, intermediateSize]}, output of the gate projection
     * @param up {@code [T, intermediateSize]}, output of the up projection
     * @return {@code [T, intermediateSize]}
     * @throws IllegalArgumentException if the lengths differ
     */
    public static double[] activate(double[] gate, double[] up) {
        Arguments.requireLength("up", up.length, gate.length, "as gate, [T, intermediateSize]");
        double[] out = new double[gate.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
        }
        return out;
    }
}
