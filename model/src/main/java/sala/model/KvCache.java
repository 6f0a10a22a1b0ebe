package sala.model;

/** Keys and values of a sparse layer. Compressed keys follow from the keys and are kept by the implementation. */
public non-sealed interface KvCache extends LayerCache {
    /** Tokens held. */
    int length();

    /**
     * Copies tokens out.
     *
     * @param position first token
     * @param count tokens
     * @param keys {@code [count, numKvHeads, headDim]}, written from index 0
     * @param values likewise
     */
    void read(int position, int count, double[] keys, double[] values);

    /** Adds tokens behind the last one; arrays as in {@link #read}. */
    void append(double[] keys, double[] values, int count);
}
