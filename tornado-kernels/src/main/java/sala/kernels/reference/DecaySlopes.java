package sala.kernels.reference;

/**
 * Slopes of the lightning heads: per token a head's state decays by {@code exp(-slope)}. The ALiBi rule (Press et al.,
 * "Train Short, Test Long", 2022).
 *
 * <pre>  slope[h] = 2^(-8 (h + 1) / numHeads)        for a power of two  </pre>
 *
 * <p>Other head counts take the slopes of the next lower power of two {@code p}, then the 1st, 3rd, 5th, ... slope of
 * {@code 2p} heads until there are enough. The slopes are the same in all layers.
 */
public final class DecaySlopes {
    private DecaySlopes() {}

    /**
     * Slopes of all heads.
     *
     * @param numHeads at least 1
     * @return {@code [numHeads]}, each in (0, 1)
     * @throws IllegalArgumentException if there is no head
     */
    public static double[] of(int numHeads) {
        Arguments.requireAtLeast("numHeads", numHeads, 1);
        int powerOfTwo = Integer.highestOneBit(numHeads);
        double[] slopes = new double[numHeads];
        for (int head = 0; head < powerOfTwo; head++) {
            slopes[head] = slope(head, powerOfTwo);
        }
        for (int head = powerOfTwo; head < numHeads; head++) {
            slopes[head] = slope(2 * (head - powerOfTwo), 2 * powerOfTwo);
        }
        return slopes;
    }

    private static double slope(int head, int powerOfTwo) {
        return Math.pow(2, -8.0 * (head + 1) / powerOfTwo);
    }
}
