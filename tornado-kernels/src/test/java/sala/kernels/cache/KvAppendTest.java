package sala.kernels.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static sala.kernels.testing.RefusalAssert.assertRefused;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelRun;
import sala.kernels.testing.TestDevice;
import sala.testing.RandomTensors;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

class KvAppendTest {
    /** Calls of several lengths follow one another; after each the cache holds what was appended and nothing else. */
    @ParameterizedTest
    @CsvSource({"1,32,1", "2,64,1", "2,128,1", "3,8,1", "1,32,63", "2,32,64", "4,16,65", "2,128,100"})
    void callsFollowOneAnother(int numKvHeads, int headDim, int tokenCapacity) {
        CacheLayout layout = new CacheLayout(numKvHeads, headDim, 3 * tokenCapacity + 2);
        int width = numKvHeads * headDim;
        for (StorageType type : TestDevice.cacheStorageTypes()) {
            RandomTensors random = RandomTensors.create();
            double[] expectedKeys = new double[0];
            double[] expectedValues = new double[0];
            double[] empty = filled(layout.length(), -7);
            try (KernelRun run = new KernelRun("append")) {
                FloatArray k = run.input(new float[tokenCapacity * width]);
                FloatArray v = run.input(new float[tokenCapacity * width]);
                IntArray step = run.input(Step.create());
                TornadoNativeArray keys = run.state(type, empty);
                TornadoNativeArray values = run.state(type, empty);
                CacheArrays.addAppend(run.graph(), k, v, keys, values, step, layout, tokenCapacity);
                int position = 0;
                for (int numTokens : new int[] {tokenCapacity, 1, tokenCapacity, Math.max(1, tokenCapacity / 2)}) {
                    double[] newKeys = random.normal(numTokens * width);
                    double[] newValues = random.normal(numTokens * width);
                    k.init(Float.NaN);
                    v.init(Float.NaN);
                    for (int i = 0; i < newKeys.length; i++) {
                        k.set(i, (float) newKeys[i]);
                        v.set(i, (float) newValues[i]);
                    }
                    Step.set(step, position, numTokens);
                    run.execute();
                    position += numTokens;
                    expectedKeys = concatenated(expectedKeys, newKeys);
                    expectedValues = concatenated(expectedValues, newValues);
                    assertCache("keys " + type, expectedKeys, keys, type, layout);
                    assertCache("values " + type, expectedValues, values, type, layout);
                }
            }
        }
    }

    /** Positions that a float could not tell apart. */
    @Test
    void positionsPastTheIntegersOfAFloat() {
        int position = (1 << 24) + 1;
        CacheLayout layout = new CacheLayout(1, 1, position + 3);
        try (KernelRun run = new KernelRun("append")) {
            FloatArray k = run.input(1f, 2f);
            FloatArray v = run.input(3f, 4f);
            IntArray step = run.input(Step.create());
            Step.set(step, position, 2);
            FloatArray keys = run.state(new FloatArray(layout.length()));
            FloatArray values = run.state(new FloatArray(layout.length()));
            KvAppendF32.addTo(run.graph(), "append", k, v, keys, values, step, layout, 2);
            run.execute();
            assertEquals(0f, keys.get(position - 1));
            assertEquals(1f, keys.get(position));
            assertEquals(2f, keys.get(position + 1));
            assertEquals(0f, keys.get(position + 2));
            assertEquals(3f, values.get(position));
            assertEquals(4f, values.get(position + 1));
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        CacheLayout layout = new CacheLayout(2, 4, 10);
        KernelGraph graph = new KernelGraph("append");
        FloatArray token = new FloatArray(8);
        FloatArray cache = new FloatArray(80);
        IntArray step = Step.create();
        assertRefused(
                "k: expected at least 16 values",
                () -> KvAppendF32.addTo(graph, "append", token, token, cache, cache, step, layout, 2));
        assertRefused(
                "values: expected at least 80 values",
                () -> KvAppendF32.addTo(graph, "append", token, token, cache, new FloatArray(79), step, layout, 1));
        assertRefused("found 8388608", () -> new CacheLayout(2, 128, 1 << 23));
    }

    private static void assertCache(
            String what, double[] expected, TornadoNativeArray actual, StorageType type, CacheLayout layout) {
        double[] cache = CacheArrays.toCache(CacheArrays.rounded(type, expected), layout);
        for (int i = 0; i < cache.length; i++) {
            cache[i] = Double.isNaN(cache[i]) ? -7 : cache[i];
        }
        assertArrayEquals(cache, KernelRun.values(actual), what);
    }

    private static double[] filled(int length, double value) {
        double[] values = new double[length];
        Arrays.fill(values, value);
        return values;
    }

    private static double[] concatenated(double[] first, double[] second) {
        double[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }
}
