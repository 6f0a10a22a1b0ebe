package sala.kernels.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sala.kernels.Step;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelRun;
import sala.kernels.testing.TestDevice;
import sala.testing.RandomTensors;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

class KvReadTest {
    /** What is read is what the cache holds there, and rows past the call are left alone. */
    @ParameterizedTest
    @CsvSource({"1,32,1,0", "2,64,63,0", "3,8,64,5", "2,128,65,100"})
    void readsWhatTheCacheHolds(int numKvHeads, int headDim, int numTokens, int position) {
        int tokenCapacity = numTokens + 2;
        CacheLayout layout = new CacheLayout(numKvHeads, headDim, position + tokenCapacity);
        int width = numKvHeads * headDim;
        for (StorageType type : TestDevice.cacheStorageTypes()) {
            RandomTensors random = RandomTensors.create();
            double[] keyVectors = CacheArrays.rounded(type, random.normal(layout.length()));
            double[] valueVectors = CacheArrays.rounded(type, random.normal(layout.length()));
            try (KernelRun run = new KernelRun("read")) {
                IntArray step = run.input(Step.create());
                Step.set(step, position, numTokens);
                TornadoNativeArray keys = run.input(type, CacheArrays.toCache(keyVectors, layout));
                TornadoNativeArray values = run.input(type, CacheArrays.toCache(valueVectors, layout));
                FloatArray k = run.output(tokenCapacity * width);
                FloatArray v = run.output(tokenCapacity * width);
                switch (keys) {
                    case FloatArray floats ->
                        KvReadF32.addTo(
                                run.graph(), "read", floats, (FloatArray) values, k, v, step, layout, tokenCapacity);
                    case HalfFloatArray halfs ->
                        KvReadF16.addTo(
                                run.graph(), "read", halfs, (HalfFloatArray) values, k, v, step, layout, tokenCapacity);
                    default -> throw new AssertionError(keys.getClass());
                }
                run.execute();
                assertRead(keyVectors, position, numTokens, width, k);
                assertRead(valueVectors, position, numTokens, width, v);
            }
        }
    }

    private static void assertRead(double[] vectors, int position, int numTokens, int width, FloatArray found) {
        double[] read = KernelRun.values(found);
        int written = numTokens * width;
        assertArrayEquals(
                Arrays.copyOfRange(vectors, position * width, position * width + written),
                Arrays.copyOf(read, written));
        for (int i = written; i < read.length; i++) {
            assertTrue(Double.isNaN(read[i]), "element " + i + " was written, past the call's " + written);
        }
    }
}
