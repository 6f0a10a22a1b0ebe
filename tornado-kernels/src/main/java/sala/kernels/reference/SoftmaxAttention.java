package sala.kernels.reference;

/**
 * Softmax attention of one token over a given set of positions; what dense and sparse attention share.
 *
 * <pre>
 *   w[j] = exp(c q . k[j] - max) / sum,   c = attentionScale, j over the positions
 *   out  = sum of w[j] v[j]
 * </pre>
 */
final class SoftmaxAttention {
    private SoftmaxAttention() {}

    /**
     * Computes one group of query heads.
     *
     * @param q {@code [numHeads, headDim]}
     * @param keys {@code [length, numKvHeads, headDim]}
     * @param values as keys
     * @param positions of one KV head, at least one
     * @param kvHead whose group of query heads is computed
     * @param shape heads
     * @param out {@code [numHeads, headDim]}; the group's part is written
     */
    static void attend(
            double[] q,
            double[] keys,
            double[] values,
            int[] positions,
            int kvHead,
            AttentionShape shape,
            double[] out) {
        int headDim = shape.headDim();
        double[] weights = new double[positions.length];
        for (int head = kvHead * shape.groupSize(); head < (kvHead + 1) * shape.groupSize(); head++) {
            double max = Double.NEGATIVE_INFINITY;
            for (int n = 0; n < positions.length; n++) {
                int key = (positions[n] * shape.numKvHeads() + kvHead) * headDim;
                weights[n] = shape.attentionScale() * Linear.dot(q, head * headDim, keys, key, headDim);
                max = Math.max(max, weights[n]);
            }
            double sum = 0;
            for (int n = 0; n < positions.length; n++) {
                weights[n] = Math.exp(weights[n] - max);
                sum += weights[n];
            }
            for (int n = 0; n < positions.length; n++) {
                int value = (positions[n] * shape.numKvHeads() + kvHead) * headDim;
                for (int i = 0; i < headDim; i++) {
                    out[head * headDim + i] += weights[n] / sum * values[value + i];
                }
            }
        }
    }

    /** Checks the arrays of one token at {@code position}. */
    static void requireShapes(double[] q, int position, double[] keys, double[] values, AttentionShape shape) {
        Arguments.requireLength("q", q.length, shape.queryWidth(), "[numHeads, headDim]");
        Arguments.requireMultiple("keys", keys.length, shape.kvWidth(), "[length, numKvHeads, headDim]");
        Arguments.requireLength("values", values.length, keys.length, "as keys, [length, numKvHeads, headDim]");
        Arguments.requireAtLeast("position", position, 0);
        Arguments.requireAtLeast("keys at position " + position, keys.length / shape.kvWidth(), position + 1);
    }
}
