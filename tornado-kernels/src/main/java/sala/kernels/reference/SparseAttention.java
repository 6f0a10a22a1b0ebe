package sala.kernels.reference;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Stage 2 of InfLLM-V2: softmax attention of one token over the tokens of its selected blocks, up to its own position.
 *
 * <pre>  out[h] = sum over j of softmax_j(attentionScale q[h] . keys[j, g]) values[j, g],   g = h / groupSize,
 *           j &lt;= position and floor(j / blockSize) in blocks[g]  </pre>
 */
public final class SparseAttention {
    private SparseAttention() {}

    /**
     * Attends to the selected blocks.
     *
     * @param q {@code [numHeads, headDim]}
     * @param position of the token
     * @param keys {@code [length, numKvHeads, headDim]}, {@code length > position}
     * @param values as keys
     * @param blocks per KV head, block indices in any order, each once; at least one that starts at or before
     *     {@code position}
     * @param blockSize tokens of a block
     * @param shape heads
     * @return {@code [numHeads, headDim]}
     * @throws IllegalArgumentException if a length is wrong or a KV head has nothing to attend to
     */
    public static double[] attend(
            double[] q,
            int position,
            double[] keys,
            double[] values,
            int[][] blocks,
            int blockSize,
            AttentionShape shape) {
        SoftmaxAttention.requireShapes(q, position, keys, values, shape);
        Arguments.requireLength("blocks", blocks.length, shape.numKvHeads(), "[numKvHeads]");
        Arguments.requireAtLeast("blockSize", blockSize, 1);
        double[] out = new double[shape.queryWidth()];
        for (int kvHead = 0; kvHead < shape.numKvHeads(); kvHead++) {
            int[] positions = Arrays.stream(blocks[kvHead])
                    .flatMap(block -> IntStream.range(block * blockSize, (block + 1) * blockSize))
                    .filter(j -> j <= position)
                    .toArray();
            Arguments.requireAtLeast("tokens selected for KV head " + kvHead, positions.length, 1);
            SoftmaxAttention.attend(q, keys, values, positions, kvHead, shape, out);
        }
        return out;
    }
}
