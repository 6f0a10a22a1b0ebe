package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.GuardedArray;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

/** {@link DenseAttention} and {@link SparseAttention}, which must agree where all blocks are selected. */
final class AttentionTest {
    /** Tokens, cached all at once; queries of the last {@code count} positions. */
    private record Inputs(ModelConfig config, float[] keys, float[] values, float[] q) {
        static Inputs random(ModelConfig config, int length) {
            RandomTensors random = RandomTensors.create();
            return new Inputs(
                    config,
                    random.normalFloats(length * config.kvWidth()),
                    random.normalFloats(length * config.kvWidth()),
                    random.normalFloats(length * config.queryWidth()));
        }

        int length() {
            return keys.length / config.kvWidth();
        }

        CpuKvCache cache() {
            return TestConfigs.cache(config, keys, values);
        }

        float[] query(int from, int to) {
            return Arrays.copyOfRange(q, from * config.queryWidth(), to * config.queryWidth());
        }

        /** Dense outputs of positions {@code from ..}, in calls of {@code step} tokens. */
        float[] dense(int from, int step, int workers) {
            CpuKvCache cache = cache();
            float[] out = new float[(length() - from) * config.queryWidth()];
            try (WorkerTeam team = new WorkerTeam(workers)) {
                DenseAttention attention = new DenseAttention(config, team, ColdStart.none());
                for (int start = from; start < length(); start += step) {
                    int end = Math.min(length(), start + step);
                    GuardedArray.Floats piece = GuardedArray.floats((end - start) * config.queryWidth());
                    attention.run(cache, query(start, end), start, end - start, piece.values());
                    piece.assertWritten("out");
                    System.arraycopy(piece.values(), 0, out, (start - from) * config.queryWidth(), piece.length());
                }
            }
            return out;
        }

        /** The same over blocks; {@code lists[position * numKvHeads + kvHead]}. */
        float[] sparse(int[][] lists, int from, int step, int workers) {
            CpuKvCache cache = cache();
            int maxBlocks = BlockSelection.maxBlocks(config.sparse());
            int numKvHeads = config.numKvHeads();
            float[] out = new float[(length() - from) * config.queryWidth()];
            try (WorkerTeam team = new WorkerTeam(workers)) {
                SparseAttention attention = new SparseAttention(config, team, ColdStart.none());
                for (int start = from; start < length(); start += step) {
                    int end = Math.min(length(), start + step);
                    int[] blocks = new int[(end - start) * numKvHeads * maxBlocks];
                    Arrays.fill(blocks, Integer.MIN_VALUE);
                    int[] counts = new int[(end - start) * numKvHeads];
                    for (int i = 0; i < counts.length; i++) {
                        int[] list = lists[start * numKvHeads + i];
                        counts[i] = list.length;
                        System.arraycopy(list, 0, blocks, i * maxBlocks, list.length);
                    }
                    GuardedArray.Floats piece = GuardedArray.floats((end - start) * config.queryWidth());
                    attention.run(cache, query(start, end), start, end - start, blocks, counts, piece.values());
                    piece.assertWritten("out");
                    System.arraycopy(piece.values(), 0, out, (start - from) * config.queryWidth(), piece.length());
                }
            }
            return out;
        }

        double[] denseReference(int position) {
            return sala.kernels.reference.DenseAttention.attend(
                    TestConfigs.widen(query(position, position + 1)),
                    position,
                    TestConfigs.widen(keys),
                    TestConfigs.widen(values),
                    TestConfigs.shape(config));
        }

        double[] sparseReference(int position, int[][] lists) {
            int numKvHeads = config.numKvHeads();
            return sala.kernels.reference.SparseAttention.attend(
                    TestConfigs.widen(query(position, position + 1)),
                    position,
                    TestConfigs.widen(keys),
                    TestConfigs.widen(values),
                    Arrays.copyOfRange(lists, position * numKvHeads, (position + 1) * numKvHeads),
                    config.sparse().blockSize(),
                    TestConfigs.shape(config));
        }

