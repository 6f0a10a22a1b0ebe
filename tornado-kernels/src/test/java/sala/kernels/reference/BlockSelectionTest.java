package sala.kernels.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

class BlockSelectionTest {
    private static final SelectionRule RULE = new SelectionRule(4, 2, 8, 1, 2, 6);

    static List<GoldenVariant> scoreVariants() {
        return Golden.variants("block_scores");
    }

    static List<GoldenVariant> topKVariants() {
        return Golden.variants("topk");
    }

    @ParameterizedTest
    @MethodSource("scoreVariants")
    void everyStepEqualsGolden(GoldenVariant variant) {
        int numKvHeads = variant.integer("kv_heads");
        int headDim = variant.integer("dim");
        SelectionRule rule = rule(variant.parameters().required("sparse_config"));
        AttentionShape shape =
                new AttentionShape(variant.integer("heads"), numKvHeads, headDim, 1 / Math.sqrt(headDim));
        double[] keys = variant.doubles("k");
        double[] fine = KeyCompression.compress(keys, shape.kvWidth(), rule.kernelSize(), rule.kernelStride());
        double[] coarse =
                KeyCompression.compress(keys, shape.kvWidth(), rule.coarseKernelSize(), rule.coarseKernelStride());
        TensorAssert.assertClose(variant.label("k1"), variant.doubles("k1"), fine, Tolerance.REFERENCE_F64);
        TensorAssert.assertClose(variant.label("k2"), variant.doubles("k2"), coarse, Tolerance.REFERENCE_F64);

        int[] positions = variant.ints("positions");
        double[] q = variant.doubles("q");
        double[] expectedWindows = variant.doubles("window_scores");
        double[] expectedBlocks = variant.doubles("block_scores");
        double[] expectedRounded = variant.doubles("block_scores_bf16");
        int numFine = variant.shape("window_scores")[2];
        int numBlocks = variant.shape("block_scores")[2];
        assertEquals(rule.numBlocks(variant.integer("length")), numBlocks);
        for (int row = 0; row < positions.length; row++) {
            double[] token = slice(q, row, shape.queryWidth());
            double[] windows = BlockSelection.windowScores(token, positions[row], fine, coarse, shape, rule);
            for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
                int index = row * numKvHeads + kvHead;
                String label = " at position " + positions[row] + ", KV head " + kvHead;
                double[] ofKvHead = slice(windows, kvHead, numFine);
                TensorAssert.assertClose(
                        variant.label("window_scores") + label,
                        slice(expectedWindows, index, numFine),
                        ofKvHead,
                        Tolerance.REFERENCE_F64);
                double[] blocks = BlockSelection.blockScores(ofKvHead, numBlocks, rule);
                TensorAssert.assertClose(
                        variant.label("block_scores") + label,
                        slice(expectedBlocks, index, numBlocks),
                        blocks,
                        Tolerance.REFERENCE_F64);
                assertArrayEquals(
                        slice(expectedRounded, index, numBlocks),
                        Arrays.stream(blocks).map(BlockSelection::roundToBf16).toArray(),
                        variant.label("block_scores_bf16") + label);
                assertArrayEquals(
                        selected(variant, index),
                        BlockSelection.select(blocks, positions[row], rule),
                        variant.label("selected") + label);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("topKVariants")
    void selectionEqualsGolden(GoldenVariant variant) {
        SelectionRule rule = rule(variant.parameters().required("sparse_config"));
        assertEquals(variant.integer("effective_topk"), rule.effectiveTopK());
        int numKvHeads = variant.integer("kv_heads");
        int numBlocks = variant.integer("blocks");
        int[] positions = variant.ints("positions");
        double[] scores = variant.doubles("scores");
        for (int index = 0; index < positions.length * numKvHeads; index++) {
            int position = positions[index / numKvHeads];
            assertArrayEquals(
                    selected(variant, index),
                    BlockSelection.select(slice(scores, index, numBlocks), position, rule),
                    variant.label("selected") + " at position " + position + ", KV head " + index % numKvHeads);
        }
    }

    @Test
    void equalScoresPreferLowerBlocks() {
        assertArrayEquals(new int[] {0, 1, 2, 17, 18, 19}, BlockSelection.select(filled(20, 0.25), 19 * 8 + 3, RULE));
    }

    @Test
    void scoresThatDifferByLessThanABf16StepAreEqual() {
        double[] scores = filled(20, 0);
        scores[5] = 1;
        scores[9] = 1 + 0x1.0p-9;
        SelectionRule oneByScore = new SelectionRule(4, 2, 8, 1, 2, 5);
        assertArrayEquals(new int[] {0, 5, 17, 18, 19}, BlockSelection.select(scores, 19 * 8, oneByScore));
        scores[9] = 1 + 0x1.0p-7;
        assertArrayEquals(new int[] {0, 9, 17, 18, 19}, BlockSelection.select(scores, 19 * 8, oneByScore));
    }

    @Test
    void futureBlocksAreNeverTaken() {
        double[] scores = filled(20, 0);
        Arrays.fill(scores, 6, 20, 9);
        assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5}, BlockSelection.select(scores, 5 * 8 + 7, RULE));
        assertArrayEquals(new int[] {0}, BlockSelection.select(scores, 7, RULE));
    }

