package sala.model.generate;

/** What a generation gave. */
public final class GenerationResult {
    private final int[] tokens;
    private final String text;
    private final StopReason stopReason;
    private final GenerationStats stats;

    GenerationResult(int[] tokens, String text, StopReason stopReason, GenerationStats stats) {
        this.tokens = tokens;
        this.text = text;
        this.stopReason = stopReason;
        this.stats = stats;
    }

    /**
     * A copy of all sampled tokens, a stop token and the tokens of a stop string included. All but the last one are in
     * the session.
     */
    public int[] tokens() {
        return tokens.clone();
    }

    /** The text without special tokens and without the stop string; empty where there was no tokenizer. */
    public String text() {
        return text;
    }

    public StopReason stopReason() {
        return stopReason;
    }

    public GenerationStats stats() {
        return stats;
    }
}
