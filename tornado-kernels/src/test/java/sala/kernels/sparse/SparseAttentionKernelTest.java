package sala.kernels.sparse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static sala.kernels.testing.RefusalAssert.assertRefused;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.attention.AttentionCase;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelAssert;
import sala.kernels.testing.KernelRun;
import sala.kernels.testing.TestDevice;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.RandomTensors;
import sala.testing.Tolerance;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** {@link SparseAttentionF32} and {@link TensorSparseAttention}. */
class SparseAttentionKernelTest {
    static List<GoldenVariant> variants() {
        return Golden.variants("sparse_attention");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void equalsGolden(GoldenVariant variant) {
        AttentionShape shape = new AttentionShape(
                variant.integer("heads"), variant.integer("kv_heads"), variant.integer("dim"), variant.number("scale"));
        int[] positions = variant.ints("positions");
        int[] selected = variant.ints("selected");
        int listLength = selected.length / positions.length;
        double[] q = variant.doubles("q");
        for (int numSplits : new int[] {1, 3}) {
            float[] actual = new float[q.length];
            for (int row = 0; row < positions.length; row++) {
                int from = row * shape.queryWidth();
                AttentionCase token = new AttentionCase(
                        shape,
                        StorageType.F32,
                        positions[row],
                        Arrays.copyOfRange(q, from, from + shape.queryWidth()),
                        Arrays.copyOf(variant.doubles("k"), (positions[row] + 1) * shape.kvWidth()),
                        Arrays.copyOf(variant.doubles("v"), (positions[row] + 1) * shape.kvWidth()));
                int[] blocks = Arrays.copyOfRange(selected, row * listLength, (row + 1) * listLength);
                float[] out = token.sparse(blocks, variant.integer("block_size"), numSplits);
                System.arraycopy(out, 0, actual, from, out.length);
            }
            KernelAssert.assertClose(
                    "sparse-attention", "f32", variant.doubles("out"), actual, Tolerance.KERNEL_ATTENTION);
        }
    }

    /** Blocks smaller than, equal to and larger than a tile of keys; the current block in part; padded lists. */
    @ParameterizedTest
    @CsvSource({
        "16,2,128,64,500,2,5,1",
        "16,2,128,64,511,1,6,4",
        "4,1,64,8,100,3,9,1",
        "4,1,64,8,100,1,9,2",
        "3,2,32,16,47,3,12,1",
        "1,2,32,128,300,2,3,1",
        "1,1,32,128,300,1,4,3",
        "20,1,16,8,64,2,5,1",
        "16,1,32,64,0,1,4,1",
        "16,1,32,64,0,1,4,4"
    })
    void equalsReference(
            int groupSize,
            int numKvHeads,
            int headDim,
            int blockSize,
            int cacheLength,
            int numTokens,
            int maxSelected,
            int numSplits) {
        for (StorageType type : TestDevice.cacheStorageTypes()) {
            AttentionCase attention = AttentionCase.random(
                    AttentionCase.shape(groupSize, numKvHeads, headDim), type, cacheLength, numTokens);
            int[] selected = randomBlocks(attention, blockSize, maxSelected);
            KernelAssert.assertClose(
                    numSplits == 1 ? "sparse-attention" : "sparse-attention-decode",
                    attention.dtype(),
                    attention.expectedSparse(selected, blockSize),
                    attention.sparse(selected, blockSize, numSplits),
                    Tolerance.KERNEL_ATTENTION);
        }
    }

    /** A list of all blocks is dense attention. */
    @ParameterizedTest
    @CsvSource({"1,8", "63,8", "64,8", "65,16", "100,8", "1000,64"})
    void equalsDenseWhenAllBlocksAreSelected(int length, int blockSize) {
        AttentionCase attention = AttentionCase.random(AttentionCase.shape(4, 2, 16), StorageType.F32, length - 1, 1);
        int numBlocks = (length + blockSize - 1) / blockSize;
        int[] all = IntStream.range(0, 2 * numBlocks).map(i -> i % numBlocks).toArray();
        for (int numSplits : new int[] {1, 4}) {
            KernelAssert.assertClose(
                    "sparse-attention",
                    "f32",
                    attention.expectedDense(),
                    attention.sparse(all, blockSize, numSplits),
                    Tolerance.KERNEL_ATTENTION);
        }
    }

    /** Blocks spread over a long context. */
    @Test
    void blocksOfALongContext() {
        AttentionCase attention = AttentionCase.random(AttentionCase.shape(4, 2, 4), StorageType.F32, 39_990, 3);
        int[] selected = randomBlocks(attention, 64, 20);
        for (int numSplits : new int[] {1, 20}) {
            KernelAssert.assertClose(
                    "sparse-attention",
                    "f32",
                    attention.expectedSparse(selected, 64),
                    attention.sparse(selected, 64, numSplits),
                    Tolerance.KERNEL_ATTENTION);
        }
    }

    /** Positions that a float could not tell apart: of two keys, only the one at the token's own position is seen. */
    @Test
    void positionsPastTheIntegersOfAFloat() {
        int position = (1 << 24) + 1;
        CacheLayout layout = new CacheLayout(1, 1, position + 7);
        AttentionShape shape = new AttentionShape(1, 1, 1, 1);
        try (KernelRun run = new KernelRun("sparse")) {
            FloatArray q = run.input(0f);
            IntArray step = run.input(Step.create());
            Step.set(step, position, 1);
            IntArray selected = run.input(0, position / 8, -1);
            FloatArray keys = run.input(new FloatArray(layout.length()));
            FloatArray values = run.input(new FloatArray(layout.length()));
            for (int key = position; key < layout.capacity(); key++) {
                keys.set(key, Float.NaN);
                values.set(key, Float.NaN);
            }
            keys.set(position, 0f);
            values.set(position, 10f);
            values.set(position - 1, 20f);
            values.set(position - 2, 7000f); // of the block before
            FloatArray out = run.output(1);
            SparseAttentionF32.addTo(
                    run.graph(), "sparse", q, keys, values, selected, out, step, shape, layout, 8, 3, 1);
            run.execute();
            assertEquals(3f, out.get(0), 1e-5f, "the mean of 8 zeros, 20 and 10");
        }
    }

    /**
     * One segment of keys and several; a tile, a part of one and many; padded lists; more work groups than items and
     * fewer; heads for one fragment, a part of one and two.
     */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("tensorCases")
    void tensorCoresEqualReference(
            int groupSize,
            int numKvHeads,
            int headDim,
            int blockSize,
            int cacheLength,
            int numTokens,
            int maxSelected,
            int numWorkGroups) {
        AttentionCase attention = AttentionCase.random(
                AttentionCase.shape(groupSize, numKvHeads, headDim), StorageType.F16, cacheLength, numTokens);
        int[] selected = randomBlocks(attention, blockSize, maxSelected);
        KernelAssert.assertClose(
                "tensor-sparse-attention",
                attention.dtype(),
                attention.expectedSparse(selected, blockSize),
                attention.sparseOnTensorCores(selected, blockSize, numWorkGroups),
                Tolerance.KERNEL_TENSOR_ATTENTION);
    }

    /** Storage types of caches that asynchronous tensor cores read. */
    static List<StorageType> tensorCaches() {
        return TestDevice.hasBf16TensorCores() ? List.of(StorageType.F16) : List.of();
    }

    static List<Arguments> tensorCases() {
        return tensorCaches().isEmpty()
                ? List.of()
                : List.of(
                        Arguments.of(16, 2, 128, 64, 500, 2, 5, 3),
                        Arguments.of(16, 2, 128, 64, 700, 1, 11, 8),
                        Arguments.of(4, 1, 64, 8, 100, 3, 9, 2),
                        Arguments.of(3, 2, 32, 16, 47, 3, 12, 1),
                        Arguments.of(1, 1, 32, 128, 800, 2, 7, 1),
                        Arguments.of(20, 1, 64, 8, 64, 2, 5, 2),
                        Arguments.of(16, 1, 32, 64, 0, 1, 4, 1));
    }

    /** Scores far apart, the largest in the last segment: what the first ones summed must be scaled away. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("tensorCaches")
    void tensorCoresForgetSegmentsOfSmallScores(StorageType type) {
        int length = 600;
        AttentionCase attention = AttentionCase.random(
                AttentionCase.shape(4, 1, 32),
                type,
                length - 1,
                1,
                keys -> IntStream.range(0, keys.length)
                        .mapToDouble(i -> keys[i] * (1 + i / 32 / 100))
                        .toArray());
        int[] all = IntStream.range(0, (length + 15) / 16).toArray();
        KernelAssert.assertClose(
                "tensor-sparse-attention",
                attention.dtype(),
                attention.expectedSparse(all, 16),
                attention.sparseOnTensorCores(all, 16, 1),
                Tolerance.KERNEL_TENSOR_ATTENTION);
    }

    @Test
    void headDimsThatTensorCoresDoNotTakeAreRefused() {
        AttentionShape shape = AttentionCase.shape(2, 1, 48);
        HalfFloatArray cache = new HalfFloatArray(256);
        assertRefused(
                "headDim: expected one of [32, 64, 128], found 48",
                () -> TensorSparseAttention.addTo(
                        new KernelGraph("g"),
                        "sparse",
                        new FloatArray(96),
                        cache,
                        cache,
                        new IntArray(6),
                        new FloatArray(96),
                        TensorAttentionScratch.create(1),
                        Step.create(),
                        shape,
                        new CacheLayout(1, 48, 4),
                        2,
                        6,
                        1));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        AttentionShape shape = AttentionCase.shape(2, 1, 64);
        FloatArray array = new FloatArray(256);
        assertRefused(
                "selectedBlocks: expected at least 6 values",
                () -> SparseAttentionF32.addTo(
                        new KernelGraph("g"),
                        "sparse",
                        array,
                        array,
                        array,
                        new IntArray(5),
                        array,
                        Step.create(),
                        shape,
                        new CacheLayout(1, 64, 4),
                        2,
                        6,
                        1));
    }

    /** Random lists that hold the token's own block. */
    private static int[] randomBlocks(AttentionCase attention, int blockSize, int maxSelected) {
        Random random = new Random(RandomTensors.DEFAULT_SEED);
        int numKvHeads = attention.shape().numKvHeads();
        int[] selected = new int[attention.numTokens() * numKvHeads * maxSelected];
        for (int list = 0; list < selected.length / maxSelected; list++) {
            int currentBlock = (attention.cacheLength() + list / numKvHeads) / blockSize;
            int[] blocks = IntStream.concat(
                            IntStream.of(currentBlock), random.ints(maxSelected - 1, 0, currentBlock + 1))
                    .distinct()
                    .sorted()
                    .toArray();
            for (int i = 0; i < maxSelected; i++) {
                selected[list * maxSelected + i] = i < blocks.length ? blocks[i] : -1;
            }
        }
        return selected;
    }
}
