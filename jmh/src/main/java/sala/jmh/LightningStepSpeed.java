package sala.jmh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import sala.kernels.KernelGraph;
import sala.kernels.lightning.LightningDecay;
import sala.kernels.lightning.RecurrentStep;
import sala.kernels.reference.DecaySlopes;
import sala.kernels.reference.LightningAttention;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The decode step of lightning attention at the 9B model's 32 heads of 128. Counted are the bytes of the state, read and
 * written. A graph goes round the states of {@code layers} layers, 2 MiB each: 24 are the model's own and nearly fit the
 * cache of an H100, 40 do not.
 *
 * @param layers states that a graph goes round
 */
record LightningStepSpeed(int layers) implements KernelSpeedRow {
    private static final int NUM_HEADS = 32;
    private static final int HEAD_DIM = 128;
    private static final int WIDTH = NUM_HEADS * HEAD_DIM;
    private static final double SCALE = Math.pow(HEAD_DIM, -0.5);

    @Override
    public String name() {
        return "lightning step";
    }

    @Override
    public String shape() {
        return "32x128x128, %d layers".formatted(layers);
    }

    @Override
    public double bytes() {
        return 2.0 * WIDTH * HEAD_DIM * Float.BYTES;
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
        SeededWeights seeded = new SeededWeights(42);
        FloatArray q = (FloatArray) seeded.array(StorageType.F32, WIDTH);
        FloatArray k = (FloatArray) new SeededWeights(43).array(StorageType.F32, WIDTH);
        FloatArray v = (FloatArray) new SeededWeights(44).array(StorageType.F32, WIDTH);
        FloatArray decays = LightningDecay.decays(NUM_HEADS);
        FloatArray out = new FloatArray(WIDTH);
        List<FloatArray> states = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            states.add((FloatArray) seeded.array(StorageType.F32, WIDTH * HEAD_DIM));
        }
        return new Work() {
            @Override
            public Object[] inputs() {
                List<Object> inputs = new ArrayList<>(states);
                inputs.addAll(List.of(q, k, v, decays));
                return inputs.toArray();
            }

            @Override
            public Object output() {
                return out;
            }

            @Override
            public int launches() {
                return layers;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                FloatArray state = states.get(launch % layers);
                RecurrentStep.addTo(graph, task, q, k, v, decays, state, out, NUM_HEADS, HEAD_DIM, (float) SCALE);
            }

            @Override
            public double error() {
                double[] state = doubles(states.getFirst());
                double[] expected = LightningAttention.recurrentStep(
                        doubles(q), doubles(k), doubles(v), DecaySlopes.of(NUM_HEADS), SCALE, state);
                double worst = 0;
                for (int i = 0; i < WIDTH; i++) {
                    worst = Math.max(worst, Math.abs(expected[i] - out.get(i)));
                }
                return worst / Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            }

            @Override
            public double tolerance() {
                return 3e-6;
            }
        };
    }

    private static double[] doubles(FloatArray array) {
        double[] values = new double[array.getSize()];
        Arrays.setAll(values, array::get);
        return values;
    }
}
