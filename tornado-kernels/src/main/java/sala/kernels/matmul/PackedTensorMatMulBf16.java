package sala.kernels.matmul;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * {@link PackedTensorMatMulF16} of bf16, on CUDA.
 *
 * <pre>  outColumns[o, t] = sum over i of weights[o, i] xColumns[i, t]  </pre>
 *
 * <p>The tokens stand in columns on both sides, since the second operand of the tensor cores is read along them:
 * {@link TokensToColumnsPackedBf16} and {@link ColumnsToTokens} turn them. Launch: 128 lanes a tile of 128 outputs and 128
 * tokens; sizes need not be multiples of the tile. Sums in f32. Ground truth:
 * {@link sala.kernels.reference.Linear#project}.
 */
public final class PackedTensorMatMulBf16 {
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

    private PackedTensorMatMulBf16() {}

    /**
     * The kernel.
     *
     * @param weights {@code [outputSize, inputSize]}, packed bf16
     * @param xColumns {@code [inputSize, tokenCapacity]}, four tokens a word; columns of the call's tokens, up to a multiple of 8
     * @param outColumns {@code [outputSize up to a multiple of 16, tokenCapacity]}, f32; the columns of the call's
     *     tokens are written, up to a multiple of 8
     * @param step of the call
     */
    public static void compute(
            KernelContext context,
            LongArray weights,
            LongArray xColumns,
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
        int wWords = inputSize / 4;
        int xWords = tokenCapacity / 4;
        // Weights: 8 words a row, 16 rows at a time. Tokens: 32 words an input, 4 inputs at a time.
        int wWord = localId % 8;
        int wLine = localId / 8;
        int wSlot = wWord / 4 * W_HALF_INTS + wLine * 8 + wWord % 4 * 2;
        int xWord = localId % 32;
        int xDepth = localId / 32;
        int xSlot = xWord / 2 * PANEL_INTS + xDepth * 4 + xWord % 2 * 2;
        int xColumn = Math.min(firstToken / 4 + xWord, tokens / 4 - 1);
        int lastOutput = outputSize - 1;
        int wRow0 = Math.min(firstOutput + wLine, lastOutput) * wWords + wWord;
        int wRow1 = Math.min(firstOutput + wLine + 16, lastOutput) * wWords + wWord;
        int wRow2 = Math.min(firstOutput + wLine + 32, lastOutput) * wWords + wWord;
        int wRow3 = Math.min(firstOutput + wLine + 48, lastOutput) * wWords + wWord;
        int wRow4 = Math.min(firstOutput + wLine + 64, lastOutput) * wWords + wWord;
        int wRow5 = Math.min(firstOutput + wLine + 80, lastOutput) * wWords + wWord;
        int wRow6 = Math.min(firstOutput + wLine + 96, lastOutput) * wWords + wWord;
        int wRow7 = Math.min(firstOutput + wLine + 112, lastOutput) * wWords + wWord;
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
        long w0 = weights.get(wRow0 + 0 * 8);
        long w1 = weights.get(wRow1 + 0 * 8);
        long w2 = weights.get(wRow2 + 0 * 8);
        long w3 = weights.get(wRow3 + 0 * 8);
        long w4 = weights.get(wRow4 + 0 * 8);
        long w5 = weights.get(wRow5 + 0 * 8);
        long w6 = weights.get(wRow6 + 0 * 8);
        long w7 = weights.get(wRow7 + 0 * 8);
        int firstX = (0 * DEPTH + xDepth) * xWords + xColumn;
        long x0 = xColumns.get(firstX);
        long x1 = xColumns.get(firstX + 4 * xWords);
        long x2 = xColumns.get(firstX + 8 * xWords);
        long x3 = xColumns.get(firstX + 12 * xWords);
        long x4 = xColumns.get(firstX + 16 * xWords);
        long x5 = xColumns.get(firstX + 20 * xWords);
        long x6 = xColumns.get(firstX + 24 * xWords);
        long x7 = xColumns.get(firstX + 28 * xWords);
        int wToFirst = 0 * W_BUFFER_INTS + wSlot;
        int xToFirst = 0 * X_BUFFER_INTS + xSlot;
        wTile[wToFirst] = (int) w0;
        wTile[wToFirst + 1] = (int) (w0 >> 32);
        wTile[wToFirst + 128] = (int) w1;
        wTile[wToFirst + 129] = (int) (w1 >> 32);
        wTile[wToFirst + 256] = (int) w2;
        wTile[wToFirst + 257] = (int) (w2 >> 32);
        wTile[wToFirst + 384] = (int) w3;
        wTile[wToFirst + 385] = (int) (w3 >> 32);
        wTile[wToFirst + 512] = (int) w4;
        wTile[wToFirst + 513] = (int) (w4 >> 32);
        wTile[wToFirst + 640] = (int) w5;
        wTile[wToFirst + 641] = (int) (w5 >> 32);
        wTile[wToFirst + 768] = (int) w6;
        wTile[wToFirst + 769] = (int) (w6 >> 32);
        wTile[wToFirst + 896] = (int) w7;
        wTile[wToFirst + 897] = (int) (w7 >> 32);
        xTile[xToFirst] = (int) x0;
        xTile[xToFirst + 1] = (int) (x0 >> 32);
        xTile[xToFirst + 16] = (int) x1;
        xTile[xToFirst + 16 + 1] = (int) (x1 >> 32);
        xTile[xToFirst + 32] = (int) x2;
        xTile[xToFirst + 32 + 1] = (int) (x2 >> 32);
        xTile[xToFirst + 48] = (int) x3;
        xTile[xToFirst + 48 + 1] = (int) (x3 >> 32);
        xTile[xToFirst + X_HALF_INTS] = (int) x4;
        xTile[xToFirst + X_HALF_INTS + 1] = (int) (x4 >> 32);
        xTile[xToFirst + X_HALF_INTS + 16] = (int) x5;
        xTile[xToFirst + X_HALF_INTS + 16 + 1] = (int) (x5 >> 32);
        xTile[xToFirst + X_HALF_INTS + 32] = (int) x6;
        xTile[xToFirst + X_HALF_INTS + 32 + 1] = (int) (x6 >> 32);
        xTile[xToFirst + X_HALF_INTS + 48] = (int) x7;
        xTile[xToFirst + X_HALF_INTS + 48 + 1] = (int) (x7 >> 32);
        for (int depthStep = 0; depthStep < depthSteps; depthStep++) {
            context.localBarrier();
            int buffer = depthStep % 2;
            // The words of the next step travel while this one is computed; the last step reads its own again.
            int next = Math.min(depthStep + 1, depthSteps - 1);
            w0 = weights.get(wRow0 + next * 8);
            w1 = weights.get(wRow1 + next * 8);
            w2 = weights.get(wRow2 + next * 8);
            w3 = weights.get(wRow3 + next * 8);
            w4 = weights.get(wRow4 + next * 8);
            w5 = weights.get(wRow5 + next * 8);
            w6 = weights.get(wRow6 + next * 8);
            w7 = weights.get(wRow7 + next * 8);
            int nextX = (next * DEPTH + xDepth) * xWords + xColumn;
            x0 = xColumns.get(nextX);
            x1 = xColumns.get(nextX + 4 * xWords);
            x2 = xColumns.get(nextX + 8 * xWords);
            x3 = xColumns.get(nextX + 12 * xWords);
            x4 = xColumns.get(nextX + 16 * xWords);
            x5 = xColumns.get(nextX + 20 * xWords);
            x6 = xColumns.get(nextX + 24 * xWords);
            x7 = xColumns.get(nextX + 28 * xWords);
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
            sum00 = context.mmaBF16(nearW0, nearX0, sum00, MMAShape.M16N8K16);
            sum01 = context.mmaBF16(nearW0, nearX1, sum01, MMAShape.M16N8K16);
            sum02 = context.mmaBF16(nearW0, nearX2, sum02, MMAShape.M16N8K16);
            sum03 = context.mmaBF16(nearW0, nearX3, sum03, MMAShape.M16N8K16);
            sum04 = context.mmaBF16(nearW0, nearX4, sum04, MMAShape.M16N8K16);
            sum05 = context.mmaBF16(nearW0, nearX5, sum05, MMAShape.M16N8K16);
            sum06 = context.mmaBF16(nearW0, nearX6, sum06, MMAShape.M16N8K16);
            sum07 = context.mmaBF16(nearW0, nearX7, sum07, MMAShape.M16N8K16);
            HalfFloat[] nearW1 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wBytes + W_FRAGMENT_BYTES);
            sum10 = context.mmaBF16(nearW1, nearX0, sum10, MMAShape.M16N8K16);
            sum11 = context.mmaBF16(nearW1, nearX1, sum11, MMAShape.M16N8K16);
            sum12 = context.mmaBF16(nearW1, nearX2, sum12, MMAShape.M16N8K16);
            sum13 = context.mmaBF16(nearW1, nearX3, sum13, MMAShape.M16N8K16);
            sum14 = context.mmaBF16(nearW1, nearX4, sum14, MMAShape.M16N8K16);
            sum15 = context.mmaBF16(nearW1, nearX5, sum15, MMAShape.M16N8K16);
            sum16 = context.mmaBF16(nearW1, nearX6, sum16, MMAShape.M16N8K16);
            sum17 = context.mmaBF16(nearW1, nearX7, sum17, MMAShape.M16N8K16);
            HalfFloat[] nearW2 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wBytes + 2 * W_FRAGMENT_BYTES);
            sum20 = context.mmaBF16(nearW2, nearX0, sum20, MMAShape.M16N8K16);
            sum21 = context.mmaBF16(nearW2, nearX1, sum21, MMAShape.M16N8K16);
            sum22 = context.mmaBF16(nearW2, nearX2, sum22, MMAShape.M16N8K16);
            sum23 = context.mmaBF16(nearW2, nearX3, sum23, MMAShape.M16N8K16);
            sum24 = context.mmaBF16(nearW2, nearX4, sum24, MMAShape.M16N8K16);
            sum25 = context.mmaBF16(nearW2, nearX5, sum25, MMAShape.M16N8K16);
            sum26 = context.mmaBF16(nearW2, nearX6, sum26, MMAShape.M16N8K16);
            sum27 = context.mmaBF16(nearW2, nearX7, sum27, MMAShape.M16N8K16);
            HalfFloat[] nearW3 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wBytes + 3 * W_FRAGMENT_BYTES);
            sum30 = context.mmaBF16(nearW3, nearX0, sum30, MMAShape.M16N8K16);
            sum31 = context.mmaBF16(nearW3, nearX1, sum31, MMAShape.M16N8K16);
            sum32 = context.mmaBF16(nearW3, nearX2, sum32, MMAShape.M16N8K16);
            sum33 = context.mmaBF16(nearW3, nearX3, sum33, MMAShape.M16N8K16);
            sum34 = context.mmaBF16(nearW3, nearX4, sum34, MMAShape.M16N8K16);
            sum35 = context.mmaBF16(nearW3, nearX5, sum35, MMAShape.M16N8K16);
            sum36 = context.mmaBF16(nearW3, nearX6, sum36, MMAShape.M16N8K16);
            sum37 = context.mmaBF16(nearW3, nearX7, sum37, MMAShape.M16N8K16);
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
            sum00 = context.mmaBF16(farW0, farX0, sum00, MMAShape.M16N8K16);
            sum01 = context.mmaBF16(farW0, farX1, sum01, MMAShape.M16N8K16);
            sum02 = context.mmaBF16(farW0, farX2, sum02, MMAShape.M16N8K16);
            sum03 = context.mmaBF16(farW0, farX3, sum03, MMAShape.M16N8K16);
            sum04 = context.mmaBF16(farW0, farX4, sum04, MMAShape.M16N8K16);
            sum05 = context.mmaBF16(farW0, farX5, sum05, MMAShape.M16N8K16);
            sum06 = context.mmaBF16(farW0, farX6, sum06, MMAShape.M16N8K16);
            sum07 = context.mmaBF16(farW0, farX7, sum07, MMAShape.M16N8K16);
            HalfFloat[] farW1 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wFar + W_FRAGMENT_BYTES);
            sum10 = context.mmaBF16(farW1, farX0, sum10, MMAShape.M16N8K16);
            sum11 = context.mmaBF16(farW1, farX1, sum11, MMAShape.M16N8K16);
            sum12 = context.mmaBF16(farW1, farX2, sum12, MMAShape.M16N8K16);
            sum13 = context.mmaBF16(farW1, farX3, sum13, MMAShape.M16N8K16);
            sum14 = context.mmaBF16(farW1, farX4, sum14, MMAShape.M16N8K16);
            sum15 = context.mmaBF16(farW1, farX5, sum15, MMAShape.M16N8K16);
            sum16 = context.mmaBF16(farW1, farX6, sum16, MMAShape.M16N8K16);
            sum17 = context.mmaBF16(farW1, farX7, sum17, MMAShape.M16N8K16);
            HalfFloat[] farW2 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wFar + 2 * W_FRAGMENT_BYTES);
            sum20 = context.mmaBF16(farW2, farX0, sum20, MMAShape.M16N8K16);
            sum21 = context.mmaBF16(farW2, farX1, sum21, MMAShape.M16N8K16);
            sum22 = context.mmaBF16(farW2, farX2, sum22, MMAShape.M16N8K16);
            sum23 = context.mmaBF16(farW2, farX3, sum23, MMAShape.M16N8K16);
            sum24 = context.mmaBF16(farW2, farX4, sum24, MMAShape.M16N8K16);
            sum25 = context.mmaBF16(farW2, farX5, sum25, MMAShape.M16N8K16);
            sum26 = context.mmaBF16(farW2, farX6, sum26, MMAShape.M16N8K16);
            sum27 = context.mmaBF16(farW2, farX7, sum27, MMAShape.M16N8K16);
            HalfFloat[] farW3 = context.mmaLoadA(wTile, FRAGMENT_DEPTH, wFar + 3 * W_FRAGMENT_BYTES);
            sum30 = context.mmaBF16(farW3, farX0, sum30, MMAShape.M16N8K16);
            sum31 = context.mmaBF16(farW3, farX1, sum31, MMAShape.M16N8K16);
            sum32 = context.mmaBF16(farW3, farX2, sum32, MMAShape.M16N8K16);
            sum33 = context.mmaBF16(farW3, farX3, sum33, MMAShape.M16N8K16);
            sum34 = context.mmaBF16(farW3, farX4, sum34, MMAShape.M16N8K16);
            sum35 = context.mmaBF16(farW3, farX5, sum35, MMAShape.M16N8K16);
            sum36 = context.mmaBF16(farW3, farX6, sum36, MMAShape.M16N8K16);
            sum37 = context.mmaBF16(farW3, farX7, sum37, MMAShape.M16N8K16);
            int other = 1 - buffer;
            int wToNext = other * W_BUFFER_INTS + wSlot;
            int xToNext = other * X_BUFFER_INTS + xSlot;
            wTile[wToNext] = (int) w0;
            wTile[wToNext + 1] = (int) (w0 >> 32);
            wTile[wToNext + 128] = (int) w1;
            wTile[wToNext + 129] = (int) (w1 >> 32);
            wTile[wToNext + 256] = (int) w2;
            wTile[wToNext + 257] = (int) (w2 >> 32);
            wTile[wToNext + 384] = (int) w3;
            wTile[wToNext + 385] = (int) (w3 >> 32);
            wTile[wToNext + 512] = (int) w4;
            wTile[wToNext + 513] = (int) (w4 >> 32);
            wTile[wToNext + 640] = (int) w5;
            wTile[wToNext + 641] = (int) (w5 >> 32);
            wTile[wToNext + 768] = (int) w6;
            wTile[wToNext + 769] = (int) (w6 >> 32);
            wTile[wToNext + 896] = (int) w7;
            wTile[wToNext + 897] = (int) (w7 >> 32);
            xTile[xToNext] = (int) x0;
            xTile[xToNext + 1] = (int) (x0 >> 32);
            xTile[xToNext + 16] = (int) x1;
            xTile[xToNext + 16 + 1] = (int) (x1 >> 32);
            xTile[xToNext + 32] = (int) x2;
            xTile[xToNext + 32 + 1] = (int) (x2 >> 32);
            xTile[xToNext + 48] = (int) x3;
            xTile[xToNext + 48 + 1] = (int) (x3 >> 32);
            xTile[xToNext + X_HALF_INTS] = (int) x4;
            xTile[xToNext + X_HALF_INTS + 1] = (int) (x4 >> 32);
            xTile[xToNext + X_HALF_INTS + 16] = (int) x5;
            xTile[xToNext + X_HALF_INTS + 16 + 1] = (int) (x5 >> 32);
            xTile[xToNext + X_HALF_INTS + 32] = (int) x6;
            xTile[xToNext + X_HALF_INTS + 32 + 1] = (int) (x6 >> 32);
            xTile[xToNext + X_HALF_INTS + 48] = (int) x7;
            xTile[xToNext + X_HALF_INTS + 48 + 1] = (int) (x7 >> 32);
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
            LongArray weights,
            LongArray xColumns,
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
                        PackedTensorMatMulBf16::compute,
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
