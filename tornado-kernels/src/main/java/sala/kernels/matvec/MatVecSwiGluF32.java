package sala.kernels.matvec;

import static sala.kernels.storage.StorageType.F16;
import static sala.kernels.storage.StorageType.PACKED_BF16;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.storage.StorageVariants;
import sala.kernels.storage.Stored;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The first half of the MLP for one token: gate and up projections and the gated activation in one launch.
 *
 * <pre>  out[o] = silu(g) u,   g = sum over i of gateProj[o, i] x[i],   u = sum over i of upProj[o, i] x[i]  </pre>
 *
 * <p>Launch: as {@link MatVecF32}; a team computes its row of both matrices. Sums in f32. Ground truth:
 * {@link sala.kernels.reference.Linear#project} and {@link sala.kernels.reference.SwiGlu#activate}.
 */
@StorageVariants({F16, PACKED_BF16})
public final class MatVecSwiGluF32 {
    private MatVecSwiGluF32() {}

    /**
     * The kernel.
     *
     * @param x {@code [inputSize]}, f32
     * @param gateProj {@code [outputSize, inputSize]}, stored
     * @param upProj {@code [outputSize, inputSize]}, stored
     * @param out {@code [outputSize]}, f32; every element is written
     * @param lanes of a row's team
     * @param warpShuffles 1 if the device has them
     */
    public static void compute(
            KernelContext context,
            FloatArray x,
            @Stored FloatArray gateProj,
            @Stored FloatArray upProj,
            FloatArray out,
            int outputSize,
            int inputSize,
            int lanes,
            int warpShuffles) {
        float[] gateScratch = context.allocateFloatLocalArray(RowTeams.GROUP_LANES);
        float[] upScratch = context.allocateFloatLocalArray(RowTeams.GROUP_LANES);
        int localId = context.localIdx;
        int row = context.groupIdx * (RowTeams.GROUP_LANES / lanes) + localId / lanes;
        int lane = localId % lanes;
        int leastStride = warpShuffles == 1 ? RowTeams.WARP_LANES : 1;
        // Lanes past the last row repeat it, so that all lanes meet at the barriers.
        int safeRow = Math.min(row, outputSize - 1);
        float gateShare = RowShareF32.of(x, gateProj, safeRow * inputSize, lane, lanes, inputSize);
        float upShare = RowShareF32.of(x, upProj, safeRow * inputSize, lane, lanes, inputSize);
        if (warpShuffles == 1) {
            gateShare = context.simdSum(gateShare);
            upShare = context.simdSum(upShare);
        }
        gateScratch[localId] = gateShare;
        upScratch[localId] = upShare;
        for (int stride = lanes / 2; stride >= leastStride; stride = stride / 2) {
            context.localBarrier();
            if (localId % lanes < stride) {
                gateScratch[localId] += gateScratch[localId + stride];
                upScratch[localId] += upScratch[localId + stride];
            }
        }
        if (lane == 0 && row < outputSize) {
            float gate = gateScratch[localId];
            out.set(row, gate / (1.0f + TornadoMath.exp(-gate)) * upScratch[localId]);
        }
    }

    /**
     * Adds the two projections and the activation to a graph.
     *
     * @param x {@code [inputSize]}
     * @param gateProj {@code [outputSize, inputSize]}
     * @param upProj {@code [outputSize, inputSize]}
     * @param out {@code [outputSize]}
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray x,
            @Stored FloatArray gateProj,
            @Stored FloatArray upProj,
            FloatArray out,
            int outputSize,
            int inputSize) {
        KernelArguments.requireAtLeast("outputSize", 1, outputSize);
        KernelArguments.requireAtLeast("inputSize", 1, inputSize);
        KernelArguments.requireShape("x", x, "[inputSize]", inputSize);
        KernelArguments.requireMatrix("gateProj", gateProj, "[outputSize, inputSize]", outputSize, inputSize);
        KernelArguments.requireMatrix("upProj", upProj, "[outputSize, inputSize]", outputSize, inputSize);
        KernelArguments.requireShape("out", out, "[outputSize]", outputSize);
        int lanes = RowTeams.lanesFor(inputSize);
        graph.taskGraph()
                .task(
                        task,
                        MatVecSwiGluF32::compute,
                        graph.context(),
                        x,
                        gateProj,
                        upProj,
                        out,
                        outputSize,
                        inputSize,
                        lanes,
                        graph.warpShuffles());
        graph.grid(task, RowTeams.grid(outputSize, lanes));
    }
}