        /** Lists of all visible blocks, or of a random part that holds the current one. */
        int[][] lists(boolean all) {
            int numKvHeads = config.numKvHeads();
            int maxBlocks = BlockSelection.maxBlocks(config.sparse());
            int[] draws = RandomTensors.create().ints(length() * numKvHeads * maxBlocks, 1 << 20);
            return IntStream.range(0, length() * numKvHeads)
                    .mapToObj(list -> {
                        int current = list / numKvHeads / config.sparse().blockSize();
                        if (all) {
                            return IntStream.rangeClosed(0, current).toArray();
                        }
                        IntStream random = IntStream.range(0, 1 + draws[list * maxBlocks] % (maxBlocks - 1))
                                .map(i -> draws[list * maxBlocks + i] % (current + 1));
                        return IntStream.concat(random, IntStream.of(current))
                                .distinct()
                                .sorted()
                                .toArray();
                    })
                    .toArray(int[][]::new);
        }
    }

    static List<GoldenVariant> variants() {
        return Golden.variants("sparse_attention");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void bothEqualGolden(GoldenVariant variant) {
        int topK = variant.shape("selected")[2];
        SparseConfig sparse = new SparseConfig(4, 2, 1, variant.integer("block_size"), 0, topK, 0, false);
        ModelConfig config = TestConfigs.sparse(
                variant.integer("heads"), variant.integer("kv_heads"), variant.integer("dim"), sparse);
        CpuKvCache cache = TestConfigs.cache(
                config, TestConfigs.narrow(variant.doubles("k")), TestConfigs.narrow(variant.doubles("v")));
        int[] positions = variant.ints("positions");
        int[] selected = variant.ints("selected");
        float[] q = TestConfigs.narrow(variant.doubles("q"));
        int width = config.queryWidth();
        int maxBlocks = BlockSelection.maxBlocks(sparse);
        float[] dense = new float[positions.length * width];
        float[] out = new float[positions.length * width];
        try (WorkerTeam team = new WorkerTeam(2)) {
            DenseAttention denseAttention = new DenseAttention(config, team, ColdStart.none());
            SparseAttention sparseAttention = new SparseAttention(config, team, ColdStart.none());
            for (int row = 0; row < positions.length; row++) {
                float[] token = Arrays.copyOfRange(q, row * width, (row + 1) * width);
                float[] result = new float[width];
                denseAttention.run(cache, token, positions[row], 1, result);
                System.arraycopy(result, 0, dense, row * width, width);
                int[] blocks = new int[config.numKvHeads() * maxBlocks];
                int[] counts = new int[config.numKvHeads()];
                for (int kvHead = 0; kvHead < counts.length; kvHead++) {
                    int start = (row * counts.length + kvHead) * topK;
                    int[] list = Arrays.stream(selected, start, start + topK)
                            .filter(block -> block >= 0)
                            .toArray();
                    counts[kvHead] = list.length;
                    System.arraycopy(list, 0, blocks, kvHead * maxBlocks, list.length);
                }
                sparseAttention.run(cache, token, positions[row], 1, blocks, counts, result);
                System.arraycopy(result, 0, out, row * width, width);
            }
        }
        TensorAssert.assertClose(
                variant.label("out_dense"), variant.doubles("out_dense"), dense, Tolerance.CPU_F32_ATTENTION);
        TensorAssert.assertClose(variant.label("out"), variant.doubles("out"), out, Tolerance.CPU_F32_ATTENTION);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 8, 1",
        "3, 1, 16, 63",
        "4, 2, 32, 64",
        "16, 1, 64, 65",
        "32, 2, 128, 100",
        "8, 2, 12, 1000",
        "2, 2, 128, 1000",
        "80, 1, 8, 70"
    })
    void denseEqualsReference(int numHeads, int numKvHeads, int headDim, int length) {
        Inputs inputs =
                Inputs.random(TestConfigs.sparse(numHeads, numKvHeads, headDim, TestConfigs.smallBlocks(4)), length);
        float[] prefill = inputs.dense(0, length, 2);
        for (int position : positions(length)) {
            double[] expected = inputs.denseReference(position);
            String name = "position " + position;
            TensorAssert.assertClose(name, expected, row(inputs, prefill, position), Tolerance.CPU_F32_ATTENTION);
            Inputs prefix = prefix(inputs, position + 1);
            float[] decode = prefix.dense(position, 1, 2);
            TensorAssert.assertClose(name + " decode", expected, decode, Tolerance.CPU_F32_ATTENTION);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 8, 8, 1",
        "3, 1, 16, 8, 63",
        "4, 2, 32, 16, 64",
        "16, 1, 64, 64, 65",
        "32, 2, 128, 64, 1000",
        "8, 2, 12, 16, 1000",
        "3, 3, 8, 64, 1000",
        "16, 1, 16, 8, 1000",
        "2, 1, 16, 100, 1000"
    })
    void sparseEqualsReference(int numHeads, int numKvHeads, int headDim, int blockSize, int length) {
        SparseConfig sparse = new SparseConfig(4, 2, 1, blockSize, blockSize, 12, 0, false);
        Inputs inputs = Inputs.random(TestConfigs.sparse(numHeads, numKvHeads, headDim, sparse), length);
        int[][] lists = inputs.lists(false);
        float[] prefill = inputs.sparse(lists, 0, length, 2);
        for (int position : positions(length)) {
            double[] expected = inputs.sparseReference(position, lists);
            String name = "position " + position;
            TensorAssert.assertClose(name, expected, row(inputs, prefill, position), Tolerance.CPU_F32_ATTENTION);
            float[] decode = prefix(inputs, position + 1).sparse(lists, position, 1, 2);
            TensorAssert.assertClose(name + " decode", expected, decode, Tolerance.CPU_F32_ATTENTION);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 64, 700})
    void allBlocksEqualDense(int step) {
        SparseConfig sparse = new SparseConfig(4, 2, 1, 8, 0, 100, 0, false);
        Inputs inputs = Inputs.random(TestConfigs.sparse(6, 2, 16, sparse), 700);
        TensorAssert.assertClose(
                "out",
                inputs.dense(0, step, 2),
                inputs.sparse(inputs.lists(true), 0, step, 2),
                Tolerance.CPU_F32_ATTENTION);
    }

