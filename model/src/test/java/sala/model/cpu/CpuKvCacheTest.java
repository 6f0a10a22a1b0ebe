package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

final class CpuKvCacheTest {
    private static final int LANES = VectorMath.LANES;
    private static final ModelConfig CONFIG = TestConfigs.sparse(4, 2, 12, TestConfigs.smallBlocks(4));

    static List<GoldenVariant> variants() {
        return Golden.variants("compressed_keys");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void compressedKeysEqualGolden(GoldenVariant variant) {
        int headDim = variant.integer("dim");
        int numKvHeads = variant.integer("kv_heads");
        SparseConfig sparse = new SparseConfig(
                variant.integer("size"), variant.integer("stride"), 1, variant.integer("stride"), 0, 1, 0, false);
        ModelConfig config = TestConfigs.sparse(numKvHeads, numKvHeads, headDim, sparse);
        float[] keys = TestConfigs.narrow(variant.doubles("k"));
        CpuKvCache cache = TestConfigs.cache(config, keys, keys);
        int count = variant.integer("count");
        assertEquals(count, CpuKvCache.windows(variant.integer("length"), sparse.kernelSize(), sparse.kernelStride()));
        double[] actual = new double[count * config.kvWidth()];
        for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
            for (int window = 0; window < count; window++) {
                for (int channel = 0; channel < headDim; channel++) {
                    actual[(window * numKvHeads + kvHead) * headDim + channel] =
                            lane(cache.fineKeys(kvHead), headDim, window, channel);
                }
            }
        }
        TensorAssert.assertClose(variant.label("out"), variant.doubles("out"), actual, Tolerance.FLOAT_ROUNDING);
    }

    /** However tokens are split into calls, keys, values and compressed keys are the same bits. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 63, 64, 65, 333, 1000})
    void anySplitGivesTheSameCache(int step) {
        int length = 1000;
        RandomTensors random = RandomTensors.create();
        int width = CONFIG.kvWidth();
        float[] keys = random.normalFloats(length * width);
        float[] values = random.normalFloats(length * width);
        CpuKvCache whole = TestConfigs.cache(CONFIG, keys, values);
        CpuKvCache pieces = new CpuKvCache(CONFIG, 4096);
        append(pieces, keys, values, step);
        assertSame(whole, pieces);
        assertEquals(length, pieces.length());
        assertArrayEquals(TestConfigs.widen(keys), read(whole)[0]);
        assertArrayEquals(TestConfigs.widen(values), read(whole)[1]);
    }

    @Test
    void whatIsReadCanBeAppendedAgain() {
        RandomTensors random = RandomTensors.create();
        int width = CONFIG.kvWidth();
        CpuKvCache cache =
                TestConfigs.cache(CONFIG, random.normalFloats(100 * width), random.normalFloats(100 * width));
        CpuKvCache restored = new CpuKvCache(CONFIG, 4096);
        for (int position = 0; position < 100; position += 30) {
            int count = Math.min(30, 100 - position);
            double[] keys = new double[count * width];
            double[] values = new double[count * width];
            cache.read(position, count, keys, values);
            restored.append(keys, values, count);
        }
        assertSame(cache, restored);
        assertThrows(IndexOutOfBoundsException.class, () -> cache.read(90, 11, new double[999], new double[999]));
        assertThrows(IndexOutOfBoundsException.class, () -> cache.read(0, 2, new double[2 * width], new double[width]));
    }

    @Test
    void aClearedCacheEqualsANewOne() {
        RandomTensors random = RandomTensors.create();
        int width = CONFIG.kvWidth();
        CpuKvCache cache =
                TestConfigs.cache(CONFIG, random.normalFloats(200 * width), random.normalFloats(200 * width));
        cache.clear();
        assertEquals(0, cache.length());
        assertThrows(IndexOutOfBoundsException.class, () -> cache.read(0, 1, new double[width], new double[width]));
        float[] keys = random.normalFloats(70 * width);
        cache.append(keys, keys, 70);
        assertSame(TestConfigs.cache(CONFIG, keys, keys), cache);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 64, 65, 130})
    void aCopyGoesItsOwnWay(int length) {
        RandomTensors random = RandomTensors.create();
        int width = CONFIG.kvWidth();
        float[] keys = random.normalFloats(length * width);
        float[] more = random.normalFloats(40 * width);
        float[] other = random.normalFloats(40 * width);
        CpuKvCache cache = TestConfigs.cache(CONFIG, keys, keys);
        CpuKvCache copy = cache.copy();
        copy.append(other, other, 40);
        cache.append(more, more, 40);
        CpuKvCache expected = TestConfigs.cache(CONFIG, keys, keys);
        expected.append(more, more, 40);
        assertSame(expected, cache);
        CpuKvCache expectedCopy = TestConfigs.cache(CONFIG, keys, keys);
        expectedCopy.append(other, other, 40);
        assertSame(expectedCopy, copy);
    }

    @Test
    void tooFewValuesAreRefusedAndChangeNothing() {
        CpuKvCache cache = new CpuKvCache(CONFIG, 4096);
        int width = CONFIG.kvWidth();
        assertThrows(IndexOutOfBoundsException.class, () -> cache.append(new float[2 * width], new float[width], 2));
        assertThrows(IndexOutOfBoundsException.class, () -> cache.append(new double[2 * width], new double[width], 2));
        assertEquals(0, cache.length());
    }

    private static void append(CpuKvCache cache, float[] keys, float[] values, int step) {
        int width = CONFIG.kvWidth();
        int length = keys.length / width;
        for (int start = 0; start < length; start += step) {
            int count = Math.min(step, length - start);
            float[] k = new float[count * width];
            float[] v = new float[count * width];
            System.arraycopy(keys, start * width, k, 0, k.length);
            System.arraycopy(values, start * width, v, 0, v.length);
            cache.append(k, v, count);
        }
    }

    private static double[][] read(CpuKvCache cache) {
        double[][] tokens = new double[2][cache.length() * CONFIG.kvWidth()];
        cache.read(0, cache.length(), tokens[0], tokens[1]);
        return tokens;
    }

    private static void assertSame(CpuKvCache expected, CpuKvCache actual) {
        assertArrayEquals(read(expected), read(actual));
        SparseConfig sparse = CONFIG.sparse();
        int fine = CpuKvCache.windows(expected.length(), sparse.kernelSize(), sparse.kernelStride());
        int coarse = CpuKvCache.windows(expected.length(), sparse.coarseKernelSize(), sparse.coarseKernelStride());
        for (int kvHead = 0; kvHead < CONFIG.numKvHeads(); kvHead++) {
            assertSameLanes(expected.fineKeys(kvHead), actual.fineKeys(kvHead), fine);
            assertSameLanes(expected.coarseKeys(kvHead), actual.coarseKeys(kvHead), coarse);
        }
    }

    private static void assertSameLanes(float[] expected, float[] actual, int count) {
        for (int index = 0; index < count; index++) {
            for (int channel = 0; channel < CONFIG.headDim(); channel++) {
                assertEquals(
                        lane(expected, CONFIG.headDim(), index, channel),
                        lane(actual, CONFIG.headDim(), index, channel),
                        "window " + index + ", channel " + channel);
            }
        }
    }

    private static float lane(float[] data, int dim, int index, int channel) {
        return data[index / LANES * LANES * dim + channel * LANES + index % LANES];
    }
}
