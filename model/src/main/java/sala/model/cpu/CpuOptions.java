package sala.model.cpu;

/**
 * How the CPU pass runs.
 *
 * @param threads worker threads, the caller included
 * @param prefillChunk most tokens that go through the layers together: more reads the weights less often and takes
 *     larger buffers
 */
public record CpuOptions(int threads, int prefillChunk) {
    /** Measured: half of it is slower, double gains nothing worth the buffers ({@code jmh/NOTEBOOK.md}). */
    public static final int DEFAULT_PREFILL_CHUNK = 256;

    public CpuOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, found " + threads);
        }
        if (prefillChunk < 1) {
            throw new IllegalArgumentException("prefillChunk must be at least 1, found " + prefillChunk);
        }
    }

    /** All processors, the measured prefill chunk. */
    public static CpuOptions defaults() {
        return new CpuOptions(Runtime.getRuntime().availableProcessors(), DEFAULT_PREFILL_CHUNK);
    }

    public CpuOptions withThreads(int newThreads) {
        return new CpuOptions(newThreads, prefillChunk);
    }

    public CpuOptions withPrefillChunk(int newPrefillChunk) {
        return new CpuOptions(threads, newPrefillChunk);
    }
}
