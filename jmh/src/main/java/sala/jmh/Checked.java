package sala.jmh;

import java.util.function.IntToDoubleFunction;

/** The error of a result against double precision, element by element. */
final class Checked {
    private Checked() {}

    /**
     * Worst error as a share of the largest expected magnitude; infinite where a found value is no number.
     *
     * @param found element {@code i} of what is compared with {@code expected[i]}
     */
    static double error(double[] expected, IntToDoubleFunction found) {
        double worst = 0;
        double largest = Double.MIN_NORMAL;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs(expected[i] - found.applyAsDouble(i));
            worst = Math.max(worst, Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference);
            largest = Math.max(largest, Math.abs(expected[i]));
        }
        return worst / largest;
    }
}
