package sala.app;

import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import sala.loader.ModelConfig;
import sala.model.AttentionMode;
import sala.model.Backend;
import sala.model.ForwardPasses;
import sala.model.GraphRecording;
import sala.model.PassOptions;
import sala.model.WeightFormat;

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
            names = "--device",
            paramLabel = "N",
            description =
                    "Device of the backends tornado and interpreter, as ./sala devices lists them. Default: the best.")
    private @Nullable Integer device;

    @Option(
            names = "--weights",
            paramLabel = "TYPE",
            description =
                    "Type of the weights on a device: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}, as stored where the device can.")
    private WeightFormat weights = WeightFormat.AUTO;

    @Option(
            names = "--cuda-graphs",
            paramLabel = "WHEN",
            description =
                    "Whether a device records its kernels and replays them: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}, on CUDA.")
    private GraphRecording recording = GraphRecording.AUTO;

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

    @Mixin
    private AttentionOptions attention = new AttentionOptions();

    @Option(
            names = {"-v", "--verbose"},
            description = "Say on standard error which backend was picked and why.")
    private boolean verbose;

    /**
     * Picks the backend.
     *
     * @throws sala.model.BackendUnavailableException if it does not run here
     */
    ForwardPasses.Choice choose(ModelConfig config, int length) {
        TornadoProperties.set(List.of(config), length);
        return ForwardPasses.choose(backend, device == null ? OptionalInt.empty() : OptionalInt.of(device));
    }

    /** Whether a choice is worth a line even to those who did not ask: a GPU that nobody named. */
    boolean isSurprising(ForwardPasses.Choice choice) {
        return backend == Backend.AUTO && device == null && choice.backend() == Backend.TORNADO;
    }

    /** How the pass is opened. */
    PassOptions passOptions(int length) {
        return PassOptions.of(threads(), length).withWeightFormat(weights).withRecording(recording);
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
        if (device != null && device < 0) {
            throw new UsageException("--device must be at least 0, found " + device);
        }
        attention.check();
        if (contextLength != null && contextLength < 1) {
            throw new UsageException("--context-length must be at least 1, found " + contextLength);
        }
    }

    private int threads() {
        return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    }

    OptionalInt contextLength() {
        return contextLength == null ? OptionalInt.empty() : OptionalInt.of(contextLength);
    }

    AttentionMode attentionMode() {
        return attention.mode();
    }

    boolean verbose() {
        return verbose;
    }
}
