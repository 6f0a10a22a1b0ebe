package sala.kernels.attention;

import org.jspecify.annotations.Nullable;
import sala.kernels.KernelArguments;
import sala.kernels.Step;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Checks that dense and sparse attention share. */
public final class AttentionArguments {
    /** Longest head vector: the kernels hold whole vectors in local memory. */
    public static final int MAX_HEAD_DIM = 128;

    private AttentionArguments() {}

    /** Refuses heads that the kernels or the cache do not fit. */
    public static void requireHeads(AttentionShape shape, CacheLayout layout) {
        if (shape.numKvHeads() != layout.numKvHeads() || shape.headDim() != layout.headDim()) {
            throw new IllegalArgumentException(
                    "layout: expected numKvHeads %d and headDim %d as the shape, found %d and %d"
                            .formatted(shape.numKvHeads(), shape.headDim(), layout.numKvHeads(), layout.headDim()));
        }
        if (shape.headDim() > MAX_HEAD_DIM) {
            throw new IllegalArgumentException(
                    "headDim: expected at most %d, found %d".formatted(MAX_HEAD_DIM, shape.headDim()));
        }
    }

    /** Refuses arrays of attention that are null or too small. */
    public static void requireArrays(
            @Nullable FloatArray q,
            @Nullable TornadoNativeArray keys,
            @Nullable TornadoNativeArray values,
            @Nullable FloatArray out,
            @Nullable IntArray step,
            AttentionShape shape,
            CacheLayout layout,
            int tokenCapacity) {
        int numHeads = shape.numHeads();
        int headDim = shape.headDim();
        KernelArguments.requireAtLeast("tokenCapacity", 1, tokenCapacity);
        KernelArguments.requireShape("q", q, "[tokenCapacity, numHeads, headDim]", tokenCapacity, numHeads, headDim);
        KernelArguments.requireShape(
                "keys", keys, "[numKvHeads, capacity, headDim]", layout.numKvHeads(), layout.capacity(), headDim);
        KernelArguments.requireShape(
                "values", values, "[numKvHeads, capacity, headDim]", layout.numKvHeads(), layout.capacity(), headDim);
        KernelArguments.requireShape(
                "out", out, "[tokenCapacity, numHeads, headDim]", tokenCapacity, numHeads, headDim);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
    }
}
