package sala.jmh;

import org.openjdk.jmh.annotations.Param;
import sala.kernels.reference.DecaySlopes;
import sala.kernels.reference.LightningAttention;
import sala.model.RecurrentState;
import sala.model.cpu.CpuOperations;

/**
 * Linear attention of one token: the state is read, decayed, updated and written. It costs the same at any context length;
 * what to set it against is {@link DenseAttentionBenchmark} and {@link SparseAttentionBenchmark} with {@code tokens=1}.
 */
public class LightningStepBenchmark extends OperationBenchmark {
    /** States that a graph on a device goes round: more than its cache holds. */
    private static final int DEVICE_STATES = 40;

    @Param(HeadLayout.RELEASED)
    public String heads = HeadLayout.RELEASED;

    private final SeededWeights seeded = new SeededWeights(42);
    private final SeededWeights seededState = new SeededWeights(45);

    @Override
    double bytes() {
        HeadLayout layout = HeadLayout.of(heads);
        int elementBytes = backend == BenchmarkBackend.REFERENCE ? Double.BYTES : Float.BYTES;
        return 2.0 * layout.width() * layout.headDim() * elementBytes;
    }

    @Override
    double flops() {
        HeadLayout layout = HeadLayout.of(heads);
        return 5.0 * layout.width() * layout.headDim();
    }

    @Override
    Operation open() {
        HeadLayout layout = HeadLayout.of(heads);
        int width = layout.width();
        int stateSize = width * layout.headDim();
        return switch (backend) {
            case REFERENCE -> {
                double[] q = seeded.doubles(width);
                double[] slopes = DecaySlopes.of(layout.numHeads());
                double[] state = seededState.doubles(stateSize);
                double[][] out = new double[1][];
                yield Operation.ofReference(() ->
                        out[0] = LightningAttention.recurrentStep(q, q, q, slopes, layout.attentionScale(), state));
            }
            case CPU, CPU_PLAIN -> {
                CpuOperations operations =
                        new CpuOperations(layout.config(), backend.form(), BenchmarkThreads.count(), 1);
                RecurrentState state = operations.newState();
                state.write(seededState.doubles(stateSize));
                float[] q = seeded.floats(width);
                float[] out = new float[width];
                yield Operation.of(
                        () -> operations.lightningAttention(state, q, q, q, 1, out),
                        () -> error(layout, out),
                        Operation.F32_TOLERANCE,
                        operations);
            }
            case TORNADO -> DeviceOperation.open(new LightningStepSpeed(layout, DEVICE_STATES));
        };
    }

    private double error(HeadLayout layout, float[] found) {
        double[] q = seeded.doubles(layout.width());
        double[] expected = LightningAttention.recurrentStep(
                q,
                q,
                q,
                DecaySlopes.of(layout.numHeads()),
                layout.attentionScale(),
                seededState.doubles(layout.width() * layout.headDim()));
        return Checked.error(expected, i -> found[i]);
    }
}
