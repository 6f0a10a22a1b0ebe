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
 * DOC
 */
public final class TensorMatMulF16 {
    private static final int TILE_OUTPUTS = 128;
    private static final int TILE_TOKENS = 256;
    private static final int DEPTH = 16;
    private static final int STAGES = 4;
    private static final int GROUP_LANES = 256;
    private static final int W_TILE_INTS = TILE_OUTPUTS * DEPTH / 2;
    private static final int X_TILE_INTS = TILE_TOKENS * DEPTH / 2;

    private TensorMatMulF16() {}

    public static void compute(
            KernelContext context,
            HalfFloatArray weights,
            HalfFloatArray xColumns,
            FloatArray outColumns,
            IntArray step,
            int tokenCapacity,
            int outputSize,
            int inputSize) {
        int[] wTile = context.allocateIntLocalArray(STAGES * W_TILE_INTS);
        int[] xTile = context.allocateIntLocalArray(STAGES * X_TILE_INTS);
        int localId = context.localIdx;
        int tokenTiles = (tokenCapacity + TILE_TOKENS - 1) / TILE_TOKENS;
        int firstToken = context.groupIdx % tokenTiles * TILE_TOKENS;
        int firstOutput = context.groupIdx / tokenTiles * TILE_OUTPUTS;
        int tokens = (step.get(Step.NUM_TOKENS) + 7) / 8 * 8;
        if (firstToken < tokens) {
            int warp = localId / 32;
            int lane = localId % 32;
            int lastOutput = outputSize - 1;
            int wPair = localId % 8 * 2;
            int wLine = firstOutput + localId / 8;
            int wRow0 = Math.min(wLine, lastOutput) * inputSize + wPair;
            int wRow1 = Math.min(wLine + 32, lastOutput) * inputSize + wPair;
            int wRow2 = Math.min(wLine + 64, lastOutput) * inputSize + wPair;
            int wRow3 = Math.min(wLine + 96, lastOutput) * inputSize + wPair;
            int xPanel = warp * 2 + lane / 4 % 2;
            int xDepth = lane / 8;
            int xSlot = xPanel * 64 + xDepth * 4 + lane % 4;
            int xColumn = firstToken + xPanel * 8 + lane % 4 * 2;
            int xColumn0 = Math.min(xColumn, tokens - 2);
            int xColumn1 = Math.min(xColumn + 128, tokens - 2);
            int wWarp = warp / 4 * 2048;
            int xWarp = warp % 4 * 2048;
            int depthSteps = inputSize / DEPTH;
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
            for (int ahead = 0; ahead < STAGES - 1; ahead++) {
                if (ahead < depthSteps) {
                    int wTo = ahead * W_TILE_INTS + localId;
                    int wFrom = ahead * DEPTH;
                    context.asyncCopyToLocal(wTile, wTo, weights, wRow0 + wFrom);
                    context.asyncCopyToLocal(wTile, wTo + 256, weights, wRow1 + wFrom);
                    context.asyncCopyToLocal(wTile, wTo + 512, weights, wRow2 + wFrom);
                    context.asyncCopyToLocal(wTile, wTo + 768, weights, wRow3 + wFrom);
                    int xTo = ahead * X_TILE_INTS + xSlot;
                    int xFrom = (ahead * DEPTH + xDepth) * tokenCapacity;
                    context.asyncCopyToLocal(xTile, xTo, xColumns, xFrom + xColumn0);
                    context.asyncCopyToLocal(xTile, xTo + 1024, xColumns, xFrom + xColumn1);
                    context.asyncCopyToLocal(xTile, xTo + 16, xColumns, xFrom + 4 * tokenCapacity + xColumn0);
                    context.asyncCopyToLocal(xTile, xTo + 1040, xColumns, xFrom + 4 * tokenCapacity + xColumn1);
                    context.asyncCopyToLocal(xTile, xTo + 32, xColumns, xFrom + 8 * tokenCapacity + xColumn0);
                    context.asyncCopyToLocal(xTile, xTo + 1056, xColumns, xFrom + 8 * tokenCapacity + xColumn1);
                    context.asyncCopyToLocal(xTile, xTo + 48, xColumns, xFrom + 12 * tokenCapacity + xColumn0);
                    context.asyncCopyToLocal(xTile, xTo + 1072, xColumns, xFrom + 12 * tokenCapacity + xColumn1);
                }
                context.asyncCopyCommit();
            }
            for (int depthStep = 0; depthStep < depthSteps; depthStep++) {
                context.asyncCopyWaitGroup(STAGES - 2);
                context.localBarrier();
                int ahead = depthStep + STAGES - 1;
                if (ahead < depthSteps) {
                    int buffer = ahead % STAGES;
                    int wTo = buffer * W_TILE_INTS + localId;
                    int wFrom = ahead * DEPTH;
                    context.asyncCopyToLocal(wTile, wTo, weights, wRow0 + wFrom);
                    context.asyncCopyToLocal(wTile, wTo + 256, weights, wRow1 + wFrom);
                    context.asyncCopyToLocal(wTile, wTo + 512, weights, wRow2 + wFrom);
                    context.asyncCopyToLocal(wTile, wTo + 768, weights, wRow3 + wFrom);
                    int xTo = buffer * X_TILE_INTS + xSlot;
                    int xFrom = (ahead * DEPTH + xDepth) * tokenCapacity;
                    context.asyncCopyToLocal(xTile, xTo, xColumns, xFrom + xColumn0);
                    context.asyncCopyToLocal(xTile, xTo + 1024, xColumns, xFrom + xColumn1);
                    context.asyncCopyToLocal(xTile, xTo + 16, xColumns, xFrom + 4 * tokenCapacity + xColumn0);
                    context.asyncCopyToLocal(xTile, xTo + 1040, xColumns, xFrom + 4 * tokenCapacity + xColumn1);
                    context.asyncCopyToLocal(xTile, xTo + 32, xColumns, xFrom + 8 * tokenCapacity + xColumn0);
                    context.asyncCopyToLocal(xTile, xTo + 1056, xColumns, xFrom + 8 * tokenCapacity + xColumn1);
                    context.asyncCopyToLocal(xTile, xTo + 48, xColumns, xFrom + 12 * tokenCapacity + xColumn0);
                    context.asyncCopyToLocal(xTile, xTo + 1072, xColumns, xFrom + 12 * tokenCapacity + xColumn1);
                }
                context.asyncCopyCommit();
                int wBytes = depthStep % STAGES * W_TILE_INTS * 4 + wWarp;
                int xBytes = depthStep % STAGES * X_TILE_INTS * 4 + xWarp;
                HalfFloat[] x0 = context.mmaLoadB(xTile, DEPTH, xBytes);
                HalfFloat[] x1 = context.mmaLoadB(xTile, DEPTH, xBytes + 256);
                HalfFloat[] x2 = context.mmaLoadB(xTile, DEPTH, xBytes + 512);
                HalfFloat[] x3 = context.mmaLoadB(xTile, DEPTH, xBytes + 768);
                HalfFloat[] x4 = context.mmaLoadB(xTile, DEPTH, xBytes + 1024);
                HalfFloat[] x5 = context.mmaLoadB(xTile, DEPTH, xBytes + 1280);
                HalfFloat[] x6 = context.mmaLoadB(xTile, DEPTH, xBytes + 1536);
                HalfFloat[] x7 = context.mmaLoadB(xTile, DEPTH, xBytes + 1792);
                HalfFloat[] w0 = context.mmaLoadA(wTile, DEPTH, wBytes);
                sum00 = context.mma(w0, x0, sum00, MMAShape.M16N8K16);
                sum01 = context.mma(w0, x1, sum01, MMAShape.M16N8K16);
                sum02 = context.mma(w0, x2, sum02, MMAShape.M16N8K16);
                sum03 = context.mma(w0, x3, sum03, MMAShape.M16N8K16);
                sum04 = context.mma(w0, x4, sum04, MMAShape.M16N8K16);
                sum05 = context.mma(w0, x5, sum05, MMAShape.M16N8K16);
                sum06 = context.mma(w0, x6, sum06, MMAShape.M16N8K16);
                sum07 = context.mma(w0, x7, sum07, MMAShape.M16N8K16);
                HalfFloat[] w1 = context.mmaLoadA(wTile, DEPTH, wBytes + 512);
                sum10 = context.mma(w1, x0, sum10, MMAShape.M16N8K16);
                sum11 = context.mma(w1, x1, sum11, MMAShape.M16N8K16);
                sum12 = context.mma(w1, x2, sum12, MMAShape.M16N8K16);
                sum13 = context.mma(w1, x3, sum13, MMAShape.M16N8K16);
                sum14 = context.mma(w1, x4, sum14, MMAShape.M16N8K16);
                sum15 = context.mma(w1, x5, sum15, MMAShape.M16N8K16);
                sum16 = context.mma(w1, x6, sum16, MMAShape.M16N8K16);
                sum17 = context.mma(w1, x7, sum17, MMAShape.M16N8K16);
                HalfFloat[] w2 = context.mmaLoadA(wTile, DEPTH, wBytes + 1024);
                sum20 = context.mma(w2, x0, sum20, MMAShape.M16N8K16);
                sum21 = context.mma(w2, x1, sum21, MMAShape.M16N8K16);
                sum22 = context.mma(w2, x2, sum22, MMAShape.M16N8K16);
                sum23 = context.mma(w2, x3, sum23, MMAShape.M16N8K16);
                sum24 = context.mma(w2, x4, sum24, MMAShape.M16N8K16);
                sum25 = context.mma(w2, x5, sum25, MMAShape.M16N8K16);
                sum26 = context.mma(w2, x6, sum26, MMAShape.M16N8K16);
                sum27 = context.mma(w2, x7, sum27, MMAShape.M16N8K16);
                HalfFloat[] w3 = context.mmaLoadA(wTile, DEPTH, wBytes + 1536);
                sum30 = context.mma(w3, x0, sum30, MMAShape.M16N8K16);
                sum31 = context.mma(w3, x1, sum31, MMAShape.M16N8K16);
                sum32 = context.mma(w3, x2, sum32, MMAShape.M16N8K16);
                sum33 = context.mma(w3, x3, sum33, MMAShape.M16N8K16);
                sum34 = context.mma(w3, x4, sum34, MMAShape.M16N8K16);
                sum35 = context.mma(w3, x5, sum35, MMAShape.M16N8K16);
                sum36 = context.mma(w3, x6, sum36, MMAShape.M16N8K16);
                sum37 = context.mma(w3, x7, sum37, MMAShape.M16N8K16);
            }
            int row = firstOutput + warp / 4 * 64;
            int column = firstToken + warp % 4 * 64;
            if (column + 0 < tokens) {
                if (row + 0 < outputSize) {
                    context.mmaStore(sum00, outColumns, row + 0, column + 0, tokenCapacity);
                }
                if (row + 16 < outputSize) {
                    context.mmaStore(sum10, outColumns, row + 16, column + 0, tokenCapacity);
                }
                if (row + 32 < outputSize) {
                    context.mmaStore(sum20, outColumns, row + 32, column + 0, tokenCapacity);
                }
                if (row + 48 < outputSize) {
                    context.mmaStore(sum30, outColumns, row + 48, column + 0, tokenCapacity);
                }
            }
            if (column + 8 < tokens) {
                if (row + 0 < outputSize) {
                    context.mmaStore(sum01, outColumns, row + 0, column + 8, tokenCapacity);
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
                if (row + 0 < outputSize) {
                    context.mmaStore(sum02, outColumns, row + 0, column + 16, tokenCapacity);
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
                if (row + 0 < outputSize) {
                    context.mmaStore(sum03, outColumns, row + 0, column + 24, tokenCapacity);
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
                if (row + 0 < outputSize) {
                    context.mmaStore(sum04, outColumns, row + 0, column + 32, tokenCapacity);
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
                if (row + 0 < outputSize) {
                    context.mmaStore(sum05, outColumns, row + 0, column + 40, tokenCapacity);
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
                if (row + 0 < outputSize) {
                    context.mmaStore(sum06, outColumns, row + 0, column + 48, tokenCapacity);
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
                if (row + 0 < outputSize) {
                    context.mmaStore(sum07, outColumns, row + 0, column + 56, tokenCapacity);
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
    }

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
        KernelArguments.requireShape("weights", weights, "[outputSize, inputSize]", outputSize, inputSize);
        KernelArguments.requireShape("xColumns", xColumns, "[inputSize, tokenCapacity]", inputSize, tokenCapacity);
        KernelArguments.requireShape(
                "outColumns",
                outColumns,
                "[outputSize up to a multiple of 16, tokenCapacity]",
                (outputSize + 15) / 16 * 16,
                tokenCapacity);
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
        graph.grid(task, Tiles.grid(outputSize, TILE_OUTPUTS, tokenCapacity, TILE_TOKENS, GROUP_LANES));
    }
}
