package sala.model.generate;

/**
 * Follows a generation on the thread that runs it. An exception thrown here ends the generation and reaches the caller;
 * the session stays usable and holds what was ingested until then.
 */
public interface GenerationListener {
    /** Ignores everything. */
    GenerationListener NONE = new GenerationListener() {};

    /**
     * Prompt tokens went into the session.
     *
     * @param ingested prompt tokens that are in the session now
     * @param total prompt tokens
     */
    default void prefill(int ingested, int total) {}

    /** A token was sampled, stop tokens included; comes before the text that it completes. */
    default void token(int token) {}

    /**
     * Text became certain: whole characters, never part of a stop string.
     *
     * @param piece not empty
     */
    default void text(String piece) {}
}
