package sala.kernels.matmul;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * The gated activation between two products of the tensor cores: columns in, rounded columns out, nothing is turned.
 *
 * <pre>  outColumns[o, t] = f16 or bf16 of silu(gateColumns[o, t]) upColumns[o, t]  </pre>
 *
 * <p>Launch: a lane for four tokens of a row. bf16 on CUDA only. Ground truth:
 * {@link sala.kernels.reference.SwiGlu#activate}.
 */
public final class SwiGluColumns {
    private static final int GROUP_LANES = 256;

    private SwiGluColumns() {}

    /**
     * The kernel for f16.
     *
     * @param gateColumns {@code [intermediateSize, tokenCapacity]}, f32, output of the gate projection
     * @param upColumns {@code [intermediateSize, tokenCapacity]}, f32, output of the up projection
     * @param outColumns {@code [intermediateSize, tokenCapacity]}, f16; the columns of the call's tokens are written, up
     *     to a multiple of 8
     * @param step of the call
     */
    public static void computeF16(
            KernelContext context,
            FloatArray gateColumns,
            FloatArray upColumns,
            HalfFloatArray outColumns,
            IntArray step,
            int tokenCapacity,
            int intermediateSize) {
        int index = context.globalIdx;
        int words = tokenCapacity / 4;
        int columns = (step.get(Step.NUM_TOKENS) + 7) / 8 * 8;
        int word = index % words;
        if (index < intermediateSize * words && word * 4 < columns) {
            int first = index * 4;
            float value0 = activate(gateColumns.get(first), upColumns.get(first));
            float value1 = activate(gateColumns.get(first + 1), upColumns.get(first + 1));
            float value2 = activate(gateColumns.get(first + 2), upColumns.get(first + 2));
            float value3 = activate(gateColumns.get(first + 3), upColumns.get(first + 3));
            outColumns.set(first, new HalfFloat(value0));
            outColumns.set(first + 1, new HalfFloat(value1));
            outColumns.set(first + 2, new HalfFloat(value2));
            outColumns.set(first + 3, new HalfFloat(value3));
        }
    }

    /**
     * The kernel for bf16, four tokens a word.
     *
     * @param gateColumns {@code [intermediateSize, tokenCapacity]}, f32, output of the gate projection
     * @param upColumns {@code [intermediateSize, tokenCapacity]}, f32, output of the up projection
     * @param outColumns {@code [intermediateSize, tokenCapacity]}, bf16, four tokens a word; the columns of the call's tokens are written, up
     *     to a multiple of 8
     * @param step of the call
     */
    public static void computePackedBf16(
            KernelContext context,
            FloatArray gateColumns,
            FloatArray upColumns,
            LongArray outColumns,
            IntArray step,
            int tokenCapacity,
            int intermediateSize) {
        int index = context.globalIdx;
        int words = tokenCapacity / 4;
        int columns = (step.get(Step.NUM_TOKENS) + 7) / 8 * 8;
        int word = index % words;
        if (index < intermediateSize * words && word * 4 < columns) {
            int first = index * 4;
            float value0 = activate(gateColumns.get(first), upColumns.get(first));
            float value1 = activate(gateColumns.get(first + 1), upColumns.get(first + 1));
            float value2 = activate(gateColumns.get(first + 2), upColumns.get(first + 2));
            float value3 = activate(gateColumns.get(first + 3), upColumns.get(first + 3));
            long bits0 = BFloat16.bf16FromFloat(value0) & 0xffffL;
            long bits1 = BFloat16.bf16FromFloat(value1) & 0xffffL;
            long bits2 = BFloat16.bf16FromFloat(value2) & 0xffffL;
            long bits3 = BFloat16.bf16FromFloat(value3) & 0xffffL;
            outColumns.set(index, bits0 | (bits1 << 16) | (bits2 << 32) | (bits3 << 48));
        }
    }

    private static float activate(float gate, float up) {
        return gate / (1.0f + TornadoMath.exp(-gate)) * up;
    }

    /**
     * Adds the activation to f16 to a graph.
     *
     * @param gateColumns {@code [intermediateSize, tokenCapacity]}
     * @param upColumns {@code [intermediateSize, tokenCapacity]}
     * @param outColumns {@code [intermediateSize, tokenCapacity]}
     * @param step of the call
     * @param tokenCapacity most tokens of a call, a multiple of 8
     * @throws IllegalArgumentException if an array is null or too small, or the capacity is no such multiple
     */
    public static void addF16To(
            KernelGraph graph,
            String task,
            FloatArray gateColumns,
            FloatArray upColumns,
            HalfFloatArray outColumns,
            IntArray step,
            int tokenCapacity,
            int intermediateSize) {
        check(gateColumns, upColumns, step, tokenCapacity, intermediateSize);
        KernelArguments.requireMatrix(
                "outColumns", outColumns, "[intermediateSize, tokenCapacity]", intermediateSize, tokenCapacity);
        graph.taskGraph()
                .task(
                        task,
                        SwiGluColumns::computeF16,
                        graph.context(),
                        gateColumns,
                        upColumns,
                        outColumns,
                        step,
                        tokenCapacity,
                        intermediateSize);
        graph.grid(task, Tiles.grid(intermediateSize * (tokenCapacity / 4), GROUP_LANES, 1, 1, GROUP_LANES));
    }

    /**
     * Adds the activation to packed bf16 to a graph.
     *
     * @param gateColumns {@code [intermediateSize, tokenCapacity]}
     * @param upColumns {@code [intermediateSize, tokenCapacity]}
     * @param outColumns {@code [intermediateSize, tokenCapacity]}
     * @param step of the call
     * @param tokenCapacity most tokens of a call, a multiple of 8
     * @throws IllegalArgumentException if an array is null or too small, or the capacity is no such multiple
     */
    public static void addPackedBf16To(
            KernelGraph graph,
            String task,
            FloatArray gateColumns,
            FloatArray upColumns,
            LongArray outColumns,
            IntArray step,
            int tokenCapacity,
            int intermediateSize) {
        check(gateColumns, upColumns, step, tokenCapacity, intermediateSize);
        KernelArguments.requireMatrix(
                "outColumns", outColumns, "[intermediateSize, tokenCapacity]", intermediateSize, tokenCapacity);
        graph.taskGraph()
                .task(
                        task,
                        SwiGluColumns::computePackedBf16,
                        graph.context(),
                        gateColumns,
                        upColumns,
                        outColumns,
                        step,
                        tokenCapacity,
                        intermediateSize);
        graph.grid(task, Tiles.grid(intermediateSize * (tokenCapacity / 4), GROUP_LANES, 1, 1, GROUP_LANES));
    }

    private static void check(
            FloatArray gateColumns, FloatArray upColumns, IntArray step, int tokenCapacity, int intermediateSize) {
        KernelArguments.requireMultiple("tokenCapacity", 8, tokenCapacity);
        KernelArguments.requireAtLeast("intermediateSize", 1, intermediateSize);
        String shape = "[intermediateSize, tokenCapacity]";
        KernelArguments.requireShape("gateColumns", gateColumns, shape, intermediateSize, tokenCapacity);
        KernelArguments.requireShape("upColumns", upColumns, shape, intermediateSize, tokenCapacity);
        KernelArguments.requireShape("step", step, "[SIZE]", Step.SIZE);
    }
}
