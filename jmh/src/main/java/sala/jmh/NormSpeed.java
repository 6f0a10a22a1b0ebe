package sala.jmh;

import java.util.Arrays;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.gate.OutputNormGateF32;
import sala.kernels.norm.FinalNorm;
import sala.kernels.norm.RmsNormF32;
import sala.kernels.reference.OutputGate;
import sala.kernels.reference.RmsNorm;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A norm over whole rows. Counted are the bytes of the rows, read and written, and of what else is read or written a row.
 *
 * <p>The weights are in the cache here; in a layer they come from the memory, each norm having its own.
 *
 * @param form which
 * @param numTokens rows
 * @param width columns
 */
record NormSpeed(Form form, int numTokens, int width) implements KernelSpeedRow {
    private static final float EPS = 1e-6f;

    /** What is computed with the norm. */
    enum Form {
        PLAIN("rmsnorm f32", 2),
        OUTPUT_GATE("output norm and gate f32", 3),
        FINAL("final norm f32", 2);

        private final String label;
        private final int passes;

        Form(String label, int passes) {
            this.label = label;
            this.passes = passes;
        }
    }

    @Override
    public String name() {
        return form.label;
    }

    @Override
    public String shape() {
        return numTokens + "x" + width;
    }

    @Override
    public double bytes() {
        return (double) form.passes * (form == Form.FINAL ? 1 : numTokens) * width * Float.BYTES;
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
                switch (form) {
                    case PLAIN -> RmsNormF32.addTo(graph, task, step, hidden, weight, out, numTokens, width, EPS);
                    case OUTPUT_GATE ->
                        OutputNormGateF32.addTo(graph, task, step, hidden, weight, branch, out, numTokens, width, EPS);
                    case FINAL -> FinalNorm.addTo(graph, task, step, hidden, weight, out, numTokens, width, EPS);
                }
            }

            @Override
            public double error() {
                int row = (numTokens - 1) * width;
                double[] values = new double[width];
                double[] beside = new double[width];
                double[] weights = new double[width];
                Arrays.setAll(values, i -> hidden.get(row + i));
                Arrays.setAll(beside, i -> branch.get(row + i));
                Arrays.setAll(weights, weight::get);
                double[] expected = switch (form) {
                    case PLAIN, FINAL -> RmsNorm.normalize(values, weights, EPS);
                    case OUTPUT_GATE -> OutputGate.apply(RmsNorm.normalize(values, weights, EPS), beside);
                };
                int outRow = form == Form.FINAL ? 0 : row;
                return Checked.error(expected, i -> out.get(outRow + i));
            }

            @Override
            public double tolerance() {
                return 5e-7;
            }
        };
    }
}
