package sala.kernels.matmul;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Activations as the tensor cores take them: rounded to f16, tokens in columns.
 *
 * <pre>  xColumns[i, t] = f16(x[t, i])  </pre>
 *
 * <p>Launch: 256 lanes a tile of 32 x 32, turned in local memory so that reads and writes are both contiguous. Ground
 * truth: a transposed copy, rounded.
 */
public final class TokensToColumnsF16 {
    private static final int TILE = 32;

    /** Odd, so that neighbours down a column fall into different banks. */
    private static final int TILE_STRIDE = TILE + 1;

    private static final int GROUP_LANES = 256;

    private TokensToColumnsF16() {}

    /**
     * The kernel.
     *
     * @param x {@code [T, inputSize]}, f32
     * @param xColumns {@code [inputSize, tokenCapacity]}, f16; the columns of the call's tokens are written, zeros follow
     *     up to a multiple of 8
     * @param step of the call
     */
    public static void compute(
            KernelContext context,
            FloatArray x,
            HalfFloatArray xColumns,
            IntArray step,
            int tokenCapacity,
            int inputSize) {
        float[] tile = context.allocateFloatLocalArray(TILE * TILE_STRIDE);
        int localId = context.localIdx;
        int inputTiles = (inputSize + TILE - 1) / TILE;
        int firstToken = context.groupIdx / inputTiles * TILE;
        int firstInput = context.groupIdx % inputTiles * TILE;
        int numTokens = step.get(Step.NUM_TOKENS);
        int columns = (numTokens + 7) / 8 * 8;
        int lane = localId % TILE;
        for (int row = localId / TILE; row < TILE; row += GROUP_LANES / TILE) {
            float value = 0.0f;
            if (firstToken + row < numTokens && firstInput + lane < inputSize) {
                value = x.get((firstToken + row) * inputSize + firstInput + lane);
            }
            tile[row * TILE_STRIDE + lane] = value;
        }
        context.localBarrier();
        for (int row = localId / TILE; row < TILE; row += GROUP_LANES / TILE) {
            if (firstToken + lane < columns && firstInput + row < inputSize) {
                float value = tile[lane * TILE_STRIDE + row];
                xColumns.set((firstInput + row) * tokenCapacity + firstToken + lane, new HalfFloat(value));
            }
        }
    }

    /**
     * Adds the conversion to a graph.
     *
     * @param x {@code [tokenCapacity, inputSize]}
     * @param xColumns {@code [inputSize, tokenCapacity]}
     * @param step of the call
     * @param tokenCapacity most tokens of a call, a multiple of 8
     * @throws IllegalArgumentException if an array is null or too small, or the capacity is no such multiple
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray x,
            HalfFloatArray xColumns,
            IntArray step,
            int tokenCapacity,
            int inputSize) {
        KernelArguments.requireMultiple("tokenCapacity", 8, tokenCapacity);
        KernelArguments.requireAtLeast("inputSize", 1, inputSize);
        KernelArguments.requireShape("x", x, "[tokenCapacity, inputSize]", tokenCapacity, inputSize);
        KernelArguments.requireMatrix("xColumns", xColumns, "[inputSize, tokenCapacity]", inputSize, tokenCapacity);
        KernelArguments.requireShape("step", step, "[SIZE]", Step.SIZE);
        graph.taskGraph()
                .task(task, TokensToColumnsF16::compute, graph.context(), x, xColumns, step, tokenCapacity, inputSize);
        graph.grid(task, Tiles.grid(tokenCapacity, TILE, inputSize, TILE, GROUP_LANES));
    }
}
