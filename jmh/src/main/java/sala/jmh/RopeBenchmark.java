package sala.jmh;

import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Param;
import sala.kernels.reference.Rope;
import sala.loader.ModelConfig;
import sala.model.cpu.CpuOperations;

/** Rotary positions of the query and key heads of a lightning layer, with the sines and cosines of the call. */
public class RopeBenchmark extends OperationBenchmark {
    private static final int POSITION = 1000;

    @Param({"1", "256"})
    public int tokens;

    @Param(HeadLayout.RELEASED)
    public String heads = HeadLayout.RELEASED;

    private final SeededWeights seeded = new SeededWeights(42);

    @Override
    double bytes() {
        int elementBytes = backend == BenchmarkBackend.REFERENCE ? Double.BYTES : Float.BYTES;
        return 4.0 * tokens * HeadLayout.of(heads).width() * elementBytes;
    }

    @Override
    double flops() {
        return 2 * 3.0 * tokens * HeadLayout.of(heads).width();
    }

    @Override
    Operation open() {
        HeadLayout layout = HeadLayout.of(heads);
        ModelConfig config = layout.config();
        int size = tokens * layout.width();
        return switch (backend) {
            case REFERENCE -> {
                double[] q = seeded.doubles(size);
                double[] k = seeded.doubles(size);
                double[][] out = new double[2][];
                yield Operation.ofReference(() -> {
                    double[] angles = angles(config);
                    out[0] = Rope.rotate(q, angles, layout.headDim());
                    out[1] = Rope.rotate(k, angles, layout.headDim());
                });
            }
            case CPU_PLAIN -> throw backend.refuse("the rotation has one form, which is in plain loops; take CPU");
            case CPU -> {
                CpuOperations operations = new CpuOperations(config, backend.form(), BenchmarkThreads.count(), tokens);
                float[] q = seeded.floats(size);
                float[] k = seeded.floats(size);
                // In place: a rotation changes no length, so that the values stay what they were like.
                yield Operation.of(
                        () -> {
                            operations.rotate(q, POSITION, tokens, layout.numHeads());
                            operations.rotate(k, POSITION, tokens, layout.numHeads());
                        },
                        () -> Checked.error(
                                Rope.rotate(seeded.doubles(size), angles(config), layout.headDim()), i -> k[i]),
                        Operation.F32_TOLERANCE,
                        operations);
            }
            case TORNADO -> DeviceOperation.open(new RopeSpeed(layout, tokens, POSITION));
        };
    }

    private double[] angles(ModelConfig config) {
        int[] positions = IntStream.range(POSITION, POSITION + tokens).toArray();
        return Rope.angles(positions, config.lightning().headDim(), config.ropeTheta());
    }
}
