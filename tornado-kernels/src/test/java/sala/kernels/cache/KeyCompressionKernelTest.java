package sala.kernels.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static sala.kernels.testing.RefusalAssert.assertRefused;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.reference.SelectionRule;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelAssert;
import sala.kernels.testing.KernelRun;
import sala.kernels.testing.TestDevice;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.RandomTensors;
import sala.testing.Tolerance;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

class KeyCompressionKernelTest {
    private static final float UNWRITTEN = -7;

    /** Windows after a sequence of calls, as the reference lays them out. */
    private record Windows(double[] fine, double[] coarse) {}

    static List<GoldenVariant> variants() {
        return Golden.variants("compressed_keys");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void fineWindowsEqualGolden(GoldenVariant variant) {
        int length = variant.integer("length");
        CacheLayout layout = new CacheLayout(variant.integer("kv_heads"), variant.integer("dim"), length + 5);
        SelectionRule rule = rule(variant.integer("size"), variant.integer("stride"));
        Windows windows = compress(StorageType.F32, variant.doubles("k"), layout, rule, length);
        KernelAssert.assertClose(
                "key-compression",
                "f32",
                variant.doubles("out"),
                narrow(windows.fine),
                Tolerance.KERNEL_KEY_COMPRESSION);
    }

    @ParameterizedTest
    @CsvSource({
        "1,32,32,16,31",
        "2,128,32,16,32",
        "2,64,32,16,127",
        "2,128,32,16,128",
        "1,32,32,16,1000",
        "4,8,4,2,100",
        "2,16,6,2,65",
        "1,8,1,1,63"
    })
    void bothKindsEqualTheReference(int numKvHeads, int headDim, int kernelSize, int kernelStride, int length) {
        CacheLayout layout = new CacheLayout(numKvHeads, headDim, length);
        SelectionRule rule = rule(kernelSize, kernelStride);
        for (StorageType type : TestDevice.cacheStorageTypes()) {
            double[] keys = CacheArrays.rounded(
                    type, RandomTensors.create().normal(length * layout.numKvHeads() * layout.headDim()));
            Windows windows = compress(type, keys, layout, rule, length);
            Tolerance tolerance =
                    type == StorageType.F32 ? Tolerance.KERNEL_KEY_COMPRESSION : Tolerance.KERNEL_KEY_COMPRESSION_F16;
            String dtype = type == StorageType.F32 ? "f32" : "f16";
            KernelAssert.assertClose(
                    "key-compression",
                    dtype,
                    CacheArrays.fineKeys(type, keys, layout, rule),
                    narrow(windows.fine),
                    tolerance);
            KernelAssert.assertClose(
                    "key-compression",
                    dtype,
                    CacheArrays.coarseKeys(type, keys, layout, rule),
                    narrow(windows.coarse),
                    tolerance);
        }
    }

    /** Token by token, in pieces of any length, or at once: the same windows to the last bit. */
    @ParameterizedTest
    @CsvSource({"32,16,300", "4,2,61", "6,2,70"})
    void incrementalEqualsBulk(int kernelSize, int kernelStride, int length) {
        CacheLayout layout = new CacheLayout(2, 8, length + 3);
        SelectionRule rule = rule(kernelSize, kernelStride);
        double[] keys = RandomTensors.create().normal(length * 16);
        Windows bulk = compress(StorageType.F32, keys, layout, rule, length);
        int[] single = new int[length];
        Arrays.fill(single, 1);
        Windows incremental = compress(StorageType.F32, keys, layout, rule, single);
        assertArrayEquals(bulk.fine, incremental.fine, "fine windows token by token");
        assertArrayEquals(bulk.coarse, incremental.coarse, "coarse windows token by token");
        Windows pieces = compress(StorageType.F32, keys, layout, rule, 1, 40, 2, length - 44, 1);
        assertArrayEquals(bulk.fine, pieces.fine, "fine windows in pieces");
        assertArrayEquals(bulk.coarse, pieces.coarse, "coarse windows in pieces");
    }

    /** A window that ends at the largest position of a long cache. */
    @Test
    void windowsOfALongCache() {
        CacheLayout layout = new CacheLayout(2, 1, 40_000);
        SelectionRule rule = rule(32, 16);
        double[] keys = RandomTensors.create().uniform(80_000, -1, 1);
        Windows windows = compress(StorageType.F32, keys, layout, rule, 39_871, 1, 64, 63, 1);
        double[] fine = CacheArrays.fineKeys(StorageType.F32, keys, layout, rule);
        assertEquals(fine.length, windows.fine.length);
        KernelAssert.assertClose(
                "key-compression", "f32", fine, narrow(windows.fine), Tolerance.KERNEL_KEY_COMPRESSION);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        CacheLayout layout = new CacheLayout(1, 4, 64);
        SelectionRule rule = rule(4, 2);
        FloatArray keys = new FloatArray(256);
        FloatArray fine = new FloatArray(layout.fineLength(rule));
        IntArray step = Step.create();
        assertRefused(
                "coarseKeys: expected at least 28 values",
                () -> KeyCompressionF32.addTo(
                        new KernelGraph("g"), "compress", keys, fine, new FloatArray(27), step, layout, rule, 1));
    }

    /** Feeds {@code keys} in calls of the given lengths and returns all windows. */
    private static Windows compress(
            StorageType type, double[] keys, CacheLayout layout, SelectionRule rule, int... calls) {
        int tokenCapacity = Arrays.stream(calls).max().orElseThrow();
        int length = Arrays.stream(calls).sum();
        try (KernelRun run = new KernelRun("compress")) {
            IntArray step = run.input(Step.create());
            TornadoNativeArray cache = run.input(type, CacheArrays.toCache(keys, layout));
            TornadoNativeArray fine = state(run, type, layout.fineLength(rule));
            TornadoNativeArray coarse = state(run, type, layout.coarseLength(rule));
            CacheArrays.addCompression(run.graph(), cache, fine, coarse, step, layout, rule, tokenCapacity);
            int position = 0;
            for (int numTokens : calls) {
                Step.set(step, position, numTokens);
                run.execute();
                position += numTokens;
            }
            int numFine = rule.visibleFineWindows(length - 1);
            int numCoarse = rule.visibleCoarseWindows(length - 1);
            assertUnwritten("fine", KernelRun.values(fine), layout.numKvHeads(), layout.headDim(), numFine);
            assertUnwritten("coarse", KernelRun.values(coarse), layout.numKvHeads(), layout.headDim(), numCoarse);
            return new Windows(
                    CacheArrays.fromCache(KernelRun.values(fine), layout.numKvHeads(), layout.headDim(), numFine),
                    CacheArrays.fromCache(KernelRun.values(coarse), layout.numKvHeads(), layout.headDim(), numCoarse));
        }
    }

    private static TornadoNativeArray state(KernelRun run, StorageType type, int length) {
        double[] values = new double[length];
        Arrays.fill(values, UNWRITTEN);
        return run.state(type, values);
    }

    /** Windows that are not complete keep what was there. */
    private static void assertUnwritten(String what, double[] cache, int numKvHeads, int headDim, int numWindows) {
        int capacity = cache.length / numKvHeads / headDim;
        for (int i = 0; i < cache.length; i++) {
            if (i / headDim % capacity >= numWindows) {
                assertEquals(UNWRITTEN, cache[i], what + " element " + i);
            }
        }
    }

    private static SelectionRule rule(int kernelSize, int kernelStride) {
        return new SelectionRule(kernelSize, kernelStride, 4 * kernelStride, 1, 2, 6);
    }

    private static float[] narrow(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }
}
