package sala.kernels.reference;

import java.util.stream.IntStream;

/**
 * Causal softmax attention of one token over all positions up to its own.
 *
 * <pre>  out[h] = sum over j &lt;= position of softmax_j(attentionScale q[h] . keys[j, h / groupSize]) values[j, h / groupSize]  </pre>
 */
public final class DenseAttention {
    private DenseAttention() {}

    /**
     * Attends to positions {@code 0..position}.
     *
     * @param q {@code [numHeads, headDim]}
     * @param position of the token; later ones are not seen
     * @param keys {@code [length, numKvHeads, headDim]}, {@code length > position}
     * @param values as keys
     * @param shape heads
     * @return {@code [numHeads, headDim]}
     * @throws IllegalArgumentException if a length is wrong
     */
    public static double[] attend(double[] q, int position, double[] keys, double[] values, AttentionShape shape) {
        SoftmaxAttention.requireShapes(q, position, keys, values, shape);
        int[] positions = IntStream.rangeClosed(0, position).toArray();
        double[] out = new double[shape.queryWidth()];
        for (int kvHead = 0; kvHead < shape.numKvHeads(); kvHead++) {
            SoftmaxAttention.attend(q, keys, values, positions, kvHead, shape, out);
        }
        return out;
    }
}
