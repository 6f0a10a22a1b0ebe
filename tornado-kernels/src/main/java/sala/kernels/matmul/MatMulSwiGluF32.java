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
 * The first half of the MLP for many tokens on every backend: gate and up projections of a tile share its input, and the
 * activation is applied before anything is written.
 *
 * <pre>  out[t, o] = silu(g) u,   g = sum over i of x[t, i] gateProj[o, i],   u = sum over i of x[t, i] upProj[o, i]  </pre>
 *
 * <p>Launch: as {@link MatMulF32}, 32 sums a lane. Sums in f32. Ground truth:
 * {@link sala.kernels.reference.Linear#project}, {@link sala.kernels.reference.SwiGlu#activate}.
 */
@StorageVariants({F16, PACKED_BF16})
public final class MatMulSwiGluF32 {
    /** Tokens and outputs of a tile. */
    private static final int TILE = 64;

    /** Inputs of a tile. */
    private static final int DEPTH = 16;

    /** Odd, so that neighbouring inputs of a row fall into different banks. */
    private static final int TILE_STRIDE = TILE + 1;

    private static final int LANES_PER_SIDE = 16;
    private static final int GROUP_LANES = LANES_PER_SIDE * LANES_PER_SIDE;

    private MatMulSwiGluF32() {}

    /**
     * The kernel.
     *
     * @param x {@code [T, inputSize]}, f32
     * @param gateProj {@code [outputSize, inputSize]}, stored
     * @param upProj {@code [outputSize, inputSize]}, stored
     * @param out {@code [T, outputSize]}, f32; every element of the call's tokens is written
     * @param step of the call
     */
    public static void compute(
            KernelContext context,
            FloatArray x,
            @Stored FloatArray gateProj,
            @Stored FloatArray upProj,
            FloatArray out,
            IntArray step,
            int outputSize,
            int inputSize) {
        float[] xTile = context.allocateFloatLocalArray(DEPTH * TILE_STRIDE);
        float[] gateTile = context.allocateFloatLocalArray(DEPTH * TILE_STRIDE);
        float[] upTile = context.allocateFloatLocalArray(DEPTH * TILE_STRIDE);
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
        float gate00 = 0.0f;
        float gate01 = 0.0f;
        float gate02 = 0.0f;
        float gate03 = 0.0f;
        float gate10 = 0.0f;
        float gate11 = 0.0f;
        float gate12 = 0.0f;
        float gate13 = 0.0f;
        float gate20 = 0.0f;
        float gate21 = 0.0f;
        float gate22 = 0.0f;
        float gate23 = 0.0f;
        float gate30 = 0.0f;
        float gate31 = 0.0f;
        float gate32 = 0.0f;
        float gate33 = 0.0f;
        float up00 = 0.0f;
        float up01 = 0.0f;
        float up02 = 0.0f;
        float up03 = 0.0f;
        float up10 = 0.0f;
        float up11 = 0.0f;
        float up12 = 0.0f;
        float up13 = 0.0f;
        float up20 = 0.0f;
        float up21 = 0.0f;
        float up22 = 0.0f;
        float up23 = 0.0f;
        float up30 = 0.0f;
        float up31 = 0.0f;
        float up32 = 0.0f;
        float up33 = 0.0f;
        for (int depth = 0; depth < depthEnd; depth += DEPTH) {
            int column = depth + loadDepth;
            for (int row = loadRow; row < TILE; row += LANES_PER_SIDE) {
                float xValue = 0.0f;
                float gateProjValue = 0.0f;
                float upProjValue = 0.0f;
                if (column < inputSize && firstToken + row < numTokens) {
                    xValue = x.get((firstToken + row) * inputSize + column);
                }
                if (column < inputSize && firstOutput + row < outputSize) {
                    gateProjValue = Storage.load(gateProj, (firstOutput + row) * inputSize + column);
                    upProjValue = Storage.load(upProj, (firstOutput + row) * inputSize + column);
                }
                xTile[loadDepth * TILE_STRIDE + row] = xValue;
                gateTile[loadDepth * TILE_STRIDE + row] = gateProjValue;
                upTile[loadDepth * TILE_STRIDE + row] = upProjValue;
            }
            context.localBarrier();
            for (int k = 0; k < DEPTH; k++) {
                int xStart = k * TILE_STRIDE + tokenLane;
                int wStart = k * TILE_STRIDE + outputLane;
                float x0 = xTile[xStart];
                float x1 = xTile[xStart + 1];
                float x2 = xTile[xStart + 2];
                float x3 = xTile[xStart + 3];
                float g0 = gateTile[wStart];
                float g1 = gateTile[wStart + 16];
                float g2 = gateTile[wStart + 32];
                float g3 = gateTile[wStart + 48];
                float u0 = upTile[wStart];
                float u1 = upTile[wStart + 16];
                float u2 = upTile[wStart + 32];
                float u3 = upTile[wStart + 48];
                gate00 += x0 * g0;
                gate01 += x0 * g1;
                gate02 += x0 * g2;
                gate03 += x0 * g3;
                gate10 += x1 * g0;
                gate11 += x1 * g1;
                gate12 += x1 * g2;
                gate13 += x1 * g3;
                gate20 += x2 * g0;
                gate21 += x2 * g1;
                gate22 += x2 * g2;
                gate23 += x2 * g3;
                gate30 += x3 * g0;
                gate31 += x3 * g1;
                gate32 += x3 * g2;
                gate33 += x3 * g3;
                up00 += x0 * u0;
                up01 += x0 * u1;
                up02 += x0 * u2;
                up03 += x0 * u3;
                up10 += x1 * u0;
                up11 += x1 * u1;
                up12 += x1 * u2;
                up13 += x1 * u3;
                up20 += x2 * u0;
                up21 += x2 * u1;
                up22 += x2 * u2;
                up23 += x2 * u3;
                up30 += x3 * u0;
                up31 += x3 * u1;
                up32 += x3 * u2;
                up33 += x3 * u3;
            }
            context.localBarrier();
        }
        int output = firstOutput + outputLane;
        if (firstToken + tokenLane + 0 < numTokens) {
            int start = (firstToken + tokenLane + 0) * outputSize;
            if (output + 0 < outputSize) {
                int index = start + output + 0;
                out.set(index, activate(gate00, up00));
            }
            if (output + 16 < outputSize) {
                int index = start + output + 16;
                out.set(index, activate(gate01, up01));
            }
            if (output + 32 < outputSize) {
                int index = start + output + 32;
                out.set(index, activate(gate02, up02));
            }
            if (output + 48 < outputSize) {
                int index = start + output + 48;
                out.set(index, activate(gate03, up03));
            }
        }
        if (firstToken + tokenLane + 1 < numTokens) {
            int start = (firstToken + tokenLane + 1) * outputSize;
            if (output + 0 < outputSize) {
                int index = start + output + 0;
                out.set(index, activate(gate10, up10));
            }
            if (output + 16 < outputSize) {
                int index = start + output + 16;
                out.set(index, activate(gate11, up11));
            }
            if (output + 32 < outputSize) {
                int index = start + output + 32;
                out.set(index, activate(gate12, up12));
            }
            if (output + 48 < outputSize) {
                int index = start + output + 48;
                out.set(index, activate(gate13, up13));
            }
        }
        if (firstToken + tokenLane + 2 < numTokens) {
            int start = (firstToken + tokenLane + 2) * outputSize;
            if (output + 0 < outputSize) {
                int index = start + output + 0;
                out.set(index, activate(gate20, up20));
            }
            if (output + 16 < outputSize) {
                int index = start + output + 16;
                out.set(index, activate(gate21, up21));
            }
            if (output + 32 < outputSize) {
                int index = start + output + 32;
                out.set(index, activate(gate22, up22));
            }
            if (output + 48 < outputSize) {
                int index = start + output + 48;
                out.set(index, activate(gate23, up23));
            }
        }
        if (firstToken + tokenLane + 3 < numTokens) {
            int start = (firstToken + tokenLane + 3) * outputSize;
            if (output + 0 < outputSize) {
                int index = start + output + 0;
                out.set(index, activate(gate30, up30));
            }
            if (output + 16 < outputSize) {
                int index = start + output + 16;
                out.set(index, activate(gate31, up31));
            }
            if (output + 32 < outputSize) {
                int index = start + output + 32;
                out.set(index, activate(gate32, up32));
            }
            if (output + 48 < outputSize) {
                int index = start + output + 48;
                out.set(index, activate(gate33, up33));
            }
        }
    }

    private static float activate(float gate, float up) {
        return gate / (1.0f + TornadoMath.exp(-gate)) * up;
    }

    /**
     * Adds the two projections and the activation to a graph.
     *
     * @param x {@code [tokenCapacity, inputSize]}; not {@code out}
     * @param gateProj {@code [outputSize, inputSize]}
     * @param upProj {@code [outputSize, inputSize]}
     * @param out {@code [tokenCapacity, outputSize]}
     * @param step of the call
     * @param tokenCapacity most tokens of a call
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray x,
            @Stored FloatArray gateProj,
            @Stored FloatArray upProj,
            FloatArray out,
            IntArray step,
            int tokenCapacity,
            int outputSize,
            int inputSize) {
        KernelArguments.requireAtLeast("tokenCapacity", 1, tokenCapacity);
        KernelArguments.requireAtLeast("outputSize", 1, outputSize);
        KernelArguments.requireAtLeast("inputSize", 1, inputSize);
        KernelArguments.requireShape("x", x, "[tokenCapacity, inputSize]", tokenCapacity, inputSize);
        KernelArguments.requireMatrix("gateProj", gateProj, "[outputSize, inputSize]", outputSize, inputSize);
        KernelArguments.requireMatrix("upProj", upProj, "[outputSize, inputSize]", outputSize, inputSize);
        KernelArguments.requireShape("out", out, "[tokenCapacity, outputSize]", tokenCapacity, outputSize);
        KernelArguments.requireDistinct("x", x, "out", out);
        KernelArguments.requireShape("step", step, "[SIZE]", Step.SIZE);
        graph.taskGraph()
                .task(
                        task,
                        MatMulSwiGluF32::compute,
                        graph.context(),
                        x,
                        gateProj,
                        upProj,
                        out,
                        step,
                        outputSize,
                        inputSize);
        graph.grid(task, Tiles.grid(tokenCapacity, TILE, outputSize, TILE, GROUP_LANES));
    }
}
