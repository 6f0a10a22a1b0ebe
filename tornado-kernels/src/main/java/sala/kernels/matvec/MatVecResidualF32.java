package sala.kernels.matvec;

import static sala.kernels.storage.StorageType.F16;
import static sala.kernels.storage.StorageType.PACKED_BF16;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.storage.StorageVariants;
import sala.kernels.storage.Stored;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.vectors.Float4;

/**
 * A projection of one token added to the residual stream: the end of a mixer or of the MLP.
 *
 * <pre>  hidden[o] += residualScale * sum over i of weights[o, i] x[i]  </pre>
 *
 * <p>Launch: as {@link MatVecF32}. Sums in f32. Ground truth: {@link sala.kernels.reference.Linear#project}.
 */
@StorageVariants({F16, PACKED_BF16})
public final class MatVecResidualF32 {
    private MatVecResidualF32() {}

    /**
     * The kernel.
     *
     * @param x {@code [inputSize]}, f32
     * @param weights {@code [outputSize, inputSize]}, stored
     * @param hidden {@code [outputSize]}, f32; updated in place
     * @param lanes of a team
     * @param warpShuffles 1 if the device has them
     */
    public static void compute(
            KernelContext context,
            FloatArray x,
            @Stored FloatArray weights,
            FloatArray hidden,
            int outputSize,
            int inputSize,
            float residualScale,
            int lanes,
            int warpShuffles) {
        float[] scratch = context.allocateFloatLocalArray(RowTeams.ROWS * RowTeams.GROUP_LANES);
        int localId = context.localIdx;
        int lane = localId % lanes;
        int team = context.groupIdx * (RowTeams.GROUP_LANES / lanes) + localId / lanes;
        Float4 shares = FourRowsF32.shares(
                context, x, weights, RowTeams.ROWS * team, outputSize, inputSize, lane, lanes, warpShuffles);
        scratch[RowTeams.ROWS * localId] = shares.getX();
        scratch[RowTeams.ROWS * localId + 1] = shares.getY();
        scratch[RowTeams.ROWS * localId + 2] = shares.getZ();
        scratch[RowTeams.ROWS * localId + 3] = shares.getW();
        int leastStride = warpShuffles == 1 ? RowTeams.WARP_LANES : 1;
        for (int stride = lanes / 2; stride >= leastStride; stride = stride / 2) {
            context.localBarrier();
            if (lane < stride) {
                int to = RowTeams.ROWS * localId;
                int from = RowTeams.ROWS * (localId + stride);
                scratch[to] += scratch[from];
                scratch[to + 1] += scratch[from + 1];
                scratch[to + 2] += scratch[from + 2];
                scratch[to + 3] += scratch[from + 3];
            }
        }
        context.localBarrier();
        int row = RowTeams.ROWS * team + lane;
        if (lane < RowTeams.ROWS && row < outputSize) {
            float sum = scratch[RowTeams.ROWS * (localId - lane) + lane];
            hidden.set(row, hidden.get(row) + residualScale * sum);
        }
    }

    /**
     * The kernel of a row a team, see {@link RowTeams#takesOneRow}; parameters as in {@link #compute}.
     */
    public static void computeOneRow(
            KernelContext context,
            FloatArray x,
            @Stored FloatArray weights,
            FloatArray hidden,
            int outputSize,
            int inputSize,
            float residualScale,
            int lanes) {
        float[] scratch = context.allocateFloatLocalArray(RowTeams.GROUP_LANES);
        int localId = context.localIdx;
        int lane = localId % lanes;
        int row = context.groupIdx * (RowTeams.GROUP_LANES / lanes) + localId / lanes;
        // Lanes past the last row repeat it, so that all lanes meet at the barriers.
        int safeRow = Math.min(row, outputSize - 1);
        scratch[localId] = RowShareF32.of(x, weights, safeRow * inputSize, lane, lanes, inputSize);
        for (int stride = lanes / 2; stride >= 1; stride = stride / 2) {
            context.localBarrier();
            if (lane < stride) {
                scratch[localId] += scratch[localId + stride];
            }
        }
        if (lane == 0 && row < outputSize) {
            hidden.set(row, hidden.get(row) + residualScale * scratch[localId]);
        }
    }

    /**
     * Adds the projection and the sum to a graph.
     *
     * @param x {@code [inputSize]}; not {@code hidden}
     * @param weights {@code [outputSize, inputSize]}
     * @param hidden {@code [outputSize]}
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray x,
            @Stored FloatArray weights,
            FloatArray hidden,
            int outputSize,
            int inputSize,
            float residualScale) {
        KernelArguments.requireAtLeast("outputSize", 1, outputSize);
        KernelArguments.requireAtLeast("inputSize", 1, inputSize);
        KernelArguments.requireShape("x", x, "[inputSize]", inputSize);
        KernelArguments.requireMatrix("weights", weights, "[outputSize, inputSize]", outputSize, inputSize);
        KernelArguments.requireShape("hidden", hidden, "[outputSize]", outputSize);
        KernelArguments.requireDistinct("x", x, "hidden", hidden);
        int lanes = RowTeams.lanesFor(inputSize);
        if (RowTeams.takesOneRow(inputSize, graph.warpShuffles())) {
            graph.taskGraph()
                    .task(
                            task,
                            MatVecResidualF32::computeOneRow,
                            graph.context(),
                            x,
                            weights,
                            hidden,
                            outputSize,
                            inputSize,
                            residualScale,
                            lanes);
            graph.grid(task, RowTeams.grid(outputSize, lanes));
        } else {
            graph.taskGraph()
                    .task(
                            task,
                            MatVecResidualF32::compute,
                            graph.context(),
                            x,
                            weights,
                            hidden,
                            outputSize,
                            inputSize,
                            residualScale,
                            lanes,
                            graph.warpShuffles());
            graph.grid(task, RowTeams.grid(RowTeams.teams(outputSize), lanes));
        }
    }
}
