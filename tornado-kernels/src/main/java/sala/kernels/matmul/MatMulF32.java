package sala.kernels.matmul;

import static sala.kernels.storage.StorageType.F16;
import static sala.kernels.storage.StorageType.PACKED_BF16;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.storage.Storage;
import sala.kernels.storage.StorageVariants;
import sala.kernels.storage.Stored;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Projections of many tokens on every backend: tiles in local memory, 16 sums a lane in registers.
 *
 * <pre>
 *   y[t, o] = sum over i of x[t, i] weights[o, i]
 *   plain:     out = y
 *   residual:  hidden += residualScale y
 *   gate:      mixed /= 1 + exp(-y)
 * </pre>
 *
 * <p>Sizes need not be multiples of the tile of 64 x 64 x 16. Launch: a work group of 256 lanes a tile, tiles up to the
 * token capacity; groups past the call's tokens do nothing. Sums in f32. Ground truth:
 * {@link sala.kernels.reference.Linear#project}, {@link sala.kernels.reference.OutputGate#apply}.
 */
@StorageVariants({F16, PACKED_BF16})
public final class MatMulF32 {
    /** Tokens and outputs of a tile. */
    private static final int TILE = 64;

    /** Inputs of a tile. */
    private static final int DEPTH = 16;

    /** Odd, so that neighbouring inputs of a row fall into different banks. */
    private static final int TILE_STRIDE = TILE + 1;

    private static final int LANES_PER_SIDE = 16;
    private static final int GROUP_LANES = LANES_PER_SIDE * LANES_PER_SIDE;

    private static final int PLAIN = 0;
    private static final int RESIDUAL = 1;
    private static final int GATE = 2;

    private MatMulF32() {}

    /**
     * The kernel.
     *
     * @param x {@code [T, inputSize]}, f32
     * @param weights {@code [outputSize, inputSize]}, stored
     * @param out {@code [T, outputSize]}, f32: the result, the residual stream or the mixer's output; every element of
     *     the call's tokens is written
     * @param step of the call
     * @param epilogue what becomes of a sum
     * @param residualScale used by the residual epilogue
     */
    public static void compute(
            KernelContext context,
            FloatArray x,
            @Stored FloatArray weights,
            FloatArray out,
            IntArray step,
            int outputSize,
            int inputSize,
            int epilogue,
            float residualScale) {
        float[] xTile = context.allocateFloatLocalArray(DEPTH * TILE_STRIDE);
        float[] wTile = context.allocateFloatLocalArray(DEPTH * TILE_STRIDE);
        int localId = context.localIdx;
        int outputTiles = (outputSize + TILE - 1) / TILE;
        int firstToken = context.groupIdx / outputTiles * TILE;
        int firstOutput = context.groupIdx % outputTiles * TILE;
        int numTokens = step.get(Step.NUM_TOKENS);
        // Lanes form a square of 16 x 16; a lane computes 4 neighbouring tokens and every 16th output.
        int tokenLane = localId / LANES_PER_SIDE * 4;
        int outputLane = localId % LANES_PER_SIDE;
        int loadDepth = localId % DEPTH;
        int loadRow = localId / DEPTH;
        // A group past the call's tokens has nothing to sum, but meets at no barrier less than the others.
        int depthEnd = firstToken < numTokens ? inputSize : 0;
        float sum00 = 0.0f;
        float sum01 = 0.0f;
        float sum02 = 0.0f;
        float sum03 = 0.0f;
        float sum10 = 0.0f;
        float sum11 = 0.0f;
        float sum12 = 0.0f;
        float sum13 = 0.0f;
        float sum20 = 0.0f;
        float sum21 = 0.0f;
        float sum22 = 0.0f;
        float sum23 = 0.0f;
        float sum30 = 0.0f;
        float sum31 = 0.0f;
        float sum32 = 0.0f;
        float sum33 = 0.0f;
        for (int depth = 0; depth < depthEnd; depth += DEPTH) {
            int column = depth + loadDepth;
            for (int row = loadRow; row < TILE; row += LANES_PER_SIDE) {
                float xValue = 0.0f;
                float weightsValue = 0.0f;
                if (column < inputSize && firstToken + row < numTokens) {
                    xValue = x.get((firstToken + row) * inputSize + column);
                }
                if (column < inputSize && firstOutput + row < outputSize) {
                    weightsValue = Storage.load(weights, (firstOutput + row) * inputSize + column);
                }
                xTile[loadDepth * TILE_STRIDE + row] = xValue;
                wTile[loadDepth * TILE_STRIDE + row] = weightsValue;
            }
            context.localBarrier();
            for (int k = 0; k < DEPTH; k++) {
                int xStart = k * TILE_STRIDE + tokenLane;
                int wStart = k * TILE_STRIDE + outputLane;
                float x0 = xTile[xStart];
                float x1 = xTile[xStart + 1];
                float x2 = xTile[xStart + 2];
                float x3 = xTile[xStart + 3];
                float w0 = wTile[wStart];
                float w1 = wTile[wStart + 16];
                float w2 = wTile[wStart + 32];
                float w3 = wTile[wStart + 48];
                sum00 += x0 * w0;
                sum01 += x0 * w1;
                sum02 += x0 * w2;
                sum03 += x0 * w3;
                sum10 += x1 * w0;
                sum11 += x1 * w1;
                sum12 += x1 * w2;
                sum13 += x1 * w3;
                sum20 += x2 * w0;
                sum21 += x2 * w1;
                sum22 += x2 * w2;
                sum23 += x2 * w3;
                sum30 += x3 * w0;
                sum31 += x3 * w1;
                sum32 += x3 * w2;
                sum33 += x3 * w3;
            }
            context.localBarrier();
        }
        int output = firstOutput + outputLane;
        if (firstToken + tokenLane + 0 < numTokens) {
            int start = (firstToken + tokenLane + 0) * outputSize;
            if (output + 0 < outputSize) {
                int index = start + output + 0;
                out.set(index, finish(out, index, sum00, epilogue, residualScale));
            }
            if (output + 16 < outputSize) {
                int index = start + output + 16;
                out.set(index, finish(out, index, sum01, epilogue, residualScale));
            }
            if (output + 32 < outputSize) {
                int index = start + output + 32;
                out.set(index, finish(out, index, sum02, epilogue, residualScale));
            }
            if (output + 48 < outputSize) {
                int index = start + output + 48;
                out.set(index, finish(out, index, sum03, epilogue, residualScale));
            }
        }
        if (firstToken + tokenLane + 1 < numTokens) {
            int start = (firstToken + tokenLane + 1) * outputSize;
            if (output + 0 < outputSize) {
                int index = start + output + 0;
                out.set(index, finish(out, index, sum10, epilogue, residualScale));
            }
            if (output + 16 < outputSize) {
                int index = start + output + 16;
                out.set(index, finish(out, index, sum11, epilogue, residualScale));
            }
            if (output + 32 < outputSize) {
                int index = start + output + 32;
                out.set(index, finish(out, index, sum12, epilogue, residualScale));
            }
            if (output + 48 < outputSize) {
                int index = start + output + 48;
                out.set(index, finish(out, index, sum13, epilogue, residualScale));
            }
        }
        if (firstToken + tokenLane + 2 < numTokens) {
            int start = (firstToken + tokenLane + 2) * outputSize;
            if (output + 0 < outputSize) {
                int index = start + output + 0;
                out.set(index, finish(out, index, sum20, epilogue, residualScale));
            }
            if (output + 16 < outputSize) {
                int index = start + output + 16;
                out.set(index, finish(out, index, sum21, epilogue, residualScale));
            }
            if (output + 32 < outputSize) {
                int index = start + output + 32;
                out.set(index, finish(out, index, sum22, epilogue, residualScale));
            }
            if (output + 48 < outputSize) {
                int index = start + output + 48;
                out.set(index, finish(out, index, sum23, epilogue, residualScale));
            }
        }
        if (firstToken + tokenLane + 3 < numTokens) {
            int start = (firstToken + tokenLane + 3) * outputSize;
            if (output + 0 < outputSize) {
                int index = start + output + 0;
                out.set(index, finish(out, index, sum30, epilogue, residualScale));
            }
            if (output + 16 < outputSize) {
                int index = start + output + 16;
                out.set(index, finish(out, index, sum31, epilogue, residualScale));
            }
            if (output + 32 < outputSize) {
                int index = start + output + 32;
                out.set(index, finish(out, index, sum32, epilogue, residualScale));
            }
            if (output + 48 < outputSize) {
                int index = start + output + 48;
                out.set(index, finish(out, index, sum33, epilogue, residualScale));
            }
        }
    }

    /** What is written for a sum. */
    private static float finish(FloatArray out, int index, float sum, int epilogue, float residualScale) {
        float result = sum;
        if (epilogue == RESIDUAL) {
            result = out.get(index) + residualScale * sum;
        }
        if (epilogue == GATE) {
            result = out.get(index) / (1.0f + TornadoMath.exp(-sum));
        }
        return result;
    }

    /**
     * Adds a projection to a graph.
     *
     * @param x {@code [tokenCapacity, inputSize]}
     * @param weights {@code [outputSize, inputSize]}
     * @param out {@code [tokenCapacity, outputSize]}
     * @param step of the call
     * @param tokenCapacity most tokens of a call
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray x,
            @Stored FloatArray weights,
            FloatArray out,
            IntArray step,
            int tokenCapacity,
            int outputSize,
            int inputSize) {
        KernelArguments.requireShape("out", out, "[tokenCapacity, outputSize]", tokenCapacity, outputSize);
        add(graph, task, x, weights, out, step, tokenCapacity, outputSize, inputSize, PLAIN, 1.0f);
    }

    /**
     * Adds a projection, scaled and added to the residual stream.
     *
     * @param x {@code [tokenCapacity, inputSize]}; not {@code hidden}
     * @param weights {@code [outputSize, inputSize]}
     * @param hidden {@code [tokenCapacity, outputSize]}; updated in place
     * @param step of the call
     * @param tokenCapacity most tokens of a call
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addResidualTo(
            KernelGraph graph,
            String task,
            FloatArray x,
            @Stored FloatArray weights,
            FloatArray hidden,
            IntArray step,
            int tokenCapacity,
            int outputSize,
            int inputSize,
            float residualScale) {
        KernelArguments.requireShape("hidden", hidden, "[tokenCapacity, outputSize]", tokenCapacity, outputSize);
        KernelArguments.requireDistinct("x", x, "hidden", hidden);
        add(graph, task, x, weights, hidden, step, tokenCapacity, outputSize, inputSize, RESIDUAL, residualScale);
    }

    /**
     * Adds a gate projection, applied to the mixer's output.
     *
     * @param x {@code [tokenCapacity, inputSize]}; not {@code mixed}
     * @param weights {@code [outputSize, inputSize]}
     * @param mixed {@code [tokenCapacity, outputSize]}; gated in place
     * @param step of the call
     * @param tokenCapacity most tokens of a call
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addGateTo(
            KernelGraph graph,
            String task,
            FloatArray x,
            @Stored FloatArray weights,
            FloatArray mixed,
            IntArray step,
            int tokenCapacity,
            int outputSize,
            int inputSize) {
        KernelArguments.requireShape("mixed", mixed, "[tokenCapacity, outputSize]", tokenCapacity, outputSize);
        KernelArguments.requireDistinct("x", x, "mixed", mixed);
        add(graph, task, x, weights, mixed, step, tokenCapacity, outputSize, inputSize, GATE, 1.0f);
    }

    private static void add(
            KernelGraph graph,
            String task,
            FloatArray x,
            @Stored FloatArray weights,
            FloatArray out,
            IntArray step,
            int tokenCapacity,
            int outputSize,
            int inputSize,
            int epilogue,
            float residualScale) {
        KernelArguments.requireAtLeast("tokenCapacity", 1, tokenCapacity);
        KernelArguments.requireAtLeast("outputSize", 1, outputSize);
        KernelArguments.requireAtLeast("inputSize", 1, inputSize);
        KernelArguments.requireShape("x", x, "[tokenCapacity, inputSize]", tokenCapacity, inputSize);
        KernelArguments.requireMatrix("weights", weights, "[outputSize, inputSize]", outputSize, inputSize);
        KernelArguments.requireShape("step", step, "[SIZE]", Step.SIZE);
        graph.taskGraph()
                .task(
                        task,
                        MatMulF32::compute,
                        graph.context(),
                        x,
                        weights,
                        out,
                        step,
                        outputSize,
                        inputSize,
                        epilogue,
                        residualScale);
        graph.grid(task, Tiles.grid(tokenCapacity, TILE, outputSize, TILE, GROUP_LANES));
    }
}
