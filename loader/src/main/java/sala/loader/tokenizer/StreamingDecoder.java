package sala.loader.tokenizer;

/** Turns a stream of tokens into text without ever emitting part of a character. One instance per stream. */
public interface StreamingDecoder {
    /** Text that became certain with this token; empty while a multi-byte character is incomplete. */
    String accept(int token);

    /** Text still held back at the end of the stream; the decoder starts afresh afterwards. */
    String flush();
}
