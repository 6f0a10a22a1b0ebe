package sala.app.report;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.inference.TTest;

/**
 * The same measurement in two files.
 *
 * @param before of the first file
 * @param after of the second
 * @param verdict on the times
 * @param pValue of Welch's test that the means are equal; 1 if there is too little to test
 */
record Comparison(Measurement before, Measurement after, Verdict verdict, double pValue) {
    /** Level of the test, and complement of the confidence of the intervals, as in JMH. */
    static final double ALPHA = 0.01;

    /** What the samples show about the second file. */
    enum Verdict {
        FASTER("faster"),
        SLOWER("slower"),
        /** Which is not to say that there is none. */
        NO_DIFFERENCE_SHOWN("no difference shown"),
        /** One sample tells nothing about the scatter. */
        TOO_FEW_SAMPLES("too few samples");

        private final String words;

        Verdict(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** Judges by Welch's t-test, which does not take the variances to be equal. */
    static Comparison of(Measurement before, Measurement after) {
        double[] first = before.sampleArray();
        double[] second = after.sampleArray();
        if (first.length < 2 || second.length < 2) {
            return new Comparison(before, after, Verdict.TOO_FEW_SAMPLES, 1);
        }
        double pValue = pValue(first, second);
        Verdict verdict = pValue >= ALPHA
                ? Verdict.NO_DIFFERENCE_SHOWN
                : after.seconds() < before.seconds() ? Verdict.FASTER : Verdict.SLOWER;
        return new Comparison(before, after, verdict, pValue);
    }

    private static double pValue(double[] first, double[] second) {
        if (StatUtils.variance(first) == 0 && StatUtils.variance(second) == 0) {
            return StatUtils.mean(first) == StatUtils.mean(second) ? 1 : 0; // the statistic is 0/0 or infinite
        }
        return new TTest().tTest(first, second);
    }

    /** All measurements that both files have, in the order of the first. */
    static List<Comparison> of(ResultFile before, ResultFile after) {
        Map<String, Measurement> second = new HashMap<>();
        after.measurements().forEach(measurement -> second.putIfAbsent(measurement.key(), measurement));
        List<Comparison> comparisons = new ArrayList<>();
        for (Measurement measurement : before.measurements()) {
            Measurement other = second.get(measurement.key());
            if (other != null) {
                comparisons.add(of(measurement, other));
            }
        }
        return comparisons;
    }

    /** How many times as fast the second file is. */
    double speedUp() {
        return before.seconds() / after.seconds();
    }

    /** Half the width of the 99 % confidence interval of a mean, by Student's distribution; NaN of one sample. */
    static double halfWidth(Measurement measurement) {
        double[] samples = measurement.sampleArray();
        if (samples.length < 2) {
            return Double.NaN;
        }
        double quantile = new TDistribution(samples.length - 1).inverseCumulativeProbability(1 - ALPHA / 2);
        return quantile * Math.sqrt(StatUtils.variance(samples) / samples.length);
    }
}
