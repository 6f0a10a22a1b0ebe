package sala.model.generate;

/**
 * What a generation took.
 *
 * @param promptTokens tokens ingested before the first was picked
 * @param generatedTokens tokens picked
 * @param prefillNanos ingesting the prompt
 * @param firstTokenNanos from the call to the first token
 * @param decodeNanos from the first token to the end
 */
public record GenerationStats(
        int promptTokens, int generatedTokens, long prefillNanos, long firstTokenNanos, long decodeNanos) {}
