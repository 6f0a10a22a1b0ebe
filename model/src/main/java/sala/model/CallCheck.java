package sala.model;

/** What every backend checks before it computes anything. */
public final class CallCheck {
    private CallCheck() {}

    /**
     * Checks one token id.
     *
     * @throws IllegalArgumentException if it is outside the vocabulary
     */
    public static void requireToken(int token, int vocabSize) {
        if (token < 0 || token >= vocabSize) {
            throw new IllegalArgumentException("token %d: expected an id from 0 to %d".formatted(token, vocabSize - 1));
        }
    }

    /**
     * Checks the tokens of a call and the room for them.
     *
     * @throws IllegalArgumentException if there is none or one is outside the vocabulary
     * @throws ContextLengthException if they do not fit
     */
    public static void requireTokens(Session session, int[] tokens) {
        if (tokens.length == 0) {
            throw new IllegalArgumentException("expected at least one token, found none");
        }
        for (int token : tokens) {
            requireToken(token, session.config().vocabSize());
        }
        requireRoom(session, tokens.length);
    }

    /** Checks the room for further tokens. */
    public static void requireRoom(Session session, int tokenCount) {
        int contextLength = session.options().contextLength();
        if (tokenCount > contextLength - session.position()) {
            throw new ContextLengthException(session.position(), tokenCount, contextLength);
        }
    }
}
