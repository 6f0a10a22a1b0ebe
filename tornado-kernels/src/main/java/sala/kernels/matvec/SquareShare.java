package sala.kernels.matvec;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * One lane's share of the sum of a vector's squares; with shuffles, that of its warp.
 *
 * <p>Taken after the products, which have brought the vector into the cache: before them, no weight would be under way yet.
 */
final class SquareShare {
    private SquareShare() {}

    /**
     * The share.
     *
     * @param x {@code [inputSize]}
     * @param lane index among the lanes that share the vector
     * @param warpShuffles 1 if the shares of a warp are to be summed
     */
    static float of(KernelContext context, FloatArray x, int inputSize, int lane, int lanes, int warpShuffles) {
        float share = 0f;
        for (int i = lane; i < inputSize; i += lanes) {
            float value = x.get(i);
            share += value * value;
        }
        if (warpShuffles == 1) {
            share = context.simdSum(share);
        }
        return share;
    }
}
