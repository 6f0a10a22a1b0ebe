package sala.jmh;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * The error of what was timed, as a result beside the speed. JMH adds such counters up over all iterations, so each
 * iteration reports its part of the error.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class Accuracy {
    /** Worst error against double precision, as a share of the largest expected magnitude. */
    public double error;

    private double share;

    @Setup
    public void count(BenchmarkParams params) {
        share = shareOfIteration(params);
    }

    /** What an iteration has to report of a figure that all of them shall add up to. */
    static double shareOfIteration(BenchmarkParams params) {
        return 1.0 / (params.getMeasurement().getCount() * Math.max(1, params.getForks()));
    }

    void set(double measured) {
        error = measured * share;
    }
}
