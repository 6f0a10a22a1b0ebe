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
 * A projection of one token, such as the language-model head.
 *
 * <pre>  out[o] = scale * sum over i of weights[o, i] x[i]  </pre>
 *
 * <p>{@code scale} is 1, or the logit scale: scaling the sums equals scaling the input where it is a power of two.
 *
 * <p>Launch: work groups of 128 lanes; a team of 32, 64 or 128 lanes a row ({@link RowTeams}). Sums in f32.
 * Ground truth: {@link sala.kernels.reference.Linear#project}.
 */
@StorageVariants({F16, PACKED_BF16})
public final class MatVecF32 {
    private MatVecF32() {}

    /**
     * The kernel.
     *
     * @param x {@code [inputSize]}, f32
     * @param weights {@code [outputSize, inputSize]}, stored
     * @param out {@code [outputSize]}, f32; every element is written
     * @param lanes of a row's team
     * @param warpShuffles 1 if the device has them
     */
    public static void compute(
            KernelContext context,
            FloatArray x,
            @Stored FloatArray weights,
            FloatArray out,
            int outputSize,
            int inputSize,
            float scale,
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
            out.set(row, scale * scratch[localId]);
        }
    }

    /**
     * Adds the projection to a graph.
     *
     * @param x {@code [inputSize]}
     * @param weights {@code [outputSize, inputSize]}
     * @param out {@code [outputSize]}
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray x,
            @Stored FloatArray weights,
            FloatArray out,
            int outputSize,
            int inputSize,
            float scale) {
        KernelArguments.requireAtLeast("outputSize", 1, outputSize);
        KernelArguments.requireAtLeast("inputSize", 1, inputSize);
        KernelArguments.requireShape("x", x, "[inputSize]", inputSize);
        KernelArguments.requireMatrix("weights", weights, "[outputSize, inputSize]", outputSize, inputSize);
        KernelArguments.requireShape("out", out, "[outputSize]", outputSize);
        int lanes = RowTeams.lanesFor(inputSize);
        graph.taskGraph()
                .task(
                        task,
                        MatVecF32::compute,
                        graph.context(),
                        x,
                        weights,
                        out,
                        outputSize,
                        inputSize,
                        scale,
                        lanes,
                        graph.warpShuffles());
        graph.grid(task, RowTeams.grid(outputSize, lanes));
    }
}
