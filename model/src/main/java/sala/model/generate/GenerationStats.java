package sala.model.generate;

/**
 * What a generation took.
 *
 * @param promptTokens tokens of the prompt that were ingested
 * @param generatedTokens tokens sampled, a stop token included
 * @param prefillNanos time to ingest the prompt
 * @param timeToFirstTokenNanos from the call to the first sampled token; 0 if there is none
 * @param decodeNanos from the first sampled token to the end, in which {@code generatedTokens - 1} tokens were ingested
 *     and as many sampled
 * @param seed of the random numbers, given or drawn; the same seed repeats the tokens
 */
public record GenerationStats(
        int promptTokens,
        int generatedTokens,
        long prefillNanos,
        long timeToFirstTokenNanos,
        long decodeNanos,
        long seed) {
    /** Rate of ingesting the prompt; 0 where there was none. */
    public double prefillTokensPerSecond() {
        return perSecond(promptTokens, prefillNanos);
    }

    /** Rate of the tokens after the first one; 0 where there are none. */
    public double decodeTokensPerSecond() {
        return perSecond(generatedTokens - 1, decodeNanos);
    }

    private static double perSecond(int tokens, long nanos) {
        return tokens <= 0 || nanos <= 0 ? 0 : tokens * 1e9 / nanos;
    }
}
