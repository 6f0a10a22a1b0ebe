package sala.jmh;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * Counters that JMH divides by the time of an iteration, in seconds: with {@code Mode.Throughput} and seconds as unit
 * they read as rates. The limits are measured in the same fork, right before, so that a share compares two figures of
 * the same minute: {@code gigabytes / shareOfBandwidth} is the bandwidth, {@code gigaflops / shareOfPeak} the peak.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.OPERATIONS)
public class Yardstick {
    /** Operations: more than JMH's own count where a run is a graph of several launches. */
    public double operations;

    /** Bytes moved, in units of 10^9. */
    public double gigabytes;

    /** Floating-point operations, in units of 10^9. */
    public double gigaflops;

    /** Seconds that moving the bytes would take at the measured bandwidth: the rate is the share of it. */
    public double shareOfBandwidth;

    /** Seconds that the operations would take at the measured f32 multiply-add peak. */
    public double shareOfPeak;

    private Limits limits = new Limits(1, 1);

    @Setup(Level.Trial)
    public void measure(BenchmarkParams params) {
        boolean device = BenchmarkBackend.TORNADO.name().equals(params.getParam("backend"));
        limits = device ? DeviceLimits.measure() : Limits.ofHost();
    }

    /** Counts the work of one invocation. */
    void count(int count, double bytes, double flops) {
        operations += count;
        gigabytes += count * bytes * 1e-9;
        gigaflops += count * flops * 1e-9;
        shareOfBandwidth += count * bytes / limits.bytesPerSecond();
        shareOfPeak += count * flops / limits.flopsPerSecond();
    }
}
