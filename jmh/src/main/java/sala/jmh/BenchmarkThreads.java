package sala.jmh;

/** How many threads every benchmark uses. */
public final class BenchmarkThreads {
    private BenchmarkThreads() {}

    /** All processors. */
    public static int count() {
        return Runtime.getRuntime().availableProcessors();
    }
}
