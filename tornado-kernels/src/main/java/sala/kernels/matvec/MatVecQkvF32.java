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
 * The query, key and value projections of one token in one launch: the short key and value matrices of a sparse layer
 * would not occupy the device on their own.
 *
 * <pre>  q = qProj x      k = kProj x      v = vProj x  </pre>
 *
 * <p>Launch: as {@link MatVecF32}, over the rows of the three matrices. Sums in f32.
 * Ground truth: {@link sala.kernels.reference.Linear#project}.
 */
@StorageVariants({F16, PACKED_BF16})
public final class MatVecQkvF32 {
    private MatVecQkvF32() {}

    /**
     * The kernel.
     *
     * @param x {@code [inputSize]}, f32
     * @param qProj {@code [qSize, inputSize]}, stored; qSize is numHeads x headDim
     * @param kProj {@code [kvSize, inputSize]}, stored; kvSize is numKvHeads x headDim
     * @param vProj {@code [kvSize, inputSize]}, stored
     * @param q {@code [qSize]}, f32; every element is written
     * @param k {@code [kvSize]}, f32; every element is written
     * @param v {@code [kvSize]}, f32; every element is written
     * @param lanes of a row's team
     * @param warpShuffles 1 if the device has them
     */
    public static void compute(
            KernelContext context,
            FloatArray x,
            @Stored FloatArray qProj,
            @Stored FloatArray kProj,
            @Stored FloatArray vProj,
            FloatArray q,
            FloatArray k,
            FloatArray v,
            int qSize,
            int kvSize,
            int inputSize,
            int lanes,
            int warpShuffles) {
        float[] scratch = context.allocateFloatLocalArray(RowTeams.GROUP_LANES);
        int localId = context.localIdx;
        int row = context.groupIdx * (RowTeams.GROUP_LANES / lanes) + localId / lanes;
        int lane = localId % lanes;
        int leastStride = warpShuffles == 1 ? RowTeams.WARP_LANES : 1;
        float share = 0.0f;
        if (row < qSize) {
            share = RowShareF32.of(x, qProj, row * inputSize, lane, lanes, inputSize);
        } else if (row < qSize + kvSize) {
            share = RowShareF32.of(x, kProj, (row - qSize) * inputSize, lane, lanes, inputSize);
        } else if (row < qSize + 2 * kvSize) {
            share = RowShareF32.of(x, vProj, (row - qSize - kvSize) * inputSize, lane, lanes, inputSize);
        }
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
        if (lane == 0) {
            float sum = scratch[localId];
            if (row < qSize) {
                q.set(row, sum);
            } else if (row < qSize + kvSize) {
                k.set(row - qSize, sum);
            } else if (row < qSize + 2 * kvSize) {
                v.set(row - qSize - kvSize, sum);
            }
        }
    }

    /**
     * Adds the three projections to a graph.
     *
     * @param x {@code [inputSize]}
     * @param qProj {@code [qSize, inputSize]}
     * @param kProj {@code [kvSize, inputSize]}
     * @param vProj {@code [kvSize, inputSize]}
     * @param q {@code [qSize]}
     * @param k {@code [kvSize]}
     * @param v {@code [kvSize]}
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray x,
            @Stored FloatArray qProj,
            @Stored FloatArray kProj,
            @Stored FloatArray vProj,
            FloatArray q,
            FloatArray k,
            FloatArray v,
            int qSize,
            int kvSize,
            int inputSize) {
        KernelArguments.requireAtLeast("qSize", 1, qSize);
        KernelArguments.requireAtLeast("kvSize", 1, kvSize);
        KernelArguments.requireAtLeast("inputSize", 1, inputSize);
        KernelArguments.requireShape("x", x, "[inputSize]", inputSize);
        KernelArguments.requireMatrix("qProj", qProj, "[qSize, inputSize]", qSize, inputSize);
        KernelArguments.requireMatrix("kProj", kProj, "[kvSize, inputSize]", kvSize, inputSize);
        KernelArguments.requireMatrix("vProj", vProj, "[kvSize, inputSize]", kvSize, inputSize);
        KernelArguments.requireShape("q", q, "[qSize]", qSize);
        KernelArguments.requireShape("k", k, "[kvSize]", kvSize);
        KernelArguments.requireShape("v", v, "[kvSize]", kvSize);
        int rows = Math.addExact(qSize, Math.multiplyExact(2, kvSize));
        int lanes = RowTeams.lanesFor(inputSize);
        graph.taskGraph()
                .task(
                        task,
                        MatVecQkvF32::compute,
                        graph.context(),
                        x,
                        qProj,
                        kProj,
                        vProj,
                        q,
                        k,
                        v,
                        qSize,
                        kvSize,
                        inputSize,
                        lanes,
                        graph.warpShuffles());
        graph.grid(task, RowTeams.grid(rows, lanes));
    }
}
