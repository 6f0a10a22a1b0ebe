package sala.jmh;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * What TornadoVM's profiler said of the launches that were checked, as results beside the speed; 0 where no device ran.
 * TornadoVM waits after every task while its profiler runs, so it runs before the timed iterations and not in them.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class DeviceReadings {
    /** Time of compiling the kernels of one launch, in milliseconds. */
    public double deviceCompileMillis;

    /** Time of copying the inputs to the device and the output back, in milliseconds. */
    public double deviceTransferMillis;

    /** Time of the kernels of one launch by the device's clock, in microseconds. */
    public double deviceKernelMicros;

    private double share;

    /** JMH adds such counters up over all iterations, so each reports its part, as in {@link Accuracy}. */
    @Setup
    public void count(BenchmarkParams params) {
        share = Accuracy.shareOfIteration(params);
    }

    void set(DeviceTimes times) {
        deviceCompileMillis = times.compileMillis() * share;
        deviceTransferMillis = times.transferMillis() * share;
        deviceKernelMicros = times.kernelMicros() * share;
    }
}
