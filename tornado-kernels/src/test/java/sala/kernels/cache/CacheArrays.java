package sala.kernels.cache;

import java.util.Arrays;
import sala.kernels.KernelGraph;
import sala.kernels.reference.KeyCompression;
import sala.kernels.reference.SelectionRule;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelRun;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Caches of tests: between the layout of the reference, {@code [length, numKvHeads, headDim]}, and that of the device. */
public final class CacheArrays {
    private CacheArrays() {}

    /**
     * A cache that holds {@code vectors} and is NaN after them, as device memory may be.
     *
     * @param vectors {@code [length, numKvHeads, headDim]}
     * @param capacity positions, or windows, per KV head
     */
    public static double[] toCache(double[] vectors, int numKvHeads, int headDim, int capacity) {
        double[] cache = new double[numKvHeads * capacity * headDim];
        Arrays.fill(cache, Double.NaN);
        for (int i = 0; i < vectors.length; i++) {
            int kvHead = i / headDim % numKvHeads;
            cache[(kvHead * capacity + i / headDim / numKvHeads) * headDim + i % headDim] = vectors[i];
        }
        return cache;
    }

    /** {@link #toCache(double[], int, int, int)} of keys or values. */
    public static double[] toCache(double[] vectors, CacheLayout layout) {
        return toCache(vectors, layout.numKvHeads(), layout.headDim(), layout.capacity());
    }

    /** What a cache holds, as the reference lays it out; the reverse of {@link #toCache(double[], int, int, int)}. */
    public static double[] fromCache(double[] cache, int numKvHeads, int headDim, int length) {
        int capacity = cache.length / numKvHeads / headDim;
        double[] vectors = new double[length * numKvHeads * headDim];
        for (int i = 0; i < vectors.length; i++) {
            int kvHead = i / headDim % numKvHeads;
            vectors[i] = cache[(kvHead * capacity + i / headDim / numKvHeads) * headDim + i % headDim];
        }
        return vectors;
    }

    /** Values as a storage type keeps them, widened again. */
    public static double[] rounded(StorageType type, double[] values) {
        return KernelRun.values(KernelRun.stored(type, values));
    }

    /** Fine compressed keys of {@code keys}, rounded to the storage type. */
    public static double[] fineKeys(StorageType type, double[] keys, CacheLayout layout, SelectionRule rule) {
        int width = layout.numKvHeads() * layout.headDim();
        return rounded(type, KeyCompression.compress(keys, width, rule.kernelSize(), rule.kernelStride()));
    }

    /** Coarse compressed keys of {@code keys}, rounded to the storage type. */
    public static double[] coarseKeys(StorageType type, double[] keys, CacheLayout layout, SelectionRule rule) {
        int width = layout.numKvHeads() * layout.headDim();
        return rounded(type, KeyCompression.compress(keys, width, rule.coarseKernelSize(), rule.coarseKernelStride()));
    }

    /** {@code KvAppend.addTo} of the storage type of {@code keys}. */
    public static void addAppend(
            KernelGraph graph,
            FloatArray k,
            FloatArray v,
            TornadoNativeArray keys,
            TornadoNativeArray values,
            IntArray step,
            CacheLayout layout,
            int tokenCapacity) {
        switch (keys) {
            case FloatArray floats ->
                KvAppendF32.addTo(graph, "append", k, v, floats, (FloatArray) values, step, layout, tokenCapacity);
            case HalfFloatArray halfs ->
                KvAppendF16.addTo(graph, "append", k, v, halfs, (HalfFloatArray) values, step, layout, tokenCapacity);
            default -> throw new IllegalArgumentException("no storage of caches: " + keys.getClass());
        }
    }

    /** {@code KeyCompression.addTo} of the storage type of {@code keys}. */
    public static void addCompression(
            KernelGraph graph,
            TornadoNativeArray keys,
            TornadoNativeArray fineKeys,
            TornadoNativeArray coarseKeys,
            IntArray step,
            CacheLayout layout,
            SelectionRule rule,
            int tokenCapacity) {
        switch (keys) {
            case FloatArray floats ->
                KeyCompressionF32.addTo(
                        graph,
                        "compress",
                        floats,
                        (FloatArray) fineKeys,
                        (FloatArray) coarseKeys,
                        step,
                        layout,
                        rule,
                        tokenCapacity);
            case HalfFloatArray halfs ->
                KeyCompressionF16.addTo(
                        graph,
                        "compress",
                        halfs,
                        (HalfFloatArray) fineKeys,
                        (HalfFloatArray) coarseKeys,
                        step,
                        layout,
                        rule,
                        tokenCapacity);
            default -> throw new IllegalArgumentException("no storage of caches: " + keys.getClass());
        }
    }
}
