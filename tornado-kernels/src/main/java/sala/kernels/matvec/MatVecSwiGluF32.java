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
import uk.ac.manchester.tornado.api.types.vectors.Float4;

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
     * @param lanes of a team
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
        float[] gateScratch = context.allocateFloatLocalArray(RowTeams.ROWS * RowTeams.GROUP_LANES);
        float[] upScratch = context.allocateFloatLocalArray(RowTeams.ROWS * RowTeams.GROUP_LANES);
        int localId = context.localIdx;
        int lane = localId % lanes;
        int team = context.groupIdx * (RowTeams.GROUP_LANES / lanes) + localId / lanes;
        Float4 gateShares = FourRowsF32.shares(
                context, x, gateProj, RowTeams.ROWS * team, outputSize, inputSize, lane, lanes, warpShuffles);
        gateScratch[RowTeams.ROWS * localId] = gateShares.getX();
        gateScratch[RowTeams.ROWS * localId + 1] = gateShares.getY();
        gateScratch[RowTeams.ROWS * localId + 2] = gateShares.getZ();
        gateScratch[RowTeams.ROWS * localId + 3] = gateShares.getW();
        Float4 upShares = FourRowsF32.shares(
                context, x, upProj, RowTeams.ROWS * team, outputSize, inputSize, lane, lanes, warpShuffles);
        upScratch[RowTeams.ROWS * localId] = upShares.getX();
        upScratch[RowTeams.ROWS * localId + 1] = upShares.getY();
        upScratch[RowTeams.ROWS * localId + 2] = upShares.getZ();
        upScratch[RowTeams.ROWS * localId + 3] = upShares.getW();
        int leastStride = warpShuffles == 1 ? RowTeams.WARP_LANES : 1;
        for (int stride = lanes / 2; stride >= leastStride; stride = stride / 2) {
            context.localBarrier();
            if (lane < stride) {
                int to = RowTeams.ROWS * localId;
                int from = RowTeams.ROWS * (localId + stride);
                gateScratch[to] += gateScratch[from];
                gateScratch[to + 1] += gateScratch[from + 1];
                gateScratch[to + 2] += gateScratch[from + 2];
                gateScratch[to + 3] += gateScratch[from + 3];
                upScratch[to] += upScratch[from];
                upScratch[to + 1] += upScratch[from + 1];
                upScratch[to + 2] += upScratch[from + 2];
                upScratch[to + 3] += upScratch[from + 3];
            }
        }
        context.localBarrier();
        int row = RowTeams.ROWS * team + lane;
        if (lane < RowTeams.ROWS && row < outputSize) {
            float gate = gateScratch[RowTeams.ROWS * (localId - lane) + lane];
            float up = upScratch[RowTeams.ROWS * (localId - lane) + lane];
            out.set(row, gate / (1.0f + TornadoMath.exp(-gate)) * up);
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
        graph.grid(task, RowTeams.grid(RowTeams.teams(outputSize), lanes));
    }
}
