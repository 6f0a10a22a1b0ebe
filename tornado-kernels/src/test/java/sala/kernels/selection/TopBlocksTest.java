package sala.kernels.selection;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import sala.kernels.Step;
import sala.kernels.reference.BlockSelection;
import sala.kernels.reference.SelectionRule;
import sala.kernels.testing.KernelRun;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.RandomTensors;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** {@link TopBlocks} and {@link BlockRank}. */
class TopBlocksTest {
    static List<GoldenVariant> variants() {
        return Golden.variants("topk");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void equalsGolden(GoldenVariant variant) {
        SelectionRule rule = SelectionKernelTest.rule(variant.parameters().required("sparse_config"));
        int numKvHeads = variant.integer("kv_heads");
        int numBlocks = variant.integer("blocks");
        int[] positions = variant.ints("positions");
        int[] selected = variant.ints("selected");
        int listLength = selected.length / positions.length / numKvHeads;
        double[] scores = variant.doubles("scores");
        for (int row = 0; row < positions.length; row++) {
            int from = row * numKvHeads * numBlocks;
            double[] ofRow = Arrays.copyOfRange(scores, from, from + numKvHeads * numBlocks);
            int[] lists = select(ofRow, positions[row], numKvHeads, rule);
            for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
                int list = (row * numKvHeads + kvHead) * listLength;
                int[] expected = Arrays.stream(selected, list, list + listLength)
                        .filter(block -> block >= 0)
                        .toArray();
                assertArrayEquals(
                        expected,
                        list(lists, rule, kvHead),
                        variant.label("selected") + " at position " + positions[row] + ", KV head " + kvHead);
            }
        }
    }

    /** As many blocks as a context of 1M tokens has; few different scores, so that ties decide. */
    @ParameterizedTest
    @CsvSource({"1,96,3", "95,96,1000", "96,96,2", "97,96,2", "4096,96,40", "16384,96,1000000", "16384,96,1", "300,1,5"
    })
    void equalsReference(int numBlocks, int effectiveTopK, int differentScores) {
        Random random = new Random(RandomTensors.DEFAULT_SEED);
        SelectionRule rule = new SelectionRule(32, 16, 64, 1, 32, effectiveTopK);
        double[] scores = new double[2 * numBlocks];
        Arrays.setAll(scores, i -> (float) (random.nextInt(differentScores) / 7.0));
        int position = numBlocks * 64 - 1;
        int[] lists = select(scores, position, 2, rule);
        for (int kvHead = 0; kvHead < 2; kvHead++) {
            double[] ofKvHead = Arrays.copyOfRange(scores, kvHead * numBlocks, (kvHead + 1) * numBlocks);
            assertArrayEquals(BlockSelection.select(ofKvHead, position, rule), list(lists, rule, kvHead));
        }
    }

    /** All 24-bit significands around every border of bf16, at every exponent, against the reference's rounding. */
    @Test
    void ranksAreTheBitsOfTheNearestBf16() {
        for (int exponent = 1; exponent < 255; exponent++) {
            for (int kept = 0; kept < 128; kept++) {
                for (int dropped : new int[] {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff}) {
                    float value = Float.intBitsToFloat(exponent << 23 | kept << 16 | dropped);
                    assertEquals(bits(value), BlockRank.bf16Bits(value), "bits of " + value);
                }
            }
        }
        for (int significand = 0; significand < 1 << 23; significand++) {
            float value = Float.intBitsToFloat(120 << 23 | significand);
            assertEquals(bits(value), BlockRank.bf16Bits(value));
        }
        assertEquals(0, BlockRank.bf16Bits(0f));
        assertEquals(0, BlockRank.bf16Bits(Float.MIN_VALUE));
    }

    /** The same on the device, whose compiler may reorder float arithmetic. */
    @Test
    void devicesRoundAlike() {
        float[] values = new float[254 * 128];
        int[] droppedBits = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0x1234, 0xfedc};
        for (int i = 0; i < values.length; i++) {
            int dropped = droppedBits[(i + i / 128) % droppedBits.length];
            values[i] = Float.intBitsToFloat((i / 128 + 1) << 23 | i % 128 << 16 | dropped);
        }
        try (KernelRun run = new KernelRun("round")) {
            FloatArray input = run.input(values);
            IntArray output = run.outputInts(values.length);
            run.graph()
                    .taskGraph()
                    .task("round", TopBlocksTest::roundToBf16, run.graph().context(), input, output);
            WorkerGrid1D grid = new WorkerGrid1D(values.length);
            grid.setLocalWork(64, 1, 1);
            run.graph().grid("round", grid);
            run.execute();
            for (int i = 0; i < values.length; i++) {
                assertEquals(bits(values[i]), output.get(i), "bits of " + values[i]);
            }
        }
    }

    /** A kernel of this test. */
    public static void roundToBf16(KernelContext context, FloatArray values, IntArray bits) {
        int index = context.globalIdx;
        bits.set(index, BlockRank.bf16Bits(values.get(index)));
    }

    private static int bits(float value) {
        return Float.floatToRawIntBits((float) BlockSelection.roundToBf16(value)) >>> 16;
    }

    private static int[] select(double[] scores, int position, int numKvHeads, SelectionRule rule) {
        int numBlocks = scores.length / numKvHeads;
        int maxBlocks = numBlocks + 3;
        int currentBlock = position / rule.blockSize();
        int[] ranks = new int[numKvHeads * maxBlocks];
        Arrays.fill(ranks, KernelRun.INT_POISON);
        for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
            for (int block = 0; block <= currentBlock; block++) {
                float score = (float) Math.max(0, scores[kvHead * numBlocks + block]);
                ranks[kvHead * maxBlocks + block] =
                        BlockRank.of(score, block, currentBlock, rule.initBlocks(), rule.localBlocks());
            }
        }
        try (KernelRun run = new KernelRun("top")) {
            IntArray step = run.input(Step.create());
            Step.set(step, position, 1);
            IntArray input = run.input(ranks);
            IntArray selected = run.outputInts(numKvHeads * BlockRank.maxSelected(rule));
            TopBlocks.addTo(run.graph(), "top", input, selected, step, numKvHeads, maxBlocks, rule);
            run.execute();
            return selected.toHeapArray();
        }
    }

    /** A list without its padding, which must be all that follows. */
    private static int[] list(int[] lists, SelectionRule rule, int kvHead) {
        int length = BlockRank.maxSelected(rule);
        int[] padded = Arrays.copyOfRange(lists, kvHead * length, (kvHead + 1) * length);
        int[] list = Arrays.stream(padded).takeWhile(block -> block != -1).toArray();
        for (int i = list.length; i < length; i++) {
            assertEquals(-1, padded[i], "padding");
        }
        return list;
    }
}
