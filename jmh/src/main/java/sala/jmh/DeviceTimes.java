package sala.jmh;

import uk.ac.manchester.tornado.api.TornadoProfilerResult;

/**
 * Where the time of a device went, by TornadoVM's profiler: the host's clock around an execution cannot tell these apart.
 *
 * @param compileMillis of one launch: TornadoVM's compiler and the driver's; in a process that has compiled nothing before,
 *     for the most part the compiler's own warm-up
 * @param transferMillis of the inputs to the device and of the output back
 * @param kernelMicros of one launch by the device's clock, the least of some
 */
record DeviceTimes(double compileMillis, double transferMillis, double kernelMicros) {
    /** Of what no device ran. */
    static final DeviceTimes NONE = new DeviceTimes(0, 0, 0);

    /** Of the first launch, which compiles and brings the inputs. */
    static DeviceTimes ofFirst(TornadoProfilerResult times) {
        return new DeviceTimes(
                times.getCompileTime() * 1e-6,
                (times.getDeviceWriteTime() + times.getDeviceReadTime()) * 1e-6,
                times.getDeviceKernelTime() * 1e-3);
    }

    /** With a later launch. */
    DeviceTimes and(TornadoProfilerResult later) {
        return new DeviceTimes(
                compileMillis, transferMillis, Math.min(kernelMicros, later.getDeviceKernelTime() * 1e-3));
    }
}
