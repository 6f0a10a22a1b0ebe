package sala.model;

import sala.loader.ModelConfig;

/**
 * The one seam for backends: tokens in, logits out. Weights are read-only; what a conversation changes lives in its
 * {@link Session}. One call at a time.
 */
public interface ForwardPass extends AutoCloseable {
    ModelConfig config();

    /** Backend, device and numeric type in one line, for people. */
    String description();

    /**
     * Opens a conversation. Caches grow with use; nothing of the size of the context is allocated here.
     *
     * @throws IllegalArgumentException if the caches of {@code contextLength} tokens cannot be addressed
     */
    Session newSession(SessionOptions options);

    /**
     * Ingests tokens. Whether the call is sparse is decided once, by the context length after it.
     *
     * @param tokens at least one id, each within the vocabulary
     * @return logits after the last token
     * @throws ContextLengthException before anything is computed, if the session has no room
     * @throws java.util.concurrent.CancellationException if the listener stopped the call
     */
    Logits prefill(Session session, int[] tokens, PrefillListener listener);

    /** {@link #prefill(Session, int[], PrefillListener)} that cannot be stopped. */
    default Logits prefill(Session session, int[] tokens) {
        return prefill(session, tokens, PrefillListener.NONE);
    }

    /**
     * Ingests one token.
     *
     * @return logits of the next one
     * @throws ContextLengthException if the session is full
     */
    Logits decode(Session session, int token);

    @Override
    void close();
}
