package sala.app;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;
import sala.model.cpu.MachineLimits;

/**
 * Repetitions of a test, and the limits of the machine between them: limit, repetition, limit, ..., repetition, limit. A machine
 * that is not steady slows both, so each repetition is set beside its two neighbours and not beside what the machine did at
 * another time.
 *
 * @param nanos duration of each repetition
 * @param limits one reading more than there are repetitions; empty where a device computed
 */
record BenchSamples(long[] nanos, List<MachineLimits> limits) {
    BenchSamples {
        limits = List.copyOf(limits);
        if (!limits.isEmpty() && limits.size() != nanos.length + 1) {
            throw new IllegalArgumentException("%d repetitions have %d readings of the limits around them, found %d"
                    .formatted(nanos.length, nanos.length + 1, limits.size()));
        }
    }

    /** Repetitions of a device, whose limits are not known here. */
    static BenchSamples ofDevice(long[] nanos) {
        return new BenchSamples(nanos, List.of());
    }

    /**
     * Work per second of each repetition over the limit of its time, see {@link MachineLimits#between}; empty without limits.
     *
     * @param work of a repetition, in the unit of the limit times seconds
     * @param limit which one of the readings
     */
    double[] shares(double work, ToDoubleFunction<MachineLimits> limit) {
        if (limits.isEmpty()) {
            return new double[0];
        }
        double[] shares = new double[nanos.length];
        for (int i = 0; i < shares.length; i++) {
            double held =
                    MachineLimits.between(limit.applyAsDouble(limits.get(i)), limit.applyAsDouble(limits.get(i + 1)));
            shares[i] = work * 1e9 / nanos[i] / held;
        }
        return shares;
    }

    /** Median of a limit over all readings; NaN without limits. */
    double medianLimit(ToDoubleFunction<MachineLimits> limit) {
        return new DescriptiveStatistics(limits.stream().mapToDouble(limit).toArray()).getPercentile(50);
    }
}
