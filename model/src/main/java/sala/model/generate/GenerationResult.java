package sala.model.generate;

/**
 * What was generated.
 *
 * @param tokens in order, a token that stopped the generation included. The session has ingested all but the last one
 * @param text of the tokens without special ones, up to a stop string; empty without a tokenizer
 * @param stopReason why it ended
 * @param stats what it took
 */
public record GenerationResult(int[] tokens, String text, StopReason stopReason, GenerationStats stats) {}
