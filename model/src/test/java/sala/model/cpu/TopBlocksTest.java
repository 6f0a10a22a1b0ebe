package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import sala.loader.SparseConfig;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.RandomTensors;

final class TopBlocksTest {
    static List<GoldenVariant> variants() {
        return Golden.variants("topk");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void choiceEqualsGolden(GoldenVariant variant) {
        SparseConfig sparse = TestConfigs.sparseConfig(variant.parameters().required("sparse_config"));
        int numKvHeads = variant.integer("kv_heads");
        int numBlocks = variant.integer("blocks");
        int[] positions = variant.ints("positions");
        double[] scores = variant.doubles("scores");
        int[] selected = variant.ints("selected");
        int topK = sparse.effectiveTopK();
        for (int list = 0; list < positions.length * numKvHeads; list++) {
            int position = positions[list / numKvHeads];
            int[] expected = Arrays.stream(selected, list * topK, (list + 1) * topK)
                    .filter(block -> block >= 0)
                    .toArray();
            double[] ofList = Arrays.copyOfRange(scores, list * numBlocks, (list + 1) * numBlocks);
            assertArrayEquals(
                    expected,
                    select(sparse, ofList, position / sparse.blockSize()),
                    variant.label("selected") + " at position " + position);
        }
    }

    /** Against the reference, over all current blocks: many ties, few, none, extreme scores, more forced than the top-k. */
    @ParameterizedTest
    @CsvSource({"1, 2, 4", "0, 0, 3", "3, 0, 8", "2, 1, 1", "4, 6, 0", "0, 0, 0", "1, 32, 64", "70, 1, 80"})
    void choiceEqualsReference(int initBlocks, int localBlocks, int topK) {
        SparseConfig sparse = new SparseConfig(4, 2, initBlocks, 8, 8 * localBlocks, topK, 0, false);
        int numBlocks = 150;
        RandomTensors random = RandomTensors.create();
        double[] largest = new double[numBlocks];
        Arrays.fill(largest, 0x1.fep127);
        List<double[]> scores = List.of(
                new double[numBlocks],
                largest,
                random.uniform(numBlocks, 0, 1),
                Arrays.stream(random.ints(numBlocks, 4)).asDoubleStream().toArray(),
                Arrays.stream(random.normal(numBlocks))
                        .map(x -> (float) Math.min(0x1.fep127, Math.exp(30 * x)))
                        .toArray());
        for (double[] ofBlocks : scores) {
            for (int currentBlock = 0; currentBlock < numBlocks; currentBlock++) {
                assertArrayEquals(
                        sala.kernels.reference.BlockSelection.select(
                                ofBlocks, currentBlock * 8, TestConfigs.rule(sparse)),
                        select(sparse, ofBlocks, currentBlock),
                        "current block " + currentBlock);
            }
        }
    }

    /** A score that overflowed is the best, but comes after the forced blocks. */
    @Test
    void infiniteScoresDoNotDisplaceForcedBlocks() {
        SparseConfig sparse = TestConfigs.smallBlocks(2);
        double[] scores = new double[20];
        Arrays.fill(scores, Double.POSITIVE_INFINITY);
        assertArrayEquals(new int[] {0, 17, 18, 19}, select(sparse, scores, 19));
        assertArrayEquals(new int[] {0, 1, 17, 18, 19}, select(TestConfigs.smallBlocks(3), scores, 19));
        scores[1] = 0;
        assertArrayEquals(new int[] {0, 2, 17, 18, 19}, select(TestConfigs.smallBlocks(3), scores, 19));
    }

    @Test
    void roundingEqualsReferenceAndKeepsTheOrder() {
        Random random = new Random(RandomTensors.DEFAULT_SEED);
        for (int i = 0; i < 100_000; i++) {
            float score = Float.intBitsToFloat(random.nextInt(Float.floatToIntBits(Float.POSITIVE_INFINITY) + 1));
            assertEquals(
                    sala.kernels.reference.BlockSelection.roundToBf16(score),
                    Float.intBitsToFloat(TopBlocks.roundToBf16(score) << 16),
                    () -> "rounded " + score);
        }
        assertEquals(0, TopBlocks.roundToBf16(Float.NaN));
        assertEquals(0x7f80, TopBlocks.roundToBf16(Float.POSITIVE_INFINITY));
        assertEquals(0x7f80, TopBlocks.roundToBf16(Float.MAX_VALUE));
        assertEquals(0, TopBlocks.roundToBf16(0));
    }

    private static int[] select(SparseConfig sparse, double[] scores, int currentBlock) {
        char[] bits = new char[scores.length];
        for (int block = 0; block < scores.length; block++) {
            bits[block] = TopBlocks.roundToBf16((float) scores[block]);
        }
        int[] out = new int[3 + BlockSelection.maxBlocks(sparse) + 1];
        Arrays.fill(out, -7);
        int count = new TopBlocks(sparse).select(bits, currentBlock, out, 3);
        assertEquals(-7, out[3 + count], "what follows the list");
        return Arrays.copyOfRange(out, 3, 3 + count);
    }
}
