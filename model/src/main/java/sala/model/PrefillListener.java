package sala.model;

/** Follows a long prefill and may stop it. */
@FunctionalInterface
public interface PrefillListener {
    /** Neither reports nor stops. */
    PrefillListener NONE = (ingested, total) -> true;

    /**
     * Called after every prefill chunk.
     *
     * @param ingested tokens of this call that are in the session now
     * @param total tokens of this call
     * @return false to stop here; the session then holds the {@code ingested} tokens
     */
    boolean proceed(int ingested, int total);
}
