package sala.model;

/** How the sparse layers choose between dense and block-sparse attention. */
public enum AttentionMode {
    /** As released: dense while the context after the call is shorter than {@code dense_len}, sparse from there on. */
    BY_LENGTH,
    /** Block-sparse at every length, as official serving launches it ({@code --dense-as-sparse}). */
    ALWAYS_SPARSE,
    /** Full attention at every length. */
    ALWAYS_DENSE;

    /**
     * Whether a call that leaves {@code contextLength} tokens in the cache is sparse; it holds for all its tokens.
     *
     * @param denseLength {@code dense_len} of the model
     */
    public boolean isSparse(int contextLength, int denseLength) {
        return switch (this) {
            case BY_LENGTH -> contextLength >= denseLength;
            case ALWAYS_SPARSE -> true;
            case ALWAYS_DENSE -> false;
        };
    }
}
