package sala.kernels.reference;

/**
 * Looks tokens up.
 *
 * <pre>  out[t] = embeddingScale E[tokens[t]]  </pre>
 */
public final class Embedding {
    private Embedding() {}

    /**
     * Reads and scales the row of every token.
     *
     * @param tokens {@code [T]}, each within {@code table.rows()}
     * @param table {@code [vocabSize, hiddenSize]}
     * @param embeddingScale factor on every value
     * @return {@code [T, hiddenSize]}
     * @throws IllegalArgumentException if a token is outside the vocabulary
     */
    public static double[] lookup(int[] tokens, Matrix table, double embeddingScale) {
        int hiddenSize = table.columns();
        double[] out = new double[Math.multiplyExact(tokens.length, hiddenSize)];
        double[] row = new double[hiddenSize];
        for (int t = 0; t < tokens.length; t++) {
            if (tokens[t] < 0 || tokens[t] >= table.rows()) {
                throw new IllegalArgumentException("tokens[%d]: expected an id below vocabSize %d, found %d"
                        .formatted(t, table.rows(), tokens[t]));
            }
            table.read(tokens[t], row);
            for (int i = 0; i < hiddenSize; i++) {
                out[t * hiddenSize + i] = embeddingScale * row[i];
            }
        }
        return out;
    }
}