    @Test
    void forcedBlocksAreTakenWhateverTopKIs() {
        SelectionRule tooFew = new SelectionRule(4, 2, 8, 2, 1, 1);
        assertArrayEquals(new int[] {0, 1, 8, 9}, BlockSelection.select(filled(10, 1), 79, tooFew));
    }

    /** Rows before the end of the first coarse window score nothing. */
    @Test
    void withoutACoarseWindowAllScoresAreZero() {
        RandomTensors random = RandomTensors.create();
        AttentionShape shape = new AttentionShape(2, 1, 4, 0.5);
        double[] keys = random.normal(64 * 4);
        double[] fine = KeyCompression.compress(keys, 4, 4, 2);
        double[] coarse = KeyCompression.compress(keys, 4, 16, 8);
        double[] q = random.normal(8);
        assertArrayEquals(new double[fine.length / 4], BlockSelection.windowScores(q, 14, fine, coarse, shape, RULE));
        double first = BlockSelection.windowScores(q, 15, fine, coarse, shape, RULE)[0];
        assertEquals(true, first > 0, "position 15 ends the first coarse window");
    }

    /** A shift of all logits cancels: huge negative logits neither underflow nor become NaN. */
    @Test
    void scoresDoNotDependOnAShiftOfTheLogits() {
        AttentionShape shape = new AttentionShape(1, 1, 2, 1);
        double[] keys = new double[64 * 2];
        double[] shifted = new double[64 * 2];
        for (int t = 0; t < 64; t++) {
            keys[2 * t] = t % 5;
            shifted[2 * t] = t % 5;
            shifted[2 * t + 1] = -1e5;
        }
        double[] q = {1, 1};
        double[] expected = BlockSelection.windowScores(
                q, 63, KeyCompression.compress(keys, 2, 4, 2), KeyCompression.compress(keys, 2, 16, 8), shape, RULE);
        double[] actual = BlockSelection.windowScores(
                q,
                63,
                KeyCompression.compress(shifted, 2, 4, 2),
                KeyCompression.compress(shifted, 2, 16, 8),
                shape,
                RULE);
        TensorAssert.assertClose("scores under a shift", expected, actual, Tolerance.REFERENCE_F64);
    }

    @ParameterizedTest
    @CsvSource({
        "1.0, 1.0",
        "0x1.01p0, 0x1.0p0", // half way, down to even
        "0x1.03p0, 0x1.04p0", // half way, up to even
        "0x1.0100001p0, 0x1.02p0",
        "0x1.00ffffffffffp0, 0x1.0p0", // through float it would become the half-way case
        "-0x1.03p0, -0x1.04p0",
        "0x1.ffp127, Infinity",
        "0x1.8p-133, 0x1.0p-132",
        "0x1.0p-135, 0.0",
        "Infinity, Infinity"
    })
    void roundsOnceToNearestEven(double value, double expected) {
        assertEquals(expected, BlockSelection.roundToBf16(value));
    }

    @Test
    void wrongLengthsAreRefused() {
        AttentionShape shape = new AttentionShape(2, 1, 4, 0.5);
        assertEquals(
                "q: expected 8 values [numHeads, headDim], found 7",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> BlockSelection.windowScores(
                                        new double[7], 3, new double[4], new double[0], shape, RULE))
                        .getMessage());
        assertEquals(
                "fine windows at position 3: expected at least 1, found 0",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> BlockSelection.windowScores(
                                        new double[8], 3, new double[0], new double[0], shape, RULE))
                        .getMessage());
        assertEquals(
                "blocks at position 24: expected at least 4, found 3",
                assertThrows(IllegalArgumentException.class, () -> BlockSelection.select(filled(3, 0), 24, RULE))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> new SelectionRule(4, 3, 8, 1, 2, 6));
        assertThrows(IllegalArgumentException.class, () -> new AttentionShape(5, 2, 4, 1));
    }

    private static SelectionRule rule(JsonNode config) {
        int blockSize = config.required("block_size").intValue();
        int localBlocks = config.required("window_size").intValue() / blockSize;
        return new SelectionRule(
                config.required("kernel_size").intValue(),
                config.required("kernel_stride").intValue(),
                blockSize,
                config.required("init_blocks").intValue(),
                localBlocks,
                config.required("topk").intValue() + localBlocks);
    }

    /** Row {@code index} of the golden selection without its padding. */
    private static int[] selected(GoldenVariant variant, int index) {
        int width = variant.shape("selected")[2];
        return Arrays.stream(variant.ints("selected"), index * width, (index + 1) * width)
                .filter(block -> block >= 0)
                .toArray();
    }

    private static double[] slice(double[] values, int row, int width) {
        return Arrays.copyOfRange(values, row * width, (row + 1) * width);
    }

    private static double[] filled(int length, double value) {
        double[] values = new double[length];
        Arrays.fill(values, value);
        return values;
    }
}
