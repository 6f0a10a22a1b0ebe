package sala.model.cpu;

/**
 * How the CPU pass runs.
 *
 * @param threads worker threads, the caller included
 * @param prefillChunk most tokens that go through the layers together: more reads the weights less often and takes
 *     larger buffers
 * @param plainMultiplyAdds multiply-adds of the weights that are done by plain loops before vector kernels take over, which
 *     are slow until the JVM has compiled them; the results are the same
 */
public record CpuOptions(int threads, int prefillChunk, long plainMultiplyAdds) {
    /** Measured: a quarter of it is slower, double gains nothing ({@code jmh/NOTEBOOK.md}). */
    public static final int DEFAULT_PREFILL_CHUNK = 256;

    /**
     * Measured: plain loops take about as long for these as compiling the vector kernels does. So nothing takes more than
     * twice as long as with the better choice of the two.
     */
    public static final long DEFAULT_PLAIN_MULTIPLY_ADDS = 1L << 29;

    public CpuOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, found " + threads);
        }
        if (prefillChunk < 1) {
            throw new IllegalArgumentException("prefillChunk must be at least 1, found " + prefillChunk);
        }
        if (plainMultiplyAdds < 0) {
            throw new IllegalArgumentException("plainMultiplyAdds must be at least 0, found " + plainMultiplyAdds);
        }
    }

    /** All processors, the measured prefill chunk and cold start. */
    public static CpuOptions defaults() {
        return new CpuOptions(
                Runtime.getRuntime().availableProcessors(), DEFAULT_PREFILL_CHUNK, DEFAULT_PLAIN_MULTIPLY_ADDS);
    }

    public CpuOptions withThreads(int newThreads) {
        return new CpuOptions(newThreads, prefillChunk, plainMultiplyAdds);
    }

    public CpuOptions withPrefillChunk(int newPrefillChunk) {
        return new CpuOptions(threads, newPrefillChunk, plainMultiplyAdds);
    }

    public CpuOptions withPlainMultiplyAdds(long newPlainMultiplyAdds) {
        return new CpuOptions(threads, prefillChunk, newPlainMultiplyAdds);
    }
}
