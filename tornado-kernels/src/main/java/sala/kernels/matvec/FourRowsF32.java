package sala.kernels.matvec;

import static sala.kernels.storage.StorageType.F16;

import sala.kernels.storage.Storage;
import sala.kernels.storage.StorageVariants;
import sala.kernels.storage.Stored;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.vectors.Float4;

/**
 * One lane's shares of the dot products of four neighbouring weight rows with a vector; with shuffles, those of its warp.
 *
 * <pre>
 *   share[r](lane) = sum over c = lane, lane + lanes, lane + 2 lanes, ... of weights[row + r, c] x[c]      0 &lt;= r &lt; 4
 * </pre>
 *
 * <p>An element of the vector is loaded once for the four rows. Eight weights are loaded before the first is used: a lane that
 * waits for each load in turn leaves the memory idle.
 */
@StorageVariants(F16)
final class FourRowsF32 {
    private FourRowsF32() {}

    /**
     * The shares; rows past the last repeat it, so that all lanes have the same to do.
     *
     * @param x {@code [inputSize]}
     * @param weights {@code [outputSize, inputSize]}, stored
     * @param row first of the four
     * @param lane index among the lanes of the rows
     * @param lanes that share the rows
     * @param warpShuffles 1 if the shares of a warp are to be summed
     */
    static Float4 shares(
            KernelContext context,
            FloatArray x,
            @Stored FloatArray weights,
            int row,
            int outputSize,
            int inputSize,
            int lane,
            int lanes,
            int warpShuffles) {
        int start0 = Math.min(row, outputSize - 1) * inputSize;
        int start1 = Math.min(row + 1, outputSize - 1) * inputSize;
        int start2 = Math.min(row + 2, outputSize - 1) * inputSize;
        int start3 = Math.min(row + 3, outputSize - 1) * inputSize;
        float share0 = 0f;
        float share1 = 0f;
        float share2 = 0f;
        float share3 = 0f;
        int wideSteps = inputSize / (2 * lanes);
        for (int step = 0; step < wideSteps; step++) {
            int c = step * 2 * lanes + lane;
            int d = c + lanes;
            float c0 = Storage.load(weights, start0 + c);
            float c1 = Storage.load(weights, start1 + c);
            float c2 = Storage.load(weights, start2 + c);
            float c3 = Storage.load(weights, start3 + c);
            float d0 = Storage.load(weights, start0 + d);
            float d1 = Storage.load(weights, start1 + d);
            float d2 = Storage.load(weights, start2 + d);
            float d3 = Storage.load(weights, start3 + d);
            float xc = x.get(c);
            float xd = x.get(d);
            share0 += c0 * xc;
            share1 += c1 * xc;
            share2 += c2 * xc;
            share3 += c3 * xc;
            share0 += d0 * xd;
            share1 += d1 * xd;
            share2 += d2 * xd;
            share3 += d3 * xd;
        }
        for (int c = wideSteps * 2 * lanes + lane; c < inputSize; c += lanes) {
            float xc = x.get(c);
            share0 += Storage.load(weights, start0 + c) * xc;
            share1 += Storage.load(weights, start1 + c) * xc;
            share2 += Storage.load(weights, start2 + c) * xc;
            share3 += Storage.load(weights, start3 + c) * xc;
        }
        if (warpShuffles == 1) {
            share0 = context.simdSum(share0);
            share1 = context.simdSum(share1);
            share2 = context.simdSum(share2);
            share3 = context.simdSum(share3);
        }
        return new Float4(share0, share1, share2, share3);
    }
}
