package sala.jmh;

import sala.model.cpu.MachineLimits;

/**
 * What the machine of a backend can do at best.
 *
 * @param bytesPerSecond sequential reads of the host's memory; a copy on a device, bytes read plus bytes written
 * @param flopsPerSecond f32 multiply-adds on registers, each counted as 2; matrix units are not part of it
 */
record Limits(double bytesPerSecond, double flopsPerSecond) {
    /** Where nothing could be measured: shares of it are no numbers. */
    static final Limits UNKNOWN = new Limits(Double.NaN, Double.NaN);

    boolean areKnown() {
        return bytesPerSecond > 0 && flopsPerSecond > 0;
    }

    /** What a reading of the host says. */
    static Limits of(MachineLimits limits) {
        return new Limits(limits.readBytesPerSecond(), limits.flopsPerSecond());
    }

    /** The limits of what was done between this reading and a later one. */
    Limits and(Limits later) {
        return new Limits(
                MachineLimits.between(bytesPerSecond, later.bytesPerSecond),
                MachineLimits.between(flopsPerSecond, later.flopsPerSecond));
    }
}
