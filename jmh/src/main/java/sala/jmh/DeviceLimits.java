package sala.jmh;

import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;

/** What TornadoVM's default device can do at best, measured by kernels in Java. */
final class DeviceLimits {
    /** What a large GPU is done with in a millisecond. */
    private static final DeviceMultiplyAdd LONG = new DeviceMultiplyAdd(1 << 20, 4096);

    /** What a small device is done with in some milliseconds. */
    private static final DeviceMultiplyAdd SHORT = new DeviceMultiplyAdd(1 << 16, 256);

    /** A launch that takes less says more of the launch than of the device. */
    private static final double LEAST_SECONDS = 1e-3;

    private static final int RUNS = 10;

    /** Of a fork's JVM: bytes and operations a second, with a comma between. */
    private static final String OPTION = "-Dsala.jmh.deviceLimits=";

    private DeviceLimits() {}

    /** The option of a fork's JVM that spares it the measurement. */
    static String option(Limits limits) {
        return OPTION + limits.bytesPerSecond() + "," + limits.flopsPerSecond();
    }

    static boolean isOption(String jvmArg) {
        return jvmArg.startsWith(OPTION);
    }

    /** What the options of a fork's JVM say. */
    static Optional<Limits> given(Collection<String> jvmArgs) {
        return jvmArgs.stream()
                .filter(DeviceLimits::isOption)
                .findFirst()
                .map(argument -> argument.substring(OPTION.length()).split(",", -1))
                .map(values -> new Limits(Double.parseDouble(values[0]), Double.parseDouble(values[1])));
    }

    /**
     * Measures; takes a second or two.
     *
     * @throws IllegalStateException if there is no device
     */
    static Limits measure() {
        DeviceGraphs.requireDevice();
        KernelSpeedRow copy = DeviceCopy.YARDSTICK;
        double shortSeconds = seconds(SHORT);
        double peak = shortSeconds < LEAST_SECONDS ? LONG.flops() / seconds(LONG) : SHORT.flops() / shortSeconds;
        return new Limits(copy.bytes() / seconds(copy), peak);
    }

    /**
     * Best time of a launch, by the device's clock: whatever else happens can only lengthen it, and what the host does for a launch is
     * a third of the copy's time on OpenCL.
     */
    private static double seconds(KernelSpeedRow row) {
        KernelSpeedRow.Work work = row.allocate();
        DeviceGraphs.check(work, false);
        return Arrays.stream(DeviceGraphs.kernelSeconds(work, RUNS)).min().orElseThrow();
    }
}
