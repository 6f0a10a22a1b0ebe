package sala.model.cpu;

/**
 * A residual branch: {@code hidden[i] += scale * branch[i]}, in f32 with one rounding. A plain loop: the JVM makes vectors
 * of it.
 */
final class ResidualAdd {
    private ResidualAdd() {}

    /** Adds the elements {@code from <= i < to}. */
    static void apply(float[] hidden, float[] branch, float scale, int from, int to) {
        for (int i = from; i < to; i++) {
            hidden[i] = Math.fma(branch[i], scale, hidden[i]);
        }
    }
}
