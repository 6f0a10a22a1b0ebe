package sala.model.generate;

/** Follows a generation; called on the thread that generates. */
public interface GenerationListener {
    /** Follows nothing. */
    GenerationListener NONE = new GenerationListener() {};

    /** After each prefill chunk. */
    default void prefill(int done, int total) {}

    /**
     * After each token.
     *
     * @param token its id
     * @param text what became certain with it; concatenated, these texts are the result's
     */
    default void token(int token, String text) {}
}
