package sala.testing;

/** The one comparison of computed arrays with expected ones. */
public final class TensorAssert {
    private TensorAssert() {}

    /**
     * Checks that {@code max|actual - expected|} is within {@code tolerance.relative() * max|expected|}, or within
     * {@code tolerance.absolute()}. Lengths must agree and no value may be NaN or infinite.
     *
     * @param name what is compared, for the message
     * @return the measured {@code max|actual - expected| / max|expected|}, 0 where both are all zero
     */
    public static double assertClose(String name, double[] expected, double[] actual, Tolerance tolerance) {
        if (expected.length != actual.length) {
            throw new AssertionError(
                    "%s: expected %d values, found %d".formatted(name, expected.length, actual.length));
        }
        double largest = 0;
        double worst = 0;
        int worstIndex = 0;
        for (int i = 0; i < expected.length; i++) {
            if (!Double.isFinite(expected[i])) {
                throw new AssertionError("%s: the expected value [%d] is %s".formatted(name, i, expected[i]));
            }
            if (!Double.isFinite(actual[i])) {
                throw new AssertionError(
                        "%s: value [%d] is %s, expected %s".formatted(name, i, actual[i], expected[i]));
            }
            largest = Math.max(largest, Math.abs(expected[i]));
            double difference = Math.abs(actual[i] - expected[i]);
            if (difference > worst) {
                worst = difference;
                worstIndex = i;
            }
        }
        double measured = worst == 0 ? 0 : worst / largest;
        if (worst > tolerance.absolute() && measured > tolerance.relative()) {
            throw new AssertionError(
                    "%s: worst of %d values is [%d]: expected %s, found %s; error %.3g of the largest magnitude %.6g, %s allows %.3g"
                            .formatted(
                                    name,
                                    expected.length,
                                    worstIndex,
                                    expected[worstIndex],
                                    actual[worstIndex],
                                    measured,
                                    largest,
                                    tolerance,
                                    tolerance.relative()));
        }
        return measured;
    }

    /** {@link #assertClose(String, double[], double[], Tolerance)} of floats. */
    public static double assertClose(String name, double[] expected, float[] actual, Tolerance tolerance) {
        return assertClose(name, expected, widen(actual), tolerance);
    }

    /** {@link #assertClose(String, double[], double[], Tolerance)} of floats. */
    public static double assertClose(String name, float[] expected, float[] actual, Tolerance tolerance) {
        return assertClose(name, widen(expected), widen(actual), tolerance);
    }

    /** {@link #assertClose(String, double[], double[], Tolerance)} of floats. */
    public static double assertClose(String name, float[] expected, double[] actual, Tolerance tolerance) {
        return assertClose(name, widen(expected), actual, tolerance);
    }

    private static double[] widen(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }
}
