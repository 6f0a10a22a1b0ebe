package sala.kernels.matvec;

import static sala.kernels.storage.StorageType.F16;

import sala.kernels.storage.Storage;
import sala.kernels.storage.StorageVariants;
import sala.kernels.storage.Stored;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * One lane's share of the dot product of a weight row with a vector.
 *
 * <pre>  share(lane) = sum over c = lane, lane + lanes, lane + 2 lanes, ... of weights[row, c] x[c]  </pre>
 *
 * <p>Eight weights are loaded before the first is used: a lane that waits for each load in turn leaves the memory idle.
 */
@StorageVariants(F16)
final class RowShareF32 {
    private RowShareF32() {}

    /**
     * The share of one lane.
     *
     * @param x {@code [inputSize]}
     * @param weights stored matrix
     * @param rowStart index of the row's first element
     * @param lane index among the lanes of the row
     * @param lanes that share the row
     * @param inputSize elements of the row
     */
    static float of(FloatArray x, @Stored FloatArray weights, int rowStart, int lane, int lanes, int inputSize) {
        float even = 0.0f;
        float odd = 0.0f;
        int wideSteps = inputSize / (8 * lanes);
        for (int step = 0; step < wideSteps; step++) {
            int c0 = step * 8 * lanes + lane;
            int c1 = c0 + lanes;
            int c2 = c0 + 2 * lanes;
            int c3 = c0 + 3 * lanes;
            int c4 = c0 + 4 * lanes;
            int c5 = c0 + 5 * lanes;
            int c6 = c0 + 6 * lanes;
            int c7 = c0 + 7 * lanes;
            float w0 = Storage.load(weights, rowStart + c0);
            float w1 = Storage.load(weights, rowStart + c1);
            float w2 = Storage.load(weights, rowStart + c2);
            float w3 = Storage.load(weights, rowStart + c3);
            float w4 = Storage.load(weights, rowStart + c4);
            float w5 = Storage.load(weights, rowStart + c5);
            float w6 = Storage.load(weights, rowStart + c6);
            float w7 = Storage.load(weights, rowStart + c7);
            even += w0 * x.get(c0);
            odd += w1 * x.get(c1);
            even += w2 * x.get(c2);
            odd += w3 * x.get(c3);
            even += w4 * x.get(c4);
            odd += w5 * x.get(c5);
            even += w6 * x.get(c6);
            odd += w7 * x.get(c7);
        }
        for (int c = wideSteps * 8 * lanes + lane; c < inputSize; c += lanes) {
            even += Storage.load(weights, rowStart + c) * x.get(c);
        }
        return even + odd;
    }
}
