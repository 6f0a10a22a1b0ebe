package sala.model.generate;

import java.util.Locale;

/** Why a generation ended. */
public enum StopReason {
    /** An end-of-sequence or stop token. */
    STOP_TOKEN,
    /** A stop string. */
    STOP_STRING,
    /** As many tokens as were asked for. */
    MAX_TOKENS,
    /** The session is full. */
    CONTEXT_FULL,
    /** {@link Generator#cancel}. */
    CANCELLED;

    /** The name people read: {@code stop token}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
