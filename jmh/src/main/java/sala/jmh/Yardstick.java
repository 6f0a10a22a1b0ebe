package sala.jmh;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import sala.model.cpu.MachineLimits;

/**
 * Counters that JMH divides by the time of an iteration, in seconds: with {@code Mode.Throughput} and seconds as unit
 * they read as rates. The limits of the machine are measured before every iteration, so that a share compares two
 * figures of the same minute.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.OPERATIONS)
public class Yardstick {
    /** Bytes of weights read, in units of 10^9. */
    public double gigabytes;

    /** Floating-point operations of matrix products, in units of 10^9. */
    public double gigaflops;

    /** Seconds that reading would take at the measured bandwidth: the rate is the share of it. */
    public double shareOfReads;

    /** Seconds that the operations would take at the measured multiply-add peak. */
    public double shareOfPeak;

    private MachineLimits limits = new MachineLimits(1, 1, 1);

    @Setup(Level.Iteration)
    public void measure() {
        limits = MachineLimits.measure(BenchmarkThreads.count());
    }

    /** Counts the work of one invocation. */
    public void count(double bytes, double flops) {
        gigabytes += bytes * 1e-9;
        gigaflops += flops * 1e-9;
        shareOfReads += bytes / limits.readBytesPerSecond();
        shareOfPeak += flops / limits.flopsPerSecond();
    }
}
