package sala.model;

/**
 * A {@link ForwardPass} that picks the likeliest token where it computes the logits: one id goes in and one comes out, and
 * the logits stay where they are until {@link Session#logits} asks for them.
 */
public interface GreedyDecoder {
    /** Instead of a token: the logits are no numbers. */
    int NOT_A_NUMBER = -1;

    /**
     * Ingests one token, as {@link ForwardPass#decode} does.
     *
     * @return the token with the largest logit, the lowest id among equals; {@link #NOT_A_NUMBER} where there is none
     * @throws ContextLengthException if the session is full
     */
    int decodeGreedy(Session session, int token);
}
