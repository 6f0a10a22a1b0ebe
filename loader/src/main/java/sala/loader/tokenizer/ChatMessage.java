package sala.loader.tokenizer;

/**
 * One turn of a conversation.
 *
 * @param role {@code system}, {@code user} or {@code assistant}
 * @param content text of the turn
 */
public record ChatMessage(String role, String content) {}
