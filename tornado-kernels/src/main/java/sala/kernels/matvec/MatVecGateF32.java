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
     * @param lanes of a team
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
            mixed.set(row, mixed.get(row) / (1.0f + TornadoMath.exp(-sum)));
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
        graph.grid(task, RowTeams.grid(RowTeams.teams(outputSize), lanes));
    }
}
