package sala.kernels.matvec;

import uk.ac.manchester.tornado.api.KernelContext;

/** Sums over neighbouring lanes of a work group, through local memory or through warp shuffles. */
final class LaneSum {
    /** Lanes of a work group of every matrix-vector kernel. */
    static final int GROUP_LANES = 128;

    private LaneSum() {}

    /**
     * Sum over each team of {@code lanes} neighbouring lanes; the team's first lane gets it, what the others get is
     * not defined. All lanes of the group must call this together.
     *
     * @param scratch local array of {@link #GROUP_LANES} values
     * @param localId lane in the group
     * @param lanes of a team: a power of two from 32 to {@link #GROUP_LANES}
     * @param value the lane's share
     * @param warpShuffles 1 to sum 32 lanes by shuffles, which only PTX and CUDA have; else 0
     */
    static float overTeam(
            KernelContext context, float[] scratch, int localId, int lanes, float value, int warpShuffles) {
        float sum = value;
        if (warpShuffles == 1) {
            sum = context.simdSum(value);
            if (lanes > 32) {
                scratch[localId] = sum;
                context.localBarrier();
                if (localId % lanes == 0) {
                    sum = scratch[localId] + scratch[localId + 32];
                    if (lanes == 128) {
                        sum += scratch[localId + 64] + scratch[localId + 96];
                    }
                }
                context.localBarrier();
            }
        } else {
            scratch[localId] = value;
            for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
                context.localBarrier();
                if (localId % lanes < stride) {
                    scratch[localId] += scratch[localId + stride];
                }
            }
            context.localBarrier();
            sum = scratch[localId];
            context.localBarrier();
        }
        return sum;
    }
}
