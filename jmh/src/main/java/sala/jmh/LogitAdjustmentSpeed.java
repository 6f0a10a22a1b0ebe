package sala.jmh;

import sala.kernels.KernelGraph;
import sala.kernels.sampling.LogitAdjustment;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Bias and penalties on 73,448 logits, which are read and written once.
 *
 * @param changes tokens that change
 */
record LogitAdjustmentSpeed(int changes) implements KernelSpeedRow {
    private static final int VOCAB_SIZE = 73_448;
    private static final int STRIDE = 71;
    private static final double BIAS = 0.5;
    private static final double REPETITION_PENALTY = 2;
    private static final double PENALTY = 0.25;

    @Override
    public String name() {
        return "logit adjustment";
    }

    @Override
    public String shape() {
        return "73448, " + changes + " change";
    }

    @Override
    public double bytes() {
        return 2.0 * VOCAB_SIZE * Float.BYTES;
    }

    @Override
    public Work allocate() {
        FloatArray logits = (FloatArray) new SeededWeights(42).array(StorageType.F32, VOCAB_SIZE);
        FloatArray adjusted = new FloatArray(VOCAB_SIZE);
        DoubleArray list = LogitAdjustment.createChanges();
        LogitAdjustment.setCount(list, changes);
        for (int i = 0; i < changes; i++) {
            LogitAdjustment.setChange(list, i, STRIDE * i, BIAS, REPETITION_PENALTY, PENALTY);
        }
        return new Work() {
            @Override
            public Object[] inputs() {
                return new Object[] {list, logits};
            }

            @Override
            public Object output() {
                return adjusted;
            }

            @Override
            public int launches() {
                return 4;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                LogitAdjustment.addTo(graph, task, list, logits, adjusted, VOCAB_SIZE);
            }

            @Override
            public double error() {
                double worst = 0;
                for (int token = 0; token < VOCAB_SIZE; token++) {
                    double expected = logits.get(token);
                    if (token % STRIDE == 0 && token / STRIDE < changes) {
                        double biased = (float) (expected + BIAS);
                        expected = biased > 0 ? biased / REPETITION_PENALTY : biased * REPETITION_PENALTY;
                        expected -= PENALTY;
                    }
                    worst = Math.max(worst, Math.abs(adjusted.get(token) - expected));
                }
                return worst;
            }

            @Override
            public double tolerance() {
                return 1e-6;
            }
        };
    }
}
