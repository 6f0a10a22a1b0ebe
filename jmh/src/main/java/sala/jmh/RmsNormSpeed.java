package sala.jmh;

import java.util.Arrays;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.norm.ResidualRmsNormF32;
import sala.kernels.reference.RmsNorm;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The residual sum and the norm after it, in one kernel. Counted are the bytes of the residual stream, read and written, the
 * branch, read, and the output, written.
 *
 * @param numTokens rows
 * @param width columns
 */
record RmsNormSpeed(int numTokens, int width) implements KernelSpeedRow {
    private static final float EPS = 1e-6f;
    private static final float RESIDUAL_SCALE = 0.25f;

    @Override
    public String name() {
        return "residual rmsnorm f32";
    }

    @Override
    public String shape() {
        return numTokens + "x" + width;
    }

    @Override
    public double bytes() {
        return 4.0 * numTokens * width * Float.BYTES;
    }

    @Override
    public double flops() {
        return 0;
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        return true;
    }

    @Override
    public Work allocate() {
        FloatArray hidden = (FloatArray) new SeededWeights(42).array(StorageType.F32, numTokens * width);
        FloatArray branch = (FloatArray) new SeededWeights(43).array(StorageType.F32, numTokens * width);
        FloatArray weight = (FloatArray) new SeededWeights(44).array(StorageType.F32, width);
        FloatArray out = new FloatArray(numTokens * width);
        IntArray step = Step.create();
        Step.set(step, 0, numTokens);
        return new Work() {
            @Override
            public Object[] inputs() {
                return new Object[] {step, hidden, branch, weight};
            }

            @Override
            public Object output() {
                return out;
            }

            @Override
            public int launches() {
                return 4;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                ResidualRmsNormF32.addTo(
                        graph, task, step, hidden, branch, weight, out, numTokens, width, RESIDUAL_SCALE, EPS);
            }

            @Override
            public double error() {
                double[] sum = new double[width];
                double[] weights = new double[width];
                int row = (numTokens - 1) * width;
                Arrays.setAll(sum, i -> hidden.get(row + i) + RESIDUAL_SCALE * branch.get(row + i));
                Arrays.setAll(weights, weight::get);
                double[] expected = RmsNorm.normalize(sum, weights, EPS);
                double worst = 0;
                for (int i = 0; i < width; i++) {
                    worst = Math.max(worst, Math.abs(expected[i] - out.get(row + i)));
                }
                return worst / Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            }

            @Override
            public double tolerance() {
                return 5e-7;
            }
        };
    }
}
