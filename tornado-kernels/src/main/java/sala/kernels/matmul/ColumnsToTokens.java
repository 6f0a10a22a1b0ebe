package sala.kernels.matmul;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Results of the tensor cores back in rows, with what follows a projection.
 *
 * <pre>
 *   y[t, o] = outColumns[o, t]
 *   plain:     out = y
 *   residual:  hidden += residualScale y
 *   gate:      mixed /= 1 + exp(-y)
 * </pre>
 *
 * <p>Launch: 256 lanes a tile of 32 x 32, turned in local memory. Ground truth: a transposed copy,
 * {@link sala.kernels.reference.OutputGate#apply}.
 */
public final class ColumnsToTokens {
    private static final int TILE = 32;

    /** Odd, so that neighbours down a column fall into different banks. */
    private static final int TILE_STRIDE = TILE + 1;

    private static final int GROUP_LANES = 256;
    private static final int PLAIN = 0;
    private static final int RESIDUAL = 1;
    private static final int GATE = 2;

    private ColumnsToTokens() {}

    /**
     * The kernel.
     *
     * @param outColumns {@code [outputSize, tokenCapacity]}, f32
     * @param out {@code [T, outputSize]}, f32: the result, the residual stream or the mixer's output; every element of
     *     the call's tokens is written
     * @param step of the call
     * @param epilogue what becomes of a result
     * @param residualScale used by the residual epilogue
     */
    public static void compute(
            KernelContext context,
            FloatArray outColumns,
            FloatArray out,
            IntArray step,
            int tokenCapacity,
            int outputSize,
            int epilogue,
            float residualScale) {
        float[] tile = context.allocateFloatLocalArray(TILE * TILE_STRIDE);
        int localId = context.localIdx;
        int outputTiles = (outputSize + TILE - 1) / TILE;
        int firstToken = context.groupIdx / outputTiles * TILE;
        int firstOutput = context.groupIdx % outputTiles * TILE;
        int numTokens = step.get(Step.NUM_TOKENS);
        int lane = localId % TILE;
        for (int row = localId / TILE; row < TILE; row += GROUP_LANES / TILE) {
            float value = 0.0f;
            if (firstToken + lane < numTokens && firstOutput + row < outputSize) {
                value = outColumns.get((firstOutput + row) * tokenCapacity + firstToken + lane);
            }
            tile[row * TILE_STRIDE + lane] = value;
        }
        context.localBarrier();
        for (int row = localId / TILE; row < TILE; row += GROUP_LANES / TILE) {
            if (firstToken + row < numTokens && firstOutput + lane < outputSize) {
                int index = (firstToken + row) * outputSize + firstOutput + lane;
                float y = tile[lane * TILE_STRIDE + row];
                float result = y;
                if (epilogue == RESIDUAL) {
                    result = out.get(index) + residualScale * y;
                }
                if (epilogue == GATE) {
                    result = out.get(index) / (1.0f + TornadoMath.exp(-y));
                }
                out.set(index, result);
            }
        }
    }

    /**
     * Adds a copy into rows to a graph.
     *
     * @param outColumns {@code [outputSize, tokenCapacity]}
     * @param out {@code [tokenCapacity, outputSize]}
     * @param step of the call
     * @param tokenCapacity most tokens of a call
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray outColumns,
            FloatArray out,
            IntArray step,
            int tokenCapacity,
            int outputSize) {
        KernelArguments.requireShape("out", out, "[tokenCapacity, outputSize]", tokenCapacity, outputSize);
        add(graph, task, outColumns, out, step, tokenCapacity, outputSize, PLAIN, 1.0f);
    }

    /**
     * Adds the scaled results to the residual stream.
     *
     * @param outColumns {@code [outputSize, tokenCapacity]}
     * @param hidden {@code [tokenCapacity, outputSize]}; updated in place
     * @param step of the call
     * @param tokenCapacity most tokens of a call
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addResidualTo(
            KernelGraph graph,
            String task,
            FloatArray outColumns,
            FloatArray hidden,
            IntArray step,
            int tokenCapacity,
            int outputSize,
            float residualScale) {
        KernelArguments.requireShape("hidden", hidden, "[tokenCapacity, outputSize]", tokenCapacity, outputSize);
        add(graph, task, outColumns, hidden, step, tokenCapacity, outputSize, RESIDUAL, residualScale);
    }

    /**
     * Gates the mixer's output by the results.
     *
     * @param outColumns {@code [outputSize, tokenCapacity]}
     * @param mixed {@code [tokenCapacity, outputSize]}; gated in place
     * @param step of the call
     * @param tokenCapacity most tokens of a call
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addGateTo(
            KernelGraph graph,
            String task,
            FloatArray outColumns,
            FloatArray mixed,
            IntArray step,
            int tokenCapacity,
            int outputSize) {
        KernelArguments.requireShape("mixed", mixed, "[tokenCapacity, outputSize]", tokenCapacity, outputSize);
        add(graph, task, outColumns, mixed, step, tokenCapacity, outputSize, GATE, 1.0f);
    }

    private static void add(
            KernelGraph graph,
            String task,
            FloatArray outColumns,
            FloatArray out,
            IntArray step,
            int tokenCapacity,
            int outputSize,
            int epilogue,
            float residualScale) {
        KernelArguments.requireAtLeast("tokenCapacity", 1, tokenCapacity);
        KernelArguments.requireAtLeast("outputSize", 1, outputSize);
        KernelArguments.requireShape(
                "outColumns", outColumns, "[outputSize, tokenCapacity]", outputSize, tokenCapacity);
        KernelArguments.requireShape("step", step, "[SIZE]", Step.SIZE);
        graph.taskGraph()
                .task(
                        task,
                        ColumnsToTokens::compute,
                        graph.context(),
                        outColumns,
                        out,
                        step,
                        tokenCapacity,
                        outputSize,
                        epilogue,
                        residualScale);
        graph.grid(task, Tiles.grid(tokenCapacity, TILE, outputSize, TILE, GROUP_LANES));
    }
}
