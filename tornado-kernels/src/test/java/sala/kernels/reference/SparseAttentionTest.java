package sala.kernels.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

/** {@link SparseAttention} and {@link DenseAttention}. */
class SparseAttentionTest {
    static List<GoldenVariant> variants() {
        return Golden.variants("sparse_attention");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void equalsGolden(GoldenVariant variant) {
        AttentionShape shape = new AttentionShape(
                variant.integer("heads"), variant.integer("kv_heads"), variant.integer("dim"), variant.number("scale"));
        int[] positions = variant.ints("positions");
        double[] q = variant.doubles("q");
        double[] keys = variant.doubles("k");
        double[] values = variant.doubles("v");
        double[] sparse = new double[q.length];
        double[] dense = new double[q.length];
        for (int row = 0; row < positions.length; row++) {
            int from = row * shape.queryWidth();
            double[] token = Arrays.copyOfRange(q, from, from + shape.queryWidth());
            int[][] blocks = new int[shape.numKvHeads()][];
            for (int kvHead = 0; kvHead < blocks.length; kvHead++) {
                blocks[kvHead] = selected(variant, row * blocks.length + kvHead);
            }
            double[] sparseRow = SparseAttention.attend(
                    token, positions[row], keys, values, blocks, variant.integer("block_size"), shape);
            System.arraycopy(sparseRow, 0, sparse, from, sparseRow.length);
            double[] denseRow = DenseAttention.attend(token, positions[row], keys, values, shape);
            System.arraycopy(denseRow, 0, dense, from, denseRow.length);
        }
        TensorAssert.assertClose(variant.label("out"), variant.doubles("out"), sparse, Tolerance.REFERENCE_F64);
        TensorAssert.assertClose(
                variant.label("out_dense"), variant.doubles("out_dense"), dense, Tolerance.REFERENCE_F64);
    }

    /** When top-k covers all blocks the selection is everything visible, hence dense attention. */
    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 100, 1000})
    void equalsDenseWhenTopKCoversAllBlocks(int length) {
        RandomTensors random = RandomTensors.create();
        SelectionRule rule = new SelectionRule(4, 2, 8, 1, 2, (length + 7) / 8);
        AttentionShape shape = new AttentionShape(16, 1, 8, 0.3);
        double[] q = random.normal(shape.queryWidth());
        double[] keys = random.normal(length * shape.kvWidth());
        double[] values = random.normal(keys.length);
        double[] windows = BlockSelection.windowScores(
                q,
                length - 1,
                KeyCompression.compress(keys, 8, 4, 2),
                KeyCompression.compress(keys, 8, 16, 8),
                shape,
                rule);
        int[] blocks = BlockSelection.select(
                BlockSelection.blockScores(windows, rule.numBlocks(length), rule), length - 1, rule);
        TensorAssert.assertClose(
                "sparse over all blocks, " + random,
                DenseAttention.attend(q, length - 1, keys, values, shape),
                SparseAttention.attend(q, length - 1, keys, values, new int[][] {blocks}, 8, shape),
                Tolerance.REFERENCE_F64);
    }

    @Test
    void equalKeysAverageTheValues() {
        AttentionShape shape = new AttentionShape(1, 1, 2, 1);
        double[] keys = new double[20];
        Arrays.fill(keys, -1e4); // large negatives before the softmax
        double[] values = IntStream.range(0, 20).mapToDouble(i -> i).toArray();
        // Blocks 0 and 3 of two tokens, seen from position 6: tokens 0, 1 and 6.
        double[] out = SparseAttention.attend(new double[] {1, 1}, 6, keys, values, new int[][] {{0, 3}}, 2, shape);
        TensorAssert.assertClose(
                "mean of tokens 0, 1, 6", new double[] {14 / 3.0, 17 / 3.0}, out, Tolerance.REFERENCE_F64);
    }

    @Test
    void wrongArgumentsAreRefused() {
        AttentionShape shape = new AttentionShape(2, 1, 4, 1);
        double[] q = new double[8];
        double[] keys = new double[12];
        assertEquals(
                "keys at position 3: expected at least 4, found 3",
                assertThrows(IllegalArgumentException.class, () -> DenseAttention.attend(q, 3, keys, keys, shape))
                        .getMessage());
        assertEquals(
                "values: expected 12 values as keys, [length, numKvHeads, headDim], found 8",
                assertThrows(IllegalArgumentException.class, () -> DenseAttention.attend(q, 2, keys, q, shape))
                        .getMessage());
        assertEquals(
                "tokens selected for KV head 0: expected at least 1, found 0",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> SparseAttention.attend(q, 1, keys, keys, new int[][] {{1}}, 2, shape))
                        .getMessage());
        assertEquals(
                "blocks: expected 1 values [numKvHeads], found 2",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> SparseAttention.attend(q, 1, keys, keys, new int[][] {{0}, {0}}, 2, shape))
                        .getMessage());
    }

    private static int[] selected(GoldenVariant variant, int index) {
        int width = variant.shape("selected")[2];
        return Arrays.stream(variant.ints("selected"), index * width, (index + 1) * width)
                .filter(block -> block >= 0)
                .toArray();
    }
}