    /** Neighbours in a call share work, not results: however a prompt is split, each token's output is the same. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 7, 63, 64})
    void splitsOfAPromptDoNotChangeABit(int step) {
        Inputs inputs = Inputs.random(TestConfigs.sparse(6, 2, 16, TestConfigs.smallBlocks(9)), 400);
        int[][] lists = inputs.lists(false);
        assertArrayEquals(inputs.sparse(lists, 0, 400, 2), inputs.sparse(lists, 0, step, 2));
        assertArrayEquals(inputs.dense(0, 400, 2), inputs.dense(0, step, 2));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1200})
    void workersDoNotChangeABit(int step) {
        SparseConfig sparse = new SparseConfig(4, 2, 1, 8, 16, 120, 0, false);
        Inputs inputs = Inputs.random(TestConfigs.sparse(6, 2, 16, sparse), 1200);
        int[][] lists = inputs.lists(false);
        int from = step == 1 ? 1150 : 0;
        float[] dense = inputs.dense(from, step, 1);
        float[] out = inputs.sparse(lists, from, step, 1);
        for (int workers = 2; workers <= 3; workers++) {
            assertArrayEquals(dense, inputs.dense(from, step, workers));
            assertArrayEquals(out, inputs.sparse(lists, from, step, workers));
        }
    }

    /** A context so long that decode cuts it into the most stretches, each of more than one minimum. */
    @Test
    void decodeEqualsPrefillOnALongContext() {
        SparseConfig sparse = new SparseConfig(4, 2, 1, 64, 0, 700, 0, false);
        int length = 40_000;
        Inputs inputs = Inputs.random(TestConfigs.sparse(3, 1, 8, sparse), length);
        // The mean of so many values around 0 would be all cancellation: around 1 the error shows as what it is.
        for (int i = 0; i < inputs.values.length; i++) {
            inputs.values[i] += 1;
        }
        float[] prefill = inputs.dense(length - 2, 2, 2);
        TensorAssert.assertClose("dense", prefill, inputs.dense(length - 2, 1, 2), Tolerance.CPU_F32_ATTENTION);
        int[][] lists = inputs.lists(true);
        TensorAssert.assertClose(
                "sparse", prefill, inputs.sparse(lists, length - 2, 1, 2), Tolerance.CPU_F32_ATTENTION);
    }

