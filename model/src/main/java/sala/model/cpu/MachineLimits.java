package sala.model.cpu;

/**
 * What the machine does at best in this process with the vector width that the model uses, as read by a {@link LimitMeter}: the
 * yardsticks of decode, which streams weights, and of prefill, which multiplies.
 *
 * @param threads threads that measured
 * @param readBytesPerSecond sequential reads of memory far larger than the caches
 * @param flopsPerSecond f32 multiply-adds on registers, each counted as 2
 */
public record MachineLimits(int threads, double readBytesPerSecond, double flopsPerSecond) {
    private static final long NANOS = 1_000_000_000;

    /** A single reading with the given number of threads; takes one or two seconds and half a gigabyte outside the heap. */
    public static MachineLimits measure(int threads) {
        try (LimitMeter meter = new LimitMeter(threads)) {
            return meter.measure(NANOS);
        }
    }

    /**
     * The limit that holds for what was done between two readings of it: the larger, because whatever else runs on the machine
     * can lower a reading but not raise it. So a disturbed reading flatters no share.
     */
    public static double between(double before, double after) {
        return Math.max(before, after);
    }
}
