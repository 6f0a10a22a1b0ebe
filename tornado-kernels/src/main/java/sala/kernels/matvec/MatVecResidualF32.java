package sala.kernels.matvec;

import static sala.kernels.storage.StorageType.F16;
import static sala.kernels.storage.StorageType.PACKED_BF16;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.storage.StorageVariants;
import sala.kernels.storage.Stored;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

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
     * @param lanes of a row's team
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
        float[] scratch = context.allocateFloatLocalArray(RowTeams.GROUP_LANES);
        int localId = context.localIdx;
        int row = context.groupIdx * (RowTeams.GROUP_LANES / lanes) + localId / lanes;
        int lane = localId % lanes;
        int leastStride = warpShuffles == 1 ? RowTeams.WARP_LANES : 1;
        // Lanes past the last row repeat it, so that all lanes meet at the barriers.
        int safeRow = Math.min(row, outputSize - 1);
        float share = RowShareF32.of(x, weights, safeRow * inputSize, lane, lanes, inputSize);
        if (warpShuffles == 1) {
            share = context.simdSum(share);
        }
        scratch[localId] = share;
        for (int stride = lanes / 2; stride >= leastStride; stride = stride / 2) {
            context.localBarrier();
            if (localId % lanes < stride) {
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
        graph.grid(task, RowTeams.grid(outputSize, lanes));
    }
}
