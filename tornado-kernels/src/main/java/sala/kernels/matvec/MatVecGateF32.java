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
 * The gate projection of one token, applied at once to the mixer's output.
 *
 * <pre>  mixed[o] /= 1 + exp(-sum over i of weights[o, i] x[i])  </pre>
 *
 * <p>Launch: as {@link MatVecF32}. Sums in f32. Ground truth: {@link sala.kernels.reference.Linear#project} and
 * {@link sala.kernels.reference.OutputGate#apply}.
 */
@StorageVariants({F16, PACKED_BF16})
public final class MatVecGateF32 {
    private MatVecGateF32() {}

    /**
     * The kernel.
     *
     * @param x {@code [inputSize]}, f32, the mixer's input after the layer's norm
     * @param weights {@code [outputSize, inputSize]}, stored
     * @param mixed {@code [outputSize]}, f32, the mixer's output; gated in place
     * @param lanes of a row's team
     * @param warpShuffles 1 if the device has them
     */
    public static void compute(
            KernelContext context,
            FloatArray x,
            @Stored FloatArray weights,
            FloatArray mixed,
            int outputSize,
            int inputSize,
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
            mixed.set(row, mixed.get(row) / (1.0f + TornadoMath.exp(-scratch[localId])));
        }
    }

    /**
     * Adds the gate projection and the gate to a graph.
     *
     * @param x {@code [inputSize]}
     * @param weights {@code [outputSize, inputSize]}
     * @param mixed {@code [outputSize]}; not {@code x}
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray x,
            @Stored FloatArray weights,
            FloatArray mixed,
            int outputSize,
            int inputSize) {
        KernelArguments.requireAtLeast("outputSize", 1, outputSize);
        KernelArguments.requireAtLeast("inputSize", 1, inputSize);
        KernelArguments.requireShape("x", x, "[inputSize]", inputSize);
        KernelArguments.requireMatrix("weights", weights, "[outputSize, inputSize]", outputSize, inputSize);
        KernelArguments.requireShape("mixed", mixed, "[outputSize]", outputSize);
        KernelArguments.requireDistinct("x", x, "mixed", mixed);
        int lanes = RowTeams.lanesFor(inputSize);
        graph.taskGraph()
                .task(
                        task,
                        MatVecGateF32::compute,
                        graph.context(),
                        x,
                        weights,
                        mixed,
                        outputSize,
                        inputSize,
                        lanes,
                        graph.warpShuffles());
        graph.grid(task, RowTeams.grid(outputSize, lanes));
    }
}
