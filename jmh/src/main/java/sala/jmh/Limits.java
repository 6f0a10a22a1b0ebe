package sala.jmh;

import sala.model.cpu.MachineLimits;

/**
 * What the machine of a backend can do at best.
 *
 * @param bytesPerSecond sequential reads of the host's memory; a copy on a device, bytes read plus bytes written
 * @param flopsPerSecond f32 multiply-adds on registers, each counted as 2; matrix units are not part of it
 */
record Limits(double bytesPerSecond, double flopsPerSecond) {
    /** Measures all processors; takes about a second. */
    static Limits ofHost() {
        MachineLimits limits = MachineLimits.measure(BenchmarkThreads.count());
        return new Limits(limits.readBytesPerSecond(), limits.flopsPerSecond());
    }
}