    /** Scores of thousands, whose exponentials overflow, of either sign and in either order, and equal ones. */
    @ParameterizedTest
    @ValueSource(floats = {3000, -3000, 1e30f, -1e30f, 0})
    void extremeScoresStayFinite(float factor) {
        ModelConfig config = TestConfigs.sparse(3, 1, 8, TestConfigs.smallBlocks(60));
        Inputs inputs = Inputs.random(config, 200);
        for (int token = 0; token < 200; token++) {
            Arrays.fill(inputs.keys, token * 8, token * 8 + 8, factor * (token % 50) / 50);
        }
        Arrays.fill(inputs.q, 1);
        float[] dense = inputs.dense(0, 200, 2);
        float[] out = inputs.sparse(inputs.lists(true), 0, 1, 2);
        for (int position : positions(200)) {
            double[] expected = inputs.denseReference(position);
            TensorAssert.assertClose("dense", expected, row(inputs, dense, position), Tolerance.CPU_F32_ATTENTION);
            TensorAssert.assertClose("sparse", expected, row(inputs, out, position), Tolerance.CPU_F32_ATTENTION);
        }
    }

    /** Tokens behind the query's own, and what a cleared cache held, must not show. */
    @Test
    void hiddenTokensDoNotShow() {
        ModelConfig config = TestConfigs.sparse(3, 1, 8, TestConfigs.smallBlocks(60));
        Inputs inputs = Inputs.random(config, 130);
        CpuKvCache cache = new CpuKvCache(config, 4096);
        float[] poison = new float[300 * 8];
        Arrays.fill(poison, Float.NaN);
        cache.append(poison, poison, 300);
        cache.clear();
        cache.append(inputs.keys, inputs.values, 130);
        float[] out = new float[130 * 24];
        try (WorkerTeam team = new WorkerTeam(2)) {
            new DenseAttention(config, team, ColdStart.none()).run(cache, inputs.q, 0, 130, out);
            assertArrayEquals(inputs.dense(0, 130, 2), out);
            float[] last = new float[24];
            new DenseAttention(config, team, ColdStart.none()).run(cache, inputs.query(129, 130), 129, 1, last);
            assertArrayEquals(inputs.dense(129, 1, 2), last);
        }
    }

    private static int[] positions(int length) {
        return IntStream.of(0, 1, 7, 8, 15, 16, 62, 63, 64, 65, 127, 128, 511, 512, 777, length - 2, length - 1)
                .filter(position -> position >= 0 && position < length)
                .distinct()
                .toArray();
    }

    private static float[] row(Inputs inputs, float[] out, int position) {
        int width = inputs.config().queryWidth();
        return Arrays.copyOfRange(out, position * width, (position + 1) * width);
    }

    private static Inputs prefix(Inputs inputs, int length) {
        return new Inputs(
                inputs.config(),
                Arrays.copyOf(inputs.keys(), length * inputs.config().kvWidth()),
                Arrays.copyOf(inputs.values(), length * inputs.config().kvWidth()),
                inputs.q());
    }
}
