package sala.jmh;

import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;
import sala.model.cpu.LimitMeter;

/**
 * Counters that JMH divides by the time of an iteration, in seconds: with {@code Mode.Throughput} and seconds as unit
 * they read as rates. The limits of the host are read in the same fork between iterations, and an iteration is set beside the
 * readings before and behind it, so that a share compares figures of the same seconds: {@code gigabytes / shareOfBandwidth} is
 * the bandwidth, {@code gigaflops / shareOfPeak} the peak. A device, which is steady, is measured
 * once: by the suite before its first fork, else in the fork.
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

    private static final long READING_NANOS = 300_000_000;

    private Supplier<Limits> meter = () -> new Limits(1, 1);
    private Runnable closeMeter = () -> {};
    private Limits before = new Limits(1, 1);

    @Setup(Level.Trial)
    public void open(BenchmarkParams params) {
        if (BenchmarkBackend.TORNADO.name().equals(params.getParam("backend"))) {
            Limits limits = DeviceLimits.given(params.getJvmArgs()).orElseGet(DeviceLimits::measure);
            meter = () -> limits;
        } else {
            LimitMeter host = new LimitMeter(BenchmarkThreads.count());
            long nanos =
                    Math.min(READING_NANOS, params.getMeasurement().getTime().convertTo(TimeUnit.NANOSECONDS));
            meter = () -> Limits.of(host.measure(nanos));
            closeMeter = host::close;
        }
        before = meter.get();
    }

    /** Counts the work of one invocation. */
    void count(int count, double bytes, double flops) {
        operations += count;
        gigabytes += count * bytes * 1e-9;
        gigaflops += count * flops * 1e-9;
    }

    /** JMH takes the counters after this. */
    @TearDown(Level.Iteration)
    public void setBesideLimits() {
        Limits behind = meter.get();
        Limits limits = before.and(behind);
        shareOfBandwidth = gigabytes * 1e9 / limits.bytesPerSecond();
        shareOfPeak = gigaflops * 1e9 / limits.flopsPerSecond();
        before = behind;
    }

    @TearDown(Level.Trial)
    public void close() {
        closeMeter.run();
    }
}
