package sala.model.generate;

import java.util.Locale;

/** Why a generation ended. */
public enum StopReason {
    /** A stop token was sampled; it is the last of the tokens and has no text. */
    STOP_TOKEN,
    /** The text ran into a stop string, which is not part of the text. */
    STOP_STRING,
    /** As many tokens as were asked for. */
    MAX_TOKENS,
    /** The session has no room to ingest the last token. */
    CONTEXT_FULL,
    /** Cancelled from outside. */
    CANCELLED;

    /** The name people read: {@code stop token}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
