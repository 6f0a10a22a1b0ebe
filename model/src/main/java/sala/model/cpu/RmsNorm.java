package sala.model.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Root-mean-square norm of a row: {@code out[c] = x[c] / sqrt(mean(x^2) + eps) * weight[c]}, in f32. */
final class RmsNorm {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final int LANES = VectorMath.LANES;

    private RmsNorm() {}

    /**
     * Normalises one row.
     *
     * @param x holds the row from {@code xOffset} on
     * @param weight {@code [width]}; its length is the width
     * @param eps added to the mean square
     * @param lanes {@code [LANES]}, scratch of the calling thread
     * @param out receives the row from {@code outOffset} on; may be {@code x} at the same offset
     */
    static void apply(float[] x, int xOffset, float[] weight, double eps, float[] lanes, float[] out, int outOffset) {
        int width = weight.length;
        float scale = (float) (1 / Math.sqrt(sumOfSquares(x, xOffset, width, lanes) / width + eps));
        FloatVector scales = FloatVector.broadcast(SPECIES, scale);
        int i = 0;
        for (; i + LANES <= width; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xOffset + i)
                    .mul(scales)
                    .mul(FloatVector.fromArray(SPECIES, weight, i))
                    .intoArray(out, outOffset + i);
        }
        for (; i < width; i++) {
            out[outOffset + i] = x[xOffset + i] * scale * weight[i];
        }
    }

    private static double sumOfSquares(float[] x, int offset, int width, float[] lanes) {
        FloatVector sum0 = FloatVector.zero(SPECIES);
        FloatVector sum1 = sum0;
        int i = 0;
        for (; i + 2 * LANES <= width; i += 2 * LANES) {
            FloatVector x0 = FloatVector.fromArray(SPECIES, x, offset + i);
            FloatVector x1 = FloatVector.fromArray(SPECIES, x, offset + i + LANES);
            sum0 = x0.fma(x0, sum0);
            sum1 = x1.fma(x1, sum1);
        }
        sum0.add(sum1).intoArray(lanes, 0);
        double sum = VectorMath.sum(lanes, 0);
        for (; i < width; i++) {
            sum += (double) x[offset + i] * x[offset + i];
        }
        return sum;
    }
}
