package sala.model.generate;

/** Why a generation ended. */
public enum FinishReason {
    /** A stop token was sampled; it is the last of the tokens and has no text. */
    STOP_TOKEN,
    /** The text ran into a stop string, which is not part of the text. */
    STOP_STRING,
    /** As many tokens as were asked for. */
    MAX_TOKENS,
    /** The session has no room to ingest the last token. */
    CONTEXT_FULL,
    /** Cancelled from outside. */
    CANCELLED
}
