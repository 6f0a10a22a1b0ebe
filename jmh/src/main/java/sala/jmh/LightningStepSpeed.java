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
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The decode step of lightning attention. Counted are the bytes of the state, read and written. A graph goes round the states of
 * {@code layers} layers, 2 MiB each of the released heads: 24 are the model's own and nearly fit the cache of an H100, 40 do
 * not.
 *
 * @param heads of the layer
 * @param layers states that a graph goes round
 */
record LightningStepSpeed(HeadLayout heads, int layers) implements KernelSpeedRow {

    @Override
    public String name() {
        return "lightning step";
    }

    @Override
    public String shape() {
        return "%d heads of %d, %d layers".formatted(heads.numHeads(), heads.headDim(), layers);
    }

    @Override
    public double bytes() {
        return 2.0 * heads.width() * heads.headDim() * Float.BYTES;
    }

    @Override
    public Work allocate() {
        SeededWeights seeded = new SeededWeights(42);
        FloatArray q = (FloatArray) seeded.array(StorageType.F32, heads.width());
        FloatArray k = (FloatArray) new SeededWeights(43).array(StorageType.F32, heads.width());
        FloatArray v = (FloatArray) new SeededWeights(44).array(StorageType.F32, heads.width());
        FloatArray decays = LightningDecay.decays(heads.numHeads());
        FloatArray out = new FloatArray(heads.width());
        List<FloatArray> states = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            states.add((FloatArray) seeded.array(StorageType.F32, heads.width() * heads.headDim()));
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
                RecurrentStep.addTo(graph, task, q, k, v, decays, state, out, heads.numHeads(), heads.headDim(), (float)
                        heads.attentionScale());
            }

            @Override
            public double error() {
                double[] state = doubles(states.getFirst());
                double[] expected = LightningAttention.recurrentStep(
                        doubles(q),
                        doubles(k),
                        doubles(v),
                        DecaySlopes.of(heads.numHeads()),
                        heads.attentionScale(),
                        state);
                double worst = 0;
                for (int i = 0; i < heads.width(); i++) {
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
