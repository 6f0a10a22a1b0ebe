package sala.kernels.matmul;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Projections of many tokens on tensor cores, f16, on PTX and CUDA: tiles go through registers. Slower than
 * {@link PackedTensorMatMulF16}, since a {@code HalfFloatArray} is read by single elements, but on the same weights as the
 * matrix-vector product. {@link AsyncTensorMatMulF16} is the form for CUDA.
 *
 * <pre>  outColumns[o, t] = sum over i of weights[o, i] xColumns[i, t]  </pre>
 *
 * <p>The tokens stand in columns on both sides, since the second operand of the tensor cores is read along them:
 * {@link TokensToColumnsF16} and {@link ColumnsToTokens} turn them. Launch: 128 lanes a tile of 128 outputs and 128
 * tokens; sizes need not be multiples of the tile. Sums in f32. Ground truth:
 * {@link sala.kernels.reference.Linear#project}.
 */
public final class TensorMatMulF16 {
    /** Outputs and tokens of a tile; four warps compute 64 x 64 each. */
    private static final int TILE = 128;

    /** Inputs of a tile: two fragments. */
    private static final int DEPTH = 32;

    private static final int FRAGMENT_DEPTH = 16;
    private static final int GROUP_LANES = 128;

    /** A weight fragment: 16 rows of 16 elements, 32 bytes a row. */
    private static final int W_FRAGMENT_BYTES = 512;

    /** Half a weight tile, 16 inputs deep; the padding moves the second half to other banks. */
    private static final int W_HALF_INTS = TILE * FRAGMENT_DEPTH / 2 + 16;

    /** A panel of 8 tokens, 16 inputs deep, 16 bytes an input; the padding moves neighbours to other banks. */
    private static final int PANEL_INTS = 68;

    private static final int X_HALF_INTS = TILE / 8 * PANEL_INTS;
    private static final int W_BUFFER_INTS = 2 * W_HALF_INTS;
    private static final int X_BUFFER_INTS = 2 * X_HALF_INTS;

    private TensorMatMulF16() {}

    /**
     * The kernel.
     *
     * @param weights {@code [outputSize, inputSize]}, f16
     * @param xColumns {@code [inputSize, tokenCapacity]}, f16; columns of the call's tokens, up to a multiple of 8
     * @param outColumns {@code [outputSize up to a multiple of 16, tokenCapacity]}, f32; the columns of the call's
     *     tokens are written, up to a multiple of 8
     * @param step of the call
     */
    public static void compute(
            KernelContext context,
            HalfFloatArray weights,
            HalfFloatArray xColumns,
            FloatArray outColumns,
            IntArray step,
            int tokenCapacity,
            int outputSize,
            int inputSize) {
        int[] wTile = context.allocateIntLocalArray(2 * W_BUFFER_INTS);
        int[] xTile = context.allocateIntLocalArray(2 * X_BUFFER_INTS);
        int localId = context.localIdx;
        int tokenTiles = (tokenCapacity + TILE - 1) / TILE;
        int firstToken = context.groupIdx % tokenTiles * TILE;
        int firstOutput = context.groupIdx / tokenTiles * TILE;
        int tokens = (step.get(Step.NUM_TOKENS) + 7) / 8 * 8;
        int warp = localId / 32;
        int wWarp = warp / 2 * 4 * W_FRAGMENT_BYTES;
        int xWarp = warp % 2 * 8 * PANEL_INTS * Integer.BYTES;
        // A run-time bound: fragments do not survive the unrolling of a short loop.
        int depthSteps = firstToken < tokens ? inputSize / DEPTH : 0;
        // Weights: 16 pairs a row, 8 rows at a time. Tokens: 64 pairs an input, 2 inputs at a time.
        int wPair = localId % 16;
        int wLine = firstOutput + localId / 16;
        int wSlot = wPair / 8 * W_HALF_INTS + localId / 16 * 8 + wPair % 8;
        int xPair = localId % 64;
        int xDepth = localId / 64;
        int xSlot = xPair / 4 * PANEL_INTS + xDepth * 4 + xPair % 4;
        int xColumn = Math.min(firstToken + xPair * 2, tokens - 2);
        int lastOutput = outputSize - 1;
        float[] sum00 = context.mmaFragment(0.0f);
        float[] sum01 = context.mmaFragment(0.0f);
        float[] sum02 = context.mmaFragment(0.0f);
        float[] sum03 = context.mmaFragment(0.0f);
        float[] sum04 = context.mmaFragment(0.0f);
        float[] sum05 = context.mmaFragment(0.0f);
        float[] sum06 = context.mmaFragment(0.0f);
        float[] sum07 = context.mmaFragment(0.0f);
        float[] sum10 = context.mmaFragment(0.0f);
        float[] sum11 = context.mmaFragment(0.0f);
        float[] sum12 = context.mmaFragment(0.0f);
        float[] sum13 = context.mmaFragment(0.0f);
        float[] sum14 = context.mmaFragment(0.0f);
        float[] sum15 = context.mmaFragment(0.0f);
        float[] sum16 = context.mmaFragment(0.0f);
        float[] sum17 = context.mmaFragment(0.0f);
        float[] sum20 = context.mmaFragment(0.0f);
        float[] sum21 = context.mmaFragment(0.0f);
        float[] sum22 = context.mmaFragment(0.0f);
        float[] sum23 = context.mmaFragment(0.0f);
        float[] sum24 = context.mmaFragment(0.0f);
        float[] sum25 = context.mmaFragment(0.0f);
        float[] sum26 = context.mmaFragment(0.0f);
        float[] sum27 = context.mmaFragment(0.0f);
        float[] sum30 = context.mmaFragment(0.0f);
        float[] sum31 = context.mmaFragment(0.0f);
        float[] sum32 = context.mmaFragment(0.0f);
        float[] sum33 = context.mmaFragment(0.0f);
        float[] sum34 = context.mmaFragment(0.0f);
        float[] sum35 = context.mmaFragment(0.0f);
        float[] sum36 = context.mmaFragment(0.0f);
        float[] sum37 = context.mmaFragment(0.0f);
        int wFromFirst = 0 * DEPTH + wPair * 2;
        int xFromFirst = (0 * DEPTH + xDepth) * tokenCapacity + xColumn;
        int w0 = pair(weights, Math.min(wLine, lastOutput) * inputSize + wFromFirst);
        int w1 = pair(weights, Math.min(wLine + 8, lastOutput) * inputSize + wFromFirst);
        int w2 = pair(weights, Math.min(wLine + 16, lastOutput) * inputSize + wFromFirst);
        int w3 = pair(weights, Math.min(wLine + 24, lastOutput) * inputSize + wFromFirst);
        int w4 = pair(weights, Math.min(wLine + 32, lastOutput) * inputSize + wFromFirst);
        int w5 = pair(weights, Math.min(wLine + 40, lastOutput) * inputSize + wFromFirst);
        int w6 = pair(weights, Math.min(wLine + 48, lastOutput) * inputSize + wFromFirst);
        int w7 = pair(weights, Math.min(wLine + 56, lastOutput) * inputSize + wFromFirst);
        int w8 = pair(weights, Math.min(wLine + 64, lastOutput) * inputSize + wFromFirst);
        int w9 = pair(weights, Math.min(wLine + 72, lastOutput) * inputSize + wFromFirst);
        int w10 = pair(weights, Math.min(wLine + 80, lastOutput) * inputSize + wFromFirst);
        int w11 = pair(weights, Math.min(wLine + 88, lastOutput) * inputSize + wFromFirst);
        int w12 = pair(weights, Math.min(wLine + 96, lastOutput) * inputSize + wFromFirst);
        int w13 = pair(weights, Math.min(wLine + 104, lastOutput) * inputSize + wFromFirst);
        int w14 = pair(weights, Math.min(wLine + 112, lastOutput) * inputSize + wFromFirst);
        int w15 = pair(weights, Math.min(wLine + 120, lastOutput) * inputSize + wFromFirst);
        int x0 = pair(xColumns, xFromFirst);
        int x1 = pair(xColumns, xFromFirst + 2 * tokenCapacity);
        int x2 = pair(xColumns, xFromFirst + 4 * tokenCapacity);
        int x3 = pair(xColumns, xFromFirst + 6 * tokenCapacity);
        int x4 = pair(xColumns, xFromFirst + 8 * tokenCapacity);
        int x5 = pair(xColumns, xFromFirst + 10 * tokenCapacity);
        int x6 = pair(xColumns, xFromFirst + 12 * tokenCapacity);
        int x7 = pair(xColumns, xFromFirst + 14 * tokenCapacity);
        int x8 = pair(xColumns, xFromFirst + 16 * tokenCapacity);
        int x9 = pair(xColumns, xFromFirst + 18 * tokenCapacity);
        int x10 = pair(xColumns, xFromFirst + 20 * tokenCapacity);
        int x11 = pair(xColumns, xFromFirst + 22 * tokenCapacity);
        int x12 = pair(xColumns, xFromFirst + 24 * tokenCapacity);
        int x13 = pair(xColumns, xFromFirst + 26 * tokenCapacity);
        int x14 = pair(xColumns, xFromFirst + 28 * tokenCapacity);
        int x15 = pair(xColumns, xFromFirst + 30 * tokenCapacity);
        int wToFirst = 0 * W_BUFFER_INTS + wSlot;
        int xToFirst = 0 * X_BUFFER_INTS + xSlot;
        wTile[wToFirst] = w0;
        wTile[wToFirst + 64] = w1;
        wTile[wToFirst + 128] = w2;
        wTile[wToFirst + 192] = w3;
        wTile[wToFirst + 256] = w4;
        wTile[wToFirst + 320] = w5;
        wTile[wToFirst + 384] = w6;
        wTile[wToFirst + 448] = w7;
        wTile[wToFirst + 512] = w8;
        wTile[wToFirst + 576] = w9;
        wTile[wToFirst + 640] = w10;
        wTile[wToFirst + 704] = w11;
        wTile[wToFirst + 768] = w12;
        wTile[wToFirst + 832] = w13;
        wTile[wToFirst + 896] = w14;
        wTile[wToFirst + 960] = w15;
        xTile[xToFirst] = x0;
        xTile[xToFirst + 8] = x1;
        xTile[xToFirst + 16] = x2;
        xTile[xToFirst + 24] = x3;
        xTile[xToFirst + 32] = x4;
        xTile[xToFirst + 40] = x5;
        xTile[xToFirst + 48] = x6;
        xTile[xToFirst + 56] = x7;
        xTile[xToFirst + X_HALF_INTS] = x8;
        xTile[xToFirst + X_HALF_INTS + 8] = x9;
        xTile[xToFirst + X_HALF_INTS + 16] = x10;
        xTile[xToFirst + X_HALF_INTS + 24] = x11;
        xTile[xToFirst + X_HALF_INTS + 32] = x12;
        xTile[xToFirst + X_HALF_INTS + 40] = x13;
        xTile[xToFirst + X_HALF_INTS + 48] = x14;
        xTile[xToFirst + X_HALF_INTS + 56] = x15;
        for (int depthStep = 0; depthStep < depthSteps; depthStep++) {
            context.localBarrier();
            int buffer = depthStep % 2;
            // The elements of the next step travel while this one is computed; the last step reads its own again.
            int next = Math.min(depthStep + 1, depthSteps - 1);
            int wFromNext = next * DEPTH + wPair * 2;
            int xFromNext = (next * DEPTH + xDepth) * tokenCapacity + xColumn;
            w0 = pair(weights, Math.min(wLine, lastOutput) * inputSize + wFromNext);
            w1 = pair(weights, Math.min(wLine + 8, lastOutput) * inputSize + wFromNext);
            w2 = pair(weights, Math.min(wLine + 16, lastOutput) * inputSize + wFromNext);
            w3 = pair(weights, Math.min(wLine + 24, lastOutput) * inputSize + wFromNext);
            w4 = pair(weights, Math.min(wLine + 32, lastOutput) * inputSize + wFromNext);
            w5 = pair(weights, Math.min(wLine + 40, lastOutput) * inputSize + wFromNext);
            w6 = pair(weights, Math.min(wLine + 48, lastOutput) * inputSize + wFromNext);
            w7 = pair(weights, Math.min(wLine + 56, lastOutput) * inputSize + wFromNext);
            w8 = pair(weights, Math.min(wLine + 64, lastOutput) * inputSize + wFromNext);
            w9 = pair(weights, Math.min(wLine + 72, lastOutput) * inputSize + wFromNext);
            w10 = pair(weights, Math.min(wLine + 80, lastOutput) * inputSize + wFromNext);
            w11 = pair(weights, Math.min(wLine + 88, lastOutput) * inputSize + wFromNext);
            w12 = pair(weights, Math.min(wLine + 96, lastOutput) * inputSize + wFromNext);
            w13 = pair(weights, Math.min(wLine + 104, lastOutput) * inputSize + wFromNext);
            w14 = pair(weights, Math.min(wLine + 112, lastOutput) * inputSize + wFromNext);
            w15 = pair(weights, Math.min(wLine + 120, lastOutput) * inputSize + wFromNext);
            x0 = pair(xColumns, xFromNext);
            x1 = pair(xColumns, xFromNext + 2 * tokenCapacity);
            x2 = pair(xColumns, xFromNext + 4 * tokenCapacity);
            x3 = pair(xColumns, xFromNext + 6 * tokenCapacity);
            x4 = pair(xColumns, xFromNext + 8 * tokenCapacity);
            x5 = pair(xColumns, xFromNext + 10 * tokenCapacity);
            x6 = pair(xColumns, xFromNext + 12 * tokenCapacity);
            x7 = pair(xColumns, xFromNext + 14 * tokenCapacity);
            x8 = pair(xColumns, xFromNext + 16 * tokenCapacity);
            x9 = pair(xColumns, xFromNext + 18 * tokenCapacity);
            x10 = pair(xColumns, xFromNext + 20 * tokenCapacity);
            x11 = pair(xColumns, xFromNext + 22 * tokenCapacity);
            x12 = pair(xColumns, xFromNext + 24 * tokenCapacity);
            x13 = pair(xColumns, xFromNext + 26 * tokenCapacity);
            x14 = pair(xColumns, xFromNext + 28 * tokenCapacity);
            x15 = pair(xColumns, xFromNext + 30 * tokenCapacity);
            int wBytes = buffer * W_BUFFER_INTS * Integer.BYTES + wWarp;
            int xBytes = buffer * X_BUFFER_INTS * Integer.BYTES + xWarp;
            HalfFloat[] nearX0 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xBytes);
            HalfFloat[] nearX1 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xBytes + PANEL_INTS * Integer.BYTES);
            HalfFloat[] nearX2 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xBytes + 2 * PANEL_INTS * Integer.BYTES);
            HalfFloat[] nearX3 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xBytes + 3 * PANEL_INTS * Integer.BYTES);
            HalfFloat[] nearX4 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xBytes + 4 * PANEL_INTS * Integer.BYTES);
            HalfFloat[] nearX5 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xBytes + 5 * PANEL_INTS * Integer.BYTES);
            HalfFloat[] nearX6 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xBytes + 6 * PANEL_INTS * Integer.BYTES);
            HalfFloat[] nearX7 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xBytes + 7 * PANEL_INTS * Integer.BYTES);
            HalfFloat[] nearW0 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wBytes);
            sum00 = context.mma(nearW0, nearX0, sum00, MMAShape.M16N8K16);
            sum01 = context.mma(nearW0, nearX1, sum01, MMAShape.M16N8K16);
            sum02 = context.mma(nearW0, nearX2, sum02, MMAShape.M16N8K16);
            sum03 = context.mma(nearW0, nearX3, sum03, MMAShape.M16N8K16);
            sum04 = context.mma(nearW0, nearX4, sum04, MMAShape.M16N8K16);
            sum05 = context.mma(nearW0, nearX5, sum05, MMAShape.M16N8K16);
            sum06 = context.mma(nearW0, nearX6, sum06, MMAShape.M16N8K16);
            sum07 = context.mma(nearW0, nearX7, sum07, MMAShape.M16N8K16);
            HalfFloat[] nearW1 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wBytes + W_FRAGMENT_BYTES);
            sum10 = context.mma(nearW1, nearX0, sum10, MMAShape.M16N8K16);
            sum11 = context.mma(nearW1, nearX1, sum11, MMAShape.M16N8K16);
            sum12 = context.mma(nearW1, nearX2, sum12, MMAShape.M16N8K16);
            sum13 = context.mma(nearW1, nearX3, sum13, MMAShape.M16N8K16);
            sum14 = context.mma(nearW1, nearX4, sum14, MMAShape.M16N8K16);
            sum15 = context.mma(nearW1, nearX5, sum15, MMAShape.M16N8K16);
            sum16 = context.mma(nearW1, nearX6, sum16, MMAShape.M16N8K16);
            sum17 = context.mma(nearW1, nearX7, sum17, MMAShape.M16N8K16);
            HalfFloat[] nearW2 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wBytes + 2 * W_FRAGMENT_BYTES);
            sum20 = context.mma(nearW2, nearX0, sum20, MMAShape.M16N8K16);
            sum21 = context.mma(nearW2, nearX1, sum21, MMAShape.M16N8K16);
            sum22 = context.mma(nearW2, nearX2, sum22, MMAShape.M16N8K16);
            sum23 = context.mma(nearW2, nearX3, sum23, MMAShape.M16N8K16);
            sum24 = context.mma(nearW2, nearX4, sum24, MMAShape.M16N8K16);
            sum25 = context.mma(nearW2, nearX5, sum25, MMAShape.M16N8K16);
            sum26 = context.mma(nearW2, nearX6, sum26, MMAShape.M16N8K16);
            sum27 = context.mma(nearW2, nearX7, sum27, MMAShape.M16N8K16);
            HalfFloat[] nearW3 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wBytes + 3 * W_FRAGMENT_BYTES);
            sum30 = context.mma(nearW3, nearX0, sum30, MMAShape.M16N8K16);
            sum31 = context.mma(nearW3, nearX1, sum31, MMAShape.M16N8K16);
            sum32 = context.mma(nearW3, nearX2, sum32, MMAShape.M16N8K16);
            sum33 = context.mma(nearW3, nearX3, sum33, MMAShape.M16N8K16);
            sum34 = context.mma(nearW3, nearX4, sum34, MMAShape.M16N8K16);
            sum35 = context.mma(nearW3, nearX5, sum35, MMAShape.M16N8K16);
            sum36 = context.mma(nearW3, nearX6, sum36, MMAShape.M16N8K16);
            sum37 = context.mma(nearW3, nearX7, sum37, MMAShape.M16N8K16);
            int wFar = wBytes + W_HALF_INTS * Integer.BYTES;
            int xFar = xBytes + X_HALF_INTS * Integer.BYTES;
            HalfFloat[] farX0 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xFar);
            HalfFloat[] farX1 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xFar + PANEL_INTS * Integer.BYTES);
            HalfFloat[] farX2 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xFar + 2 * PANEL_INTS * Integer.BYTES);
            HalfFloat[] farX3 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xFar + 3 * PANEL_INTS * Integer.BYTES);
            HalfFloat[] farX4 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xFar + 4 * PANEL_INTS * Integer.BYTES);
            HalfFloat[] farX5 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xFar + 5 * PANEL_INTS * Integer.BYTES);
            HalfFloat[] farX6 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xFar + 6 * PANEL_INTS * Integer.BYTES);
            HalfFloat[] farX7 = context.mmaLoadB(xTile, FRAGMENT_DEPTH, xFar + 7 * PANEL_INTS * Integer.BYTES);
            HalfFloat[] farW0 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wFar);
            sum00 = context.mma(farW0, farX0, sum00, MMAShape.M16N8K16);
            sum01 = context.mma(farW0, farX1, sum01, MMAShape.M16N8K16);
            sum02 = context.mma(farW0, farX2, sum02, MMAShape.M16N8K16);
            sum03 = context.mma(farW0, farX3, sum03, MMAShape.M16N8K16);
            sum04 = context.mma(farW0, farX4, sum04, MMAShape.M16N8K16);
            sum05 = context.mma(farW0, farX5, sum05, MMAShape.M16N8K16);
            sum06 = context.mma(farW0, farX6, sum06, MMAShape.M16N8K16);
            sum07 = context.mma(farW0, farX7, sum07, MMAShape.M16N8K16);
            HalfFloat[] farW1 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wFar + W_FRAGMENT_BYTES);
            sum10 = context.mma(farW1, farX0, sum10, MMAShape.M16N8K16);
            sum11 = context.mma(farW1, farX1, sum11, MMAShape.M16N8K16);
            sum12 = context.mma(farW1, farX2, sum12, MMAShape.M16N8K16);
            sum13 = context.mma(farW1, farX3, sum13, MMAShape.M16N8K16);
            sum14 = context.mma(farW1, farX4, sum14, MMAShape.M16N8K16);
            sum15 = context.mma(farW1, farX5, sum15, MMAShape.M16N8K16);
            sum16 = context.mma(farW1, farX6, sum16, MMAShape.M16N8K16);
            sum17 = context.mma(farW1, farX7, sum17, MMAShape.M16N8K16);
            HalfFloat[] farW2 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wFar + 2 * W_FRAGMENT_BYTES);
            sum20 = context.mma(farW2, farX0, sum20, MMAShape.M16N8K16);
            sum21 = context.mma(farW2, farX1, sum21, MMAShape.M16N8K16);
            sum22 = context.mma(farW2, farX2, sum22, MMAShape.M16N8K16);
            sum23 = context.mma(farW2, farX3, sum23, MMAShape.M16N8K16);
            sum24 = context.mma(farW2, farX4, sum24, MMAShape.M16N8K16);
            sum25 = context.mma(farW2, farX5, sum25, MMAShape.M16N8K16);
            sum26 = context.mma(farW2, farX6, sum26, MMAShape.M16N8K16);
            sum27 = context.mma(farW2, farX7, sum27, MMAShape.M16N8K16);
            HalfFloat[] farW3 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wFar + 3 * W_FRAGMENT_BYTES);
            sum30 = context.mma(farW3, farX0, sum30, MMAShape.M16N8K16);
            sum31 = context.mma(farW3, farX1, sum31, MMAShape.M16N8K16);
            sum32 = context.mma(farW3, farX2, sum32, MMAShape.M16N8K16);
            sum33 = context.mma(farW3, farX3, sum33, MMAShape.M16N8K16);
            sum34 = context.mma(farW3, farX4, sum34, MMAShape.M16N8K16);
            sum35 = context.mma(farW3, farX5, sum35, MMAShape.M16N8K16);
            sum36 = context.mma(farW3, farX6, sum36, MMAShape.M16N8K16);
            sum37 = context.mma(farW3, farX7, sum37, MMAShape.M16N8K16);
            int other = 1 - buffer;
            int wToNext = other * W_BUFFER_INTS + wSlot;
            int xToNext = other * X_BUFFER_INTS + xSlot;
            wTile[wToNext] = w0;
            wTile[wToNext + 64] = w1;
            wTile[wToNext + 128] = w2;
            wTile[wToNext + 192] = w3;
            wTile[wToNext + 256] = w4;
            wTile[wToNext + 320] = w5;
            wTile[wToNext + 384] = w6;
            wTile[wToNext + 448] = w7;
            wTile[wToNext + 512] = w8;
            wTile[wToNext + 576] = w9;
            wTile[wToNext + 640] = w10;
            wTile[wToNext + 704] = w11;
            wTile[wToNext + 768] = w12;
            wTile[wToNext + 832] = w13;
            wTile[wToNext + 896] = w14;
            wTile[wToNext + 960] = w15;
            xTile[xToNext] = x0;
            xTile[xToNext + 8] = x1;
            xTile[xToNext + 16] = x2;
            xTile[xToNext + 24] = x3;
            xTile[xToNext + 32] = x4;
            xTile[xToNext + 40] = x5;
            xTile[xToNext + 48] = x6;
            xTile[xToNext + 56] = x7;
            xTile[xToNext + X_HALF_INTS] = x8;
            xTile[xToNext + X_HALF_INTS + 8] = x9;
            xTile[xToNext + X_HALF_INTS + 16] = x10;
            xTile[xToNext + X_HALF_INTS + 24] = x11;
            xTile[xToNext + X_HALF_INTS + 32] = x12;
            xTile[xToNext + X_HALF_INTS + 40] = x13;
            xTile[xToNext + X_HALF_INTS + 48] = x14;
            xTile[xToNext + X_HALF_INTS + 56] = x15;
        }
        int row = firstOutput + warp / 2 * 64;
        int column = firstToken + warp % 2 * 64;
        if (column < tokens) {
            if (row < outputSize) {
                context.mmaStore(sum00, outColumns, row, column, tokenCapacity);
            }
            if (row + 16 < outputSize) {
                context.mmaStore(sum10, outColumns, row + 16, column, tokenCapacity);
            }
            if (row + 32 < outputSize) {
                context.mmaStore(sum20, outColumns, row + 32, column, tokenCapacity);
            }
            if (row + 48 < outputSize) {
                context.mmaStore(sum30, outColumns, row + 48, column, tokenCapacity);
            }
        }
        if (column + 8 < tokens) {
            if (row < outputSize) {
                context.mmaStore(sum01, outColumns, row, column + 8, tokenCapacity);
            }
            if (row + 16 < outputSize) {
                context.mmaStore(sum11, outColumns, row + 16, column + 8, tokenCapacity);
            }
            if (row + 32 < outputSize) {
                context.mmaStore(sum21, outColumns, row + 32, column + 8, tokenCapacity);
            }
            if (row + 48 < outputSize) {
                context.mmaStore(sum31, outColumns, row + 48, column + 8, tokenCapacity);
            }
        }
        if (column + 16 < tokens) {
            if (row < outputSize) {
                context.mmaStore(sum02, outColumns, row, column + 16, tokenCapacity);
            }
            if (row + 16 < outputSize) {
                context.mmaStore(sum12, outColumns, row + 16, column + 16, tokenCapacity);
            }
            if (row + 32 < outputSize) {
                context.mmaStore(sum22, outColumns, row + 32, column + 16, tokenCapacity);
            }
            if (row + 48 < outputSize) {
                context.mmaStore(sum32, outColumns, row + 48, column + 16, tokenCapacity);
            }
        }
        if (column + 24 < tokens) {
            if (row < outputSize) {
                context.mmaStore(sum03, outColumns, row, column + 24, tokenCapacity);
            }
            if (row + 16 < outputSize) {
                context.mmaStore(sum13, outColumns, row + 16, column + 24, tokenCapacity);
            }
            if (row + 32 < outputSize) {
                context.mmaStore(sum23, outColumns, row + 32, column + 24, tokenCapacity);
            }
            if (row + 48 < outputSize) {
                context.mmaStore(sum33, outColumns, row + 48, column + 24, tokenCapacity);
            }
        }
        if (column + 32 < tokens) {
            if (row < outputSize) {
                context.mmaStore(sum04, outColumns, row, column + 32, tokenCapacity);
            }
            if (row + 16 < outputSize) {
                context.mmaStore(sum14, outColumns, row + 16, column + 32, tokenCapacity);
            }
            if (row + 32 < outputSize) {
                context.mmaStore(sum24, outColumns, row + 32, column + 32, tokenCapacity);
            }
            if (row + 48 < outputSize) {
                context.mmaStore(sum34, outColumns, row + 48, column + 32, tokenCapacity);
            }
        }
        if (column + 40 < tokens) {
            if (row < outputSize) {
                context.mmaStore(sum05, outColumns, row, column + 40, tokenCapacity);
            }
            if (row + 16 < outputSize) {
                context.mmaStore(sum15, outColumns, row + 16, column + 40, tokenCapacity);
            }
            if (row + 32 < outputSize) {
                context.mmaStore(sum25, outColumns, row + 32, column + 40, tokenCapacity);
            }
            if (row + 48 < outputSize) {
                context.mmaStore(sum35, outColumns, row + 48, column + 40, tokenCapacity);
            }
        }
        if (column + 48 < tokens) {
            if (row < outputSize) {
                context.mmaStore(sum06, outColumns, row, column + 48, tokenCapacity);
            }
            if (row + 16 < outputSize) {
                context.mmaStore(sum16, outColumns, row + 16, column + 48, tokenCapacity);
            }
            if (row + 32 < outputSize) {
                context.mmaStore(sum26, outColumns, row + 32, column + 48, tokenCapacity);
            }
            if (row + 48 < outputSize) {
                context.mmaStore(sum36, outColumns, row + 48, column + 48, tokenCapacity);
            }
        }
        if (column + 56 < tokens) {
            if (row < outputSize) {
                context.mmaStore(sum07, outColumns, row, column + 56, tokenCapacity);
            }
            if (row + 16 < outputSize) {
                context.mmaStore(sum17, outColumns, row + 16, column + 56, tokenCapacity);
            }
            if (row + 32 < outputSize) {
                context.mmaStore(sum27, outColumns, row + 32, column + 56, tokenCapacity);
            }
            if (row + 48 < outputSize) {
                context.mmaStore(sum37, outColumns, row + 48, column + 56, tokenCapacity);
            }
        }
    }

    /** Two neighbouring elements, the first in the low bits. */
    private static int pair(HalfFloatArray array, int index) {
        int low = array.get(index).getHalfFloatValue() & 0xffff;
        int high = array.get(index + 1).getHalfFloatValue() & 0xffff;
        return low | (high << 16);
    }

    /**
     * Adds the product to a graph.
     *
     * @param weights {@code [outputSize, inputSize]}
     * @param xColumns {@code [inputSize, tokenCapacity]}
     * @param outColumns {@code [outputSize up to a multiple of 16, tokenCapacity]}
     * @param step of the call
     * @param tokenCapacity most tokens of a call, a multiple of 8
     * @param inputSize a multiple of 32
     * @throws IllegalArgumentException if an array is null or too small, or a size is no such multiple
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            HalfFloatArray weights,
            HalfFloatArray xColumns,
            FloatArray outColumns,
            IntArray step,
            int tokenCapacity,
            int outputSize,
            int inputSize) {
        KernelArguments.requireMultiple("tokenCapacity", 8, tokenCapacity);
        KernelArguments.requireAtLeast("outputSize", 1, outputSize);
        KernelArguments.requireMultiple("inputSize", DEPTH, inputSize);
        KernelArguments.requireMatrix("weights", weights, "[outputSize, inputSize]", outputSize, inputSize);
        KernelArguments.requireMatrix("xColumns", xColumns, "[inputSize, tokenCapacity]", inputSize, tokenCapacity);
        KernelArguments.requireShape(
                "outColumns",
                outColumns,
                "[outputSize up to a multiple of 16, tokenCapacity]",
                (outputSize + 15) / 16 * 16,
                tokenCapacity);
        KernelArguments.requireShape("step", step, "[SIZE]", Step.SIZE);
        graph.taskGraph()
                .task(
                        task,
                        TensorMatMulF16::compute,
                        graph.context(),
                        weights,
                        xColumns,
                        outColumns,
                        step,
                        tokenCapacity,
                        outputSize,
                        inputSize);
        graph.grid(task, Tiles.grid(outputSize, TILE, tokenCapacity, TILE, GROUP_LANES));
    }
}
