package sala.app;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import sala.model.AttentionMode;
import sala.model.Backend;

/** How to compute: shared by every command that runs the model. */
final class ComputeOptions {
    static final int MAX_THREADS = 1024;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description =
                    "What computes: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}, the fastest that runs here.")
    private Backend backend = Backend.AUTO;

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Threads of the cpu backend. Default: one per core.")
    private @Nullable Integer threads;

    @Option(
            names = {"-c", "--context-length"},
            paramLabel = "N",
            description =
                    "Most tokens, prompt and answer together. Default: as many as this call can need, at most what "
                            + "the model was made for.")
    private @Nullable Integer contextLength;

    @Option(
            names = "--always-sparse",
            description =
                    "Block-sparse attention at every length, as serving does; without it attention is dense below "
                            + "the model's dense_len.")
    private boolean alwaysSparse;

    @Option(
            names = {"-v", "--verbose"},
            description = "Say on standard error which backend was picked and why.")
    private boolean verbose;

    Backend backend() {
        return backend;
    }

    /**
     * Checks what needs no model.
     *
     * @throws UsageException naming the option, what it takes and what it was given
     */
    void check() {
        if (threads != null && (threads < 1 || threads > MAX_THREADS)) {
            throw new UsageException("--threads must be 1 to %d, found %d".formatted(MAX_THREADS, threads));
        }
        if (contextLength != null && contextLength < 1) {
            throw new UsageException("--context-length must be at least 1, found " + contextLength);
        }
    }

    int threads() {
        return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    }

    OptionalInt contextLength() {
        return contextLength == null ? OptionalInt.empty() : OptionalInt.of(contextLength);
    }

    AttentionMode attentionMode() {
        return alwaysSparse ? AttentionMode.ALWAYS_SPARSE : AttentionMode.BY_LENGTH;
    }

    boolean verbose() {
        return verbose;
    }
}
