package sala.app.report;

/**
 * What a device's profiler said of an operation before it was timed.
 *
 * @param kernelSeconds kernels of one operation, by the device's clock
 * @param compileSeconds compilation of its kernels
 * @param transferSeconds copies of the inputs to the device and of the output back
 */
record DeviceClock(double kernelSeconds, double compileSeconds, double transferSeconds) {}
