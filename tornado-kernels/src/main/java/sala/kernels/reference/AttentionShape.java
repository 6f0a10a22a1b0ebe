package sala.kernels.reference;

/**
 * Heads of grouped-query softmax attention: query head {@code h} uses KV head {@code h / groupSize}.
 *
 * @param numHeads query heads, a multiple of {@code numKvHeads}
 * @param numKvHeads key/value heads
 * @param headDim length of a q, k or v vector
 * @param attentionScale factor on {@code q . k}
 */
public record AttentionShape(int numHeads, int numKvHeads, int headDim, double attentionScale) {
    public AttentionShape {
        Arguments.requireAtLeast("numHeads", numHeads, 1);
        Arguments.requireAtLeast("headDim", headDim, 1);
        Arguments.requireMultiple("numHeads", numHeads, numKvHeads, "(each group has as many heads)");
    }

    /** Query heads that share a KV head. */
    public int groupSize() {
        return numHeads / numKvHeads;
    }

    /** Values of q for one token. */
    public int queryWidth() {
        return numHeads * headDim;
    }

    /** Values of k or v for one token. */
    public int kvWidth() {
        return numKvHeads * headDim;
    }
}
