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
 * What a mixer takes from its input, for one token in one launch: query, key and value projections, and that of the output gate
 * where there is one. The short key and value matrices of a sparse layer would not occupy the device on their own, and each
 * launch waits for its first loads anew.
 *
 * <pre>  q = qProj x      k = kProj x      v = vProj x      gate = gateProj x  </pre>
 *
 * <p>Launch: as {@link MatVecF32}, over the rows of all matrices. Sums in f32.
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
     * @param gateProj {@code [gateSize, inputSize]}, stored; not used if gateSize is 0, but has a row
     * @param q {@code [qSize]}, f32; every element is written
     * @param k {@code [kvSize]}, f32; every element is written
     * @param v {@code [kvSize]}, f32; every element is written
     * @param gate {@code [gateSize]}, f32; every element is written
     * @param lanes of a team
     * @param warpShuffles 1 if the device has them
     */
    public static void compute(
            KernelContext context,
            FloatArray x,
            @Stored FloatArray qProj,
            @Stored FloatArray kProj,
            @Stored FloatArray vProj,
            @Stored FloatArray gateProj,
            FloatArray q,
            FloatArray k,
            FloatArray v,
            FloatArray gate,
            int qSize,
            int kvSize,
            int gateSize,
            int inputSize,
            int lanes,
            int warpShuffles) {
        float[] scratch = context.allocateFloatLocalArray(RowTeams.ROWS * RowTeams.GROUP_LANES);
        int localId = context.localIdx;
        int lane = localId % lanes;
        int team = context.groupIdx * (RowTeams.GROUP_LANES / lanes) + localId / lanes;
        int kTeam = team - RowTeams.teams(qSize);
        int vTeam = kTeam - RowTeams.teams(kvSize);
        int gateTeam = vTeam - RowTeams.teams(kvSize);
        if (kTeam < 0) {
            Float4 qShares = FourRowsF32.shares(
                    context, x, qProj, RowTeams.ROWS * team, qSize, inputSize, lane, lanes, warpShuffles);
            scratch[RowTeams.ROWS * localId] = qShares.getX();
            scratch[RowTeams.ROWS * localId + 1] = qShares.getY();
            scratch[RowTeams.ROWS * localId + 2] = qShares.getZ();
            scratch[RowTeams.ROWS * localId + 3] = qShares.getW();
        } else if (vTeam < 0) {
            Float4 kShares = FourRowsF32.shares(
                    context, x, kProj, RowTeams.ROWS * kTeam, kvSize, inputSize, lane, lanes, warpShuffles);
            scratch[RowTeams.ROWS * localId] = kShares.getX();
            scratch[RowTeams.ROWS * localId + 1] = kShares.getY();
            scratch[RowTeams.ROWS * localId + 2] = kShares.getZ();
            scratch[RowTeams.ROWS * localId + 3] = kShares.getW();
        } else if (gateTeam < 0) {
            Float4 vShares = FourRowsF32.shares(
                    context, x, vProj, RowTeams.ROWS * vTeam, kvSize, inputSize, lane, lanes, warpShuffles);
            scratch[RowTeams.ROWS * localId] = vShares.getX();
            scratch[RowTeams.ROWS * localId + 1] = vShares.getY();
            scratch[RowTeams.ROWS * localId + 2] = vShares.getZ();
            scratch[RowTeams.ROWS * localId + 3] = vShares.getW();
        } else {
            Float4 gateShares = FourRowsF32.shares(
                    context,
                    x,
                    gateProj,
                    RowTeams.ROWS * gateTeam,
                    Math.max(1, gateSize),
                    inputSize,
                    lane,
                    lanes,
                    warpShuffles);
            scratch[RowTeams.ROWS * localId] = gateShares.getX();
            scratch[RowTeams.ROWS * localId + 1] = gateShares.getY();
            scratch[RowTeams.ROWS * localId + 2] = gateShares.getZ();
            scratch[RowTeams.ROWS * localId + 3] = gateShares.getW();
        }
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
        if (lane < RowTeams.ROWS) {
            float sum = scratch[RowTeams.ROWS * (localId - lane) + lane];
            int qRow = RowTeams.ROWS * team + lane;
            int kRow = RowTeams.ROWS * kTeam + lane;
            int vRow = RowTeams.ROWS * vTeam + lane;
            int gateRow = RowTeams.ROWS * gateTeam + lane;
            if (kTeam < 0) {
                if (qRow < qSize) {
                    q.set(qRow, sum);
                }
            } else if (vTeam < 0) {
                if (kRow < kvSize) {
                    k.set(kRow, sum);
                }
            } else if (gateTeam < 0) {
                if (vRow < kvSize) {
                    v.set(vRow, sum);
                }
            } else if (gateRow < gateSize) {
                gate.set(gateRow, sum);
            }
        }
    }

    /**
     * Adds the projections to a graph.
     *
     * @param x {@code [inputSize]}
     * @param qProj {@code [qSize, inputSize]}
     * @param kProj {@code [kvSize, inputSize]}
     * @param vProj {@code [kvSize, inputSize]}
     * @param gateProj {@code [gateSize, inputSize]}; of a mixer without a gate any matrix
     * @param q {@code [qSize]}
     * @param k {@code [kvSize]}
     * @param v {@code [kvSize]}
     * @param gate {@code [gateSize]}, none of the others: TornadoVM never gets done with a task that writes one array in two
     *     roles
     * @param gateSize 0 without a gate
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray x,
            @Stored FloatArray qProj,
            @Stored FloatArray kProj,
            @Stored FloatArray vProj,
            @Stored FloatArray gateProj,
            FloatArray q,
            FloatArray k,
            FloatArray v,
            FloatArray gate,
            int qSize,
            int kvSize,
            int gateSize,
            int inputSize) {
        KernelArguments.requireAtLeast("qSize", 1, qSize);
        KernelArguments.requireAtLeast("kvSize", 1, kvSize);
        KernelArguments.requireAtLeast("gateSize", 0, gateSize);
        KernelArguments.requireAtLeast("inputSize", 1, inputSize);
        KernelArguments.requireShape("x", x, "[inputSize]", inputSize);
        KernelArguments.requireMatrix("qProj", qProj, "[qSize, inputSize]", qSize, inputSize);
        KernelArguments.requireMatrix("kProj", kProj, "[kvSize, inputSize]", kvSize, inputSize);
        KernelArguments.requireMatrix("vProj", vProj, "[kvSize, inputSize]", kvSize, inputSize);
        KernelArguments.requireMatrix("gateProj", gateProj, "[gateSize, inputSize]", gateSize, inputSize);
        KernelArguments.requireShape("q", q, "[qSize]", qSize);
        KernelArguments.requireShape("k", k, "[kvSize]", kvSize);
        KernelArguments.requireShape("v", v, "[kvSize]", kvSize);
        KernelArguments.requireShape("gate", gate, "[gateSize]", gateSize);
        int teams = RowTeams.teams(qSize) + 2 * RowTeams.teams(kvSize) + RowTeams.teams(gateSize);
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
                        gateProj,
                        q,
                        k,
                        v,
                        gate,
                        qSize,
                        kvSize,
                        gateSize,
                        inputSize,
                        lanes,
                        graph.warpShuffles());
        graph.grid(task, RowTeams.grid(teams, lanes));
    }
}
