package sala.jmh;

import java.util.Locale;
import java.util.Random;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.matmul.MatMulF16;
import sala.kernels.matmul.MatMulF32;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A projection of prefill without tensor cores.
 *
 * @param type of the weights, F32 or F16
 * @param tokens of the call
 * @param outputSize rows of the matrix
 * @param inputSize its columns
 */
record MatMulSpeed(StorageType type, int tokens, int outputSize, int inputSize) implements KernelSpeedRow {
    private static final int SAMPLES = 200;

    @Override
    public String name() {
        return "matmul " + type.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String shape() {
        return "T %d, %dx%d".formatted(tokens, outputSize, inputSize);
    }

    @Override
    public double bytes() {
        return 0;
    }

    @Override
    public double flops() {
        return 2.0 * tokens * outputSize * inputSize;
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        return type == StorageType.F32 || (type == StorageType.F16 && backend != TornadoVMBackendType.JAVA);
    }

    @Override
    public Work allocate() {
        SeededWeights seeded = new SeededWeights(42);
        TornadoNativeArray weights = seeded.array(type, outputSize * inputSize);
        FloatArray x = (FloatArray) seeded.array(StorageType.F32, tokens * inputSize);
        FloatArray out = new FloatArray(tokens * outputSize);
        IntArray step = Step.create();
        Step.set(step, 0, tokens);
        return new Work() {
            @Override
            public Object[] inputs() {
                return new Object[] {weights, x, step};
            }

            @Override
            public Object output() {
                return out;
            }

            @Override
            public int launches() {
                return 2;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                if (type == StorageType.F32) {
                    MatMulF32.addTo(graph, task, x, (FloatArray) weights, out, step, tokens, outputSize, inputSize);
                } else {
                    MatMulF16.addTo(graph, task, x, (HalfFloatArray) weights, out, step, tokens, outputSize, inputSize);
                }
            }

            @Override
            public double error() {
                Random random = new Random(7);
                double[] expected = new double[SAMPLES];
                double[] found = new double[SAMPLES];
                for (int sample = 0; sample < SAMPLES; sample++) {
                    int row = random.nextInt(outputSize);
                    int token = random.nextInt(tokens);
                    for (int i = 0; i < inputSize; i++) {
                        expected[sample] += (double) seeded.value((long) row * inputSize + i)
                                * seeded.value((long) token * inputSize + i);
                    }
                    found[sample] = out.get(token * outputSize + row);
                }
                return Checked.error(expected, i -> found[i]);
            }

            @Override
            public double tolerance() {
                return Operation.F32_TOLERANCE;
            }
        };
    }
}
