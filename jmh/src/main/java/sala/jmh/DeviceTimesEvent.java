package sala.jmh;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/**
 * What one run of a device took, by the device's own clock, as an event of the JDK's flight recorder: how a benchmark
 * tells {@link TornadoProfiler}, and any other recording, without the two knowing each other.
 */
@Name(DeviceTimesEvent.NAME)
@Label("Device times")
@Category("SALA4J")
@Description("One execution of a TornadoVM execution plan")
@StackTrace(false)
final class DeviceTimesEvent extends Event {
    static final String NAME = "sala.DeviceTimes";

    /** Kernel launches of the run. */
    @Label("Launches")
    int launches;

    @Label("Kernel time in nanoseconds")
    long kernelNanos;

    @Label("Time of copies to the device in nanoseconds")
    long copyInNanos;

    @Label("Time of copies to the host in nanoseconds")
    long copyOutNanos;

    @Label("Time of compilation by TornadoVM and the driver in nanoseconds")
    long compileNanos;
}
