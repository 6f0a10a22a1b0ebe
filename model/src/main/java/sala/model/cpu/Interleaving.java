package sala.model.cpu;

/**
 * The order of a vector that is multiplied with 16-bit weights. A load of {@code LANES} ints brings {@code 2 * LANES}
 * weights: the even ones in the low halves, the odd ones in the high halves. So each run of {@code 2 * LANES} values
 * of x is kept as its even elements followed by its odd elements. What is left at the end keeps its order.
 */
final class Interleaving {
    private Interleaving() {}

    /** Elements of a row of {@code count} that are multiplied by whole vectors of pairs. */
    static int pairedLength(int count) {
        return count & -(2 * VectorMath.LANES);
    }

    /** Writes the {@code count} values of {@code x} into {@code pairs} in the order above. */
    static void split(float[] x, int count, float[] pairs) {
        int lanes = VectorMath.LANES;
        int paired = pairedLength(count);
        for (int start = 0; start < paired; start += 2 * lanes) {
            for (int lane = 0; lane < lanes; lane++) {
                pairs[start + lane] = x[start + 2 * lane];
                pairs[start + lanes + lane] = x[start + 2 * lane + 1];
            }
        }
        System.arraycopy(x, paired, pairs, paired, count - paired);
    }
}
