package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.kernels.reference.KeyCompression;
import sala.kernels.reference.SelectionRule;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.RandomTensors;

final class BlockSelectionTest {
    /** Relative change of scores that a choice must survive to be compared strictly. */
    private static final double MARGIN = 1e-4;

    static List<GoldenVariant> variants() {
        return Golden.variants("block_scores");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void choiceEqualsGolden(GoldenVariant variant) {
        SparseConfig sparse = TestConfigs.sparseConfig(variant.parameters().required("sparse_config"));
        ModelConfig config = TestConfigs.sparse(
                variant.integer("heads"), variant.integer("kv_heads"), variant.integer("dim"), sparse);
        float[] keys = TestConfigs.narrow(variant.doubles("k"));
        float[] q = TestConfigs.narrow(variant.doubles("q"));
        int[] positions = variant.ints("positions");
        int[] selected = variant.ints("selected");
        int[] robust = variant.ints("robust");
        int topK = sparse.effectiveTopK();
        int width = config.queryWidth();
        for (int row = 0; row < positions.length; row++) {
            int[][] lists = choose(
                    config,
                    TestConfigs.cache(config, keys, keys),
                    Arrays.copyOfRange(q, row * width, (row + 1) * width),
                    positions[row],
                    1,
                    2);
            for (int kvHead = 0; kvHead < config.numKvHeads(); kvHead++) {
                int list = row * config.numKvHeads() + kvHead;
                int[] expected = Arrays.stream(selected, list * topK, (list + 1) * topK)
                        .filter(block -> block >= 0)
                        .toArray();
                if (robust[list] > 0) {
                    assertArrayEquals(
                            expected, lists[kvHead], variant.label("selected") + " at position " + positions[row]);
                }
            }
        }
    }

    /** Group sizes 1, 3, 4, 16, head sizes 8 to 128, blocks of 8, 16 and 64 tokens, several initial blocks, overlap of windows. */
    @ParameterizedTest
    @CsvSource({
        // heads, KV heads, head size, kernel, stride, init, block, window, top-k, length
        "1, 1, 8, 4, 2, 1, 8, 16, 4, 1",
        "3, 1, 16, 4, 2, 1, 8, 16, 4, 63",
        "4, 1, 32, 4, 4, 2, 8, 0, 3, 64",
        "16, 1, 64, 8, 4, 1, 16, 32, 3, 65",
        "32, 2, 128, 32, 16, 1, 64, 128, 5, 1000",
        "6, 2, 8, 8, 2, 0, 8, 8, 6, 1000",
        "4, 4, 16, 16, 8, 3, 16, 48, 9, 1000",
        "2, 1, 8, 32, 2, 1, 8, 8, 2, 300",
        "3, 3, 8, 4, 2, 2, 8, 16, 1, 400"
    })
    void choiceEqualsReference(
            int numHeads,
            int numKvHeads,
            int headDim,
            int kernelSize,
            int kernelStride,
            int initBlocks,
            int blockSize,
            int windowSize,
            int topK,
            int length) {
        SparseConfig sparse =
                new SparseConfig(kernelSize, kernelStride, initBlocks, blockSize, windowSize, topK, 0, false);
        ModelConfig config = TestConfigs.sparse(numHeads, numKvHeads, headDim, sparse);
        RandomTensors random = RandomTensors.create();
        float[] keys = random.normalFloats(length * config.kvWidth());
        float[] q = random.normalFloats(length * config.queryWidth());
        int[][] prefill = choose(config, TestConfigs.cache(config, keys, keys), q, 0, length, 2);
        int compared = check(config, keys, q, prefill);
        assertTrue(
                compared >= 0.9 * length * numKvHeads,
                compared + " of " + length * numKvHeads + " choices are clear enough to be compared");
        assertArrayEquals(prefill, decode(config, keys, q, length), "prefill and decode");
    }

    /** A prompt's choices do not depend on how it is split, nor on the number of workers. */
    @ParameterizedTest
    @ValueSource(ints = {2, 7, 64, 299})
    void splitsAndWorkersDoNotChangeTheChoice(int step) {
        ModelConfig config = TestConfigs.sparse(6, 2, 16, TestConfigs.smallBlocks(4));
        int length = 300;
        RandomTensors random = RandomTensors.create();
        float[] keys = random.normalFloats(length * config.kvWidth());
        float[] q = random.normalFloats(length * config.queryWidth());
        CpuKvCache all = TestConfigs.cache(config, keys, keys);
        int[][] expected = choose(config, all, q, 0, length, 1);
        CpuKvCache cache = new CpuKvCache(config, 4096);
        List<int[]> pieces = new ArrayList<>();
        for (int start = 0; start < length; start += step) {
            int end = Math.min(length, start + step);
            float[] k = Arrays.copyOfRange(keys, start * config.kvWidth(), end * config.kvWidth());
            cache.append(k, k, end - start);
            float[] queries = Arrays.copyOfRange(q, start * config.queryWidth(), end * config.queryWidth());
            pieces.addAll(Arrays.asList(choose(config, cache, queries, start, end - start, 3)));
        }
        assertArrayEquals(expected, pieces.toArray(int[][]::new));
    }

    /** So many windows that decode cuts them into stretches. */
    @Test
    void decodeEqualsPrefillOnALongContext() {
        ModelConfig config = TestConfigs.sparse(6, 2, 8, TestConfigs.smallBlocks(20));
        int length = 7000;
        RandomTensors random = RandomTensors.create();
        float[] keys = random.normalFloats(length * config.kvWidth());
        float[] q = random.normalFloats(2 * config.queryWidth());
        CpuKvCache cache = TestConfigs.cache(config, keys, keys);
        int[][] prefill = choose(config, cache, q, length - 2, 2, 2);
        for (int token = 0; token < 2; token++) {
            float[] query = Arrays.copyOfRange(q, token * config.queryWidth(), (token + 1) * config.queryWidth());
            assertArrayEquals(
                    Arrays.copyOfRange(prefill, token * 2, token * 2 + 2),
                    choose(config, cache, query, length - 2 + token, 1, 3));
        }
    }

    /** Equal keys and zero queries score all windows alike: the lowest blocks win beside the forced ones. */
    @ParameterizedTest
    @CsvSource({"0, 1", "1, 0", "100, 1", "-100, 1", "1e4, 1e4"})
    void equalScoresPreferLowerBlocks(float key, float query) {
        ModelConfig config = TestConfigs.sparse(16, 1, 8, TestConfigs.smallBlocks(4));
        int length = 200;
        float[] keys = new float[length * 8];
        float[] q = new float[length * 128];
        Arrays.fill(keys, key);
        Arrays.fill(q, query);
        int[][] lists = choose(config, TestConfigs.cache(config, keys, keys), q, 0, length, 2);
        for (int position = 0; position < length; position++) {
            int current = position / 8;
            int[] expected = IntStream.rangeClosed(0, current)
                    .filter(block -> block < 3 || block >= current - 2)
                    .toArray();
            assertArrayEquals(expected, lists[position], "position " + position);
        }
    }

    /** Logits far beyond what exp can take: the strongest block is found, and nothing is NaN. */
    @ParameterizedTest
    @ValueSource(floats = {300, 1e5f, 1e15f})
    void extremeScoresFindTheStrongestBlock(float strength) {
        ModelConfig config = TestConfigs.sparse(3, 1, 8, TestConfigs.smallBlocks(3));
        int length = 300;
        float[] keys = new float[length * 8];
        Arrays.fill(keys, 20 * 8 * 8, 21 * 8 * 8, strength);
        float[] q = new float[24];
        Arrays.fill(q, 1);
        CpuKvCache cache = TestConfigs.cache(config, keys, keys);
        int[] list = choose(config, cache, q, length - 1, 1, 2)[0];
        assertArrayEquals(new int[] {0, 20, 35, 36, 37}, list);
    }

    /** Before the end of the first coarse window nothing is scored: lower blocks fill the top-k. */
    @Test
    void withoutACoarseWindowLowerBlocksWin() {
        SparseConfig sparse = new SparseConfig(32, 16, 1, 16, 16, 2, 0, false);
        ModelConfig config = TestConfigs.sparse(2, 1, 8, sparse);
        RandomTensors random = RandomTensors.create();
        float[] keys = random.normalFloats(127 * 8);
        float[] q = random.normalFloats(127 * 16);
        int[][] lists = choose(config, TestConfigs.cache(config, keys, keys), q, 0, 127, 2);
        assertArrayEquals(new int[] {0, 6, 7}, lists[126]);
        SparseConfig oneMore = new SparseConfig(32, 16, 1, 16, 16, 4, 0, false);
        ModelConfig wider = TestConfigs.sparse(2, 1, 8, oneMore);
        lists = choose(wider, TestConfigs.cache(wider, keys, keys), q, 0, 127, 2);
        assertArrayEquals(new int[] {0, 1, 2, 6, 7}, lists[126]);
    }

    /** Compares the lists that small changes of the scores leave as they are; returns how many. */
    private static int check(ModelConfig config, float[] keys, float[] q, int[][] lists) {
        SelectionRule rule = TestConfigs.rule(config.sparse());
        double[] wide = TestConfigs.widen(keys);
        double[] fine = KeyCompression.compress(wide, config.kvWidth(), rule.kernelSize(), rule.kernelStride());
        double[] coarse =
                KeyCompression.compress(wide, config.kvWidth(), rule.coarseKernelSize(), rule.coarseKernelStride());
        int length = keys.length / config.kvWidth();
        int compared = 0;
        for (int position = 0; position < length; position++) {
            double[] token = TestConfigs.widen(
                    Arrays.copyOfRange(q, position * config.queryWidth(), (position + 1) * config.queryWidth()));
            double[] windows = sala.kernels.reference.BlockSelection.windowScores(
                    token, position, fine, coarse, TestConfigs.shape(config), rule);
            int numFine = windows.length / config.numKvHeads();
            for (int kvHead = 0; kvHead < config.numKvHeads(); kvHead++) {
                double[] blocks = sala.kernels.reference.BlockSelection.blockScores(
                        Arrays.copyOfRange(windows, kvHead * numFine, (kvHead + 1) * numFine),
                        rule.numBlocks(length),
                        rule);
                int[] expected = sala.kernels.reference.BlockSelection.select(blocks, position, rule);
                for (int block = 0; block < blocks.length; block++) {
                    boolean chosen = Arrays.binarySearch(expected, block) >= 0;
                    blocks[block] *= chosen ? 1 - MARGIN : 1 + MARGIN;
                }
                if (Arrays.equals(expected, sala.kernels.reference.BlockSelection.select(blocks, position, rule))) {
                    compared++;
                    assertArrayEquals(
                            expected,
                            lists[position * config.numKvHeads() + kvHead],
                            "position " + position + ", KV head " + kvHead);
                }
            }
        }
        return compared;
    }

    /** The choices of every position, token by token on a growing cache. */
    private static int[][] decode(ModelConfig config, float[] keys, float[] q, int length) {
        CpuKvCache cache = new CpuKvCache(config, 4096);
        List<int[]> lists = new ArrayList<>();
        int maxBlocks = BlockSelection.maxBlocks(config.sparse());
        try (WorkerTeam team = new WorkerTeam(2)) {
            BlockSelection selection = new BlockSelection(config, team, ColdStart.none());
            int[] blocks = new int[config.numKvHeads() * maxBlocks];
            int[] counts = new int[config.numKvHeads()];
            for (int position = 0; position < length; position++) {
                float[] k = Arrays.copyOfRange(keys, position * config.kvWidth(), (position + 1) * config.kvWidth());
                cache.append(k, k, 1);
                float[] token =
                        Arrays.copyOfRange(q, position * config.queryWidth(), (position + 1) * config.queryWidth());
                selection.run(cache, token, position, 1, blocks, counts);
                for (int kvHead = 0; kvHead < counts.length; kvHead++) {
                    lists.add(Arrays.copyOfRange(blocks, kvHead * maxBlocks, kvHead * maxBlocks + counts[kvHead]));
                }
            }
        }
        return lists.toArray(int[][]::new);
    }

    /** {@code [count * numKvHeads]} lists of one call. */
    private static int[][] choose(
            ModelConfig config, CpuKvCache cache, float[] q, int position, int count, int workers) {
        try (WorkerTeam team = new WorkerTeam(workers)) {
            BlockSelection selection = new BlockSelection(config, team, ColdStart.none());
            int maxBlocks = selection.maxBlocks();
            int[] blocks = new int[count * config.numKvHeads() * maxBlocks];
            int[] counts = new int[count * config.numKvHeads()];
            Arrays.fill(blocks, Integer.MIN_VALUE);
            selection.run(cache, q, position, count, blocks, counts);
            return IntStream.range(0, counts.length)
                    .mapToObj(list -> Arrays.copyOfRange(blocks, list * maxBlocks, list * maxBlocks + counts[list]))
                    .toArray(int[][]::new);
        }
    }
}
