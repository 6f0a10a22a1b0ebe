package sala.model;

/**
 * A {@link ForwardPass} that picks the next token where it computes the logits: one id goes in and one comes out, and the
 * logits stay where they are until {@link Session#logits} asks for them.
 */
public interface TokenDecoder {
    /** Instead of a token: the choice is left to whoever has the logits. */
    int LEFT_OPEN = -1;

    /**
     * Ingests one token, as {@link ForwardPass#decode} does, and picks the next.
     *
     * @param choice how it is picked; read during the call only
     * @param random the random number of this choice, in [0, 1)
     * @return the token that the choice falls on. {@link #LEFT_OPEN} where logits are not finite, where every token is
     *     banned, or where the pass cannot choose so: the token is ingested all the same, and {@link Session#logits} are
     *     those to choose from
     * @throws ContextLengthException if the session is full
     * @throws IllegalArgumentException if {@code random} or a value of {@code choice} is outside its range; nothing is
     *     ingested then
     */
    int decodeToken(Session session, int token, TokenChoice choice, double random);
}
