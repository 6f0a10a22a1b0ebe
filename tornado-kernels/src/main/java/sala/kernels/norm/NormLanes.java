package sala.kernels.norm;

import uk.ac.manchester.tornado.api.KernelContext;

/**
 * How a row is shared out among the lanes of a work group: four values a lane, so that all of them are in flight together and
 * stay in registers until the row's sum is known. A row of more than {@value #MAX} times four values is read twice.
 */
public final class NormLanes {
    /** Most lanes of a work group. */
    public static final int MAX = 1024;

    /** Lanes that shuffles sum over, and the least of a work group. */
    public static final int WARP = 32;

    /** Values of a lane that stay in registers. */
    public static final int VALUES = 4;

    private NormLanes() {}

    /** Lanes for rows of so many values: a power of two, from {@value #WARP} to {@value #MAX}. */
    public static int of(int width) {
        int lanes = WARP;
        while (lanes < MAX && lanes * VALUES < width) {
            lanes *= 2;
        }
        return lanes;
    }

    /**
     * The sum of all lanes' shares, which every lane gets; for kernels, whose lanes all call it. The array is allocated here,
     * since local arrays are not handed to methods.
     *
     * @param share of this lane
     * @param lanes of the work group
     * @param warpShuffles 1 if the device has them
     */
    public static float sum(KernelContext context, float share, int lanes, int warpShuffles) {
        float[] partials = context.allocateFloatLocalArray(MAX);
        int lane = context.localIdx;
        float sum;
        if (warpShuffles == 1) {
            float ofOwnWarp = context.simdSum(share);
            if (lane % WARP == 0) {
                partials[lane / WARP] = ofOwnWarp;
            }
            context.localBarrier();
            float ofWarp = 0f; // a lane takes the sum of the warp that bears its number
            if (lane % WARP < lanes / WARP) {
                ofWarp = partials[lane % WARP];
            }
            sum = context.simdSum(ofWarp);
        } else {
            partials[lane] = share;
            for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
                context.localBarrier();
                if (lane < stride) {
                    partials[lane] += partials[lane + stride];
                }
            }
            context.localBarrier();
            sum = partials[0];
        }
        return sum;
    }
}
