package sala.app;

import picocli.CommandLine.Option;
import sala.model.AttentionMode;

/** What the sparse layers attend to. */
final class AttentionOptions {
    @Option(
            names = "--always-sparse",
            description =
                    "Block-sparse attention at every length, as serving does; without it attention is dense below "
                            + "the model's dense_len.")
    private boolean alwaysSparse;

    @Option(
            names = "--full-attention",
            description = "Full attention at every length, with the same weights, for comparison.")
    private boolean fullAttention;

    /**
     * Checks that the options agree.
     *
     * @throws UsageException if they do not
     */
    void check() {
        if (alwaysSparse && fullAttention) {
            throw new UsageException("give --always-sparse or --full-attention, not both");
        }
    }

    AttentionMode mode() {
        if (fullAttention) {
            return AttentionMode.ALWAYS_DENSE;
        }
        return alwaysSparse ? AttentionMode.ALWAYS_SPARSE : AttentionMode.BY_LENGTH;
    }
}
