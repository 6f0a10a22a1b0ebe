package sala.model.cpu;

/** Rows of the embedding matrix, scaled: {@code out[c] = table[token, c] * scale}, in f32. */
final class Embedding {
    private Embedding() {}

    /**
     * Looks one token up.
     *
     * @param table {@code [vocabSize, hiddenSize]}
     * @param scratch of the calling thread
     * @param out receives {@code hiddenSize} values from {@code offset} on
     */
    static void lookUp(WeightMatrix table, int token, float scale, PlainScratch scratch, float[] out, int offset) {
        int width = table.columns;
        table.widenPlainly(token, 0, width, scratch, out, offset);
        for (int i = offset; i < offset + width; i++) {
            out[i] *= scale;
        }
    }
}
