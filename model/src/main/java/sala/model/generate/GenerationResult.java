package sala.model.generate;

/** What a generation gave. */
public final class GenerationResult {
    private final int[] tokens;
    private final String text;
    private final FinishReason finishReason;
    private final GenerationStats stats;

    GenerationResult(int[] tokens, String text, FinishReason finishReason, GenerationStats stats) {
        this.tokens = tokens;
        this.text = text;
        this.finishReason = finishReason;
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

    public FinishReason finishReason() {
        return finishReason;
    }

    public GenerationStats stats() {
        return stats;
    }
}
