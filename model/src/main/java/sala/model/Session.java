package sala.model;

import sala.loader.DType;
import sala.loader.ModelConfig;

/**
 * One conversation: a cache per layer and the position. Opened by a {@link ForwardPass} and used with that one only;
 * not thread-safe.
 */
public interface Session extends AutoCloseable {
    ModelConfig config();

    SessionOptions options();

    /** Tokens ingested so far, which is the position of the next one. */
    int position();

    /** Logits after the last token. */
    Logits logits();

    LayerCache cache(int layer);

    /** Precision of the caches: F32, or F64 where a pass computes in double precision. */
    default DType elementType() {
        return DType.F32;
    }

    /** Forgets everything: equal to a new session. */
    void reset();

    /** A session with the same history that goes its own way; costs a copy of all caches. */
    Session copy();

    /**
     * Declares that the caches, filled through {@link #cache}, hold {@code position} tokens, and sets the logits.
     *
     * @throws IllegalArgumentException if a KV cache holds another number of tokens
     */
    void resume(int position, float[] logits);

    @Override
    void close();
}
