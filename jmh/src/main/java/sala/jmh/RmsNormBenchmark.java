package sala.jmh;

import org.openjdk.jmh.annotations.Param;
import sala.kernels.reference.RmsNorm;
import sala.loader.ModelConfig;
import sala.model.cpu.CpuOperations;

/** Root-mean-square norm of whole rows, read and written. */
public class RmsNormBenchmark extends OperationBenchmark {
    @Param({"1", "256"})
    public int tokens;

    @Param(HeadLayout.RELEASED)
    public String heads = HeadLayout.RELEASED;

    private final SeededWeights seeded = new SeededWeights(42);
    private final SeededWeights seededWeight = new SeededWeights(44);

    @Override
    double bytes() {
        double width = HeadLayout.of(heads).width();
        return switch (backend) {
            case REFERENCE -> 2 * tokens * width * Double.BYTES;
            case CPU, CPU_PLAIN, TORNADO -> 2 * tokens * width * Float.BYTES;
        };
    }

    @Override
    double flops() {
        return 4.0 * tokens * HeadLayout.of(heads).width();
    }

    @Override
    Operation open() {
        ModelConfig config = HeadLayout.of(heads).config();
        int width = config.hiddenSize();
        return switch (backend) {
            case REFERENCE -> {
                double[] x = seeded.doubles(tokens * width);
                double[] weight = seededWeight.doubles(width);
                double[][] out = new double[1][];
                yield Operation.ofReference(() -> out[0] = RmsNorm.normalize(x, weight, config.rmsNormEps()));
            }
            case CPU_PLAIN -> throw backend.refuse("the norm has one form, which is in plain loops; take CPU");
            case CPU -> {
                CpuOperations operations = new CpuOperations(config, backend.form(), BenchmarkThreads.count(), tokens);
                float[] x = seeded.floats(tokens * width);
                float[] weight = seededWeight.floats(width);
                float[] out = new float[x.length];
                yield Operation.of(
                        () -> operations.rmsNorm(x, weight, tokens, out),
                        () -> Checked.error(
                                RmsNorm.normalize(
                                        seeded.doubles(tokens * width),
                                        seededWeight.doubles(width),
                                        config.rmsNormEps()),
                                i -> out[i]),
                        Operation.F32_TOLERANCE,
                        operations);
            }
            case TORNADO -> DeviceOperation.open(new NormSpeed(NormSpeed.Form.PLAIN, tokens, width));
        };
    }
}
