package sala.jmh;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import sala.kernels.KernelGraph;
import sala.kernels.matvec.MatVecF16;
import sala.kernels.matvec.MatVecF32;
import sala.kernels.matvec.MatVecPackedBf16;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A projection of decode. A graph goes round several matrices, so that none is found in the cache.
 *
 * @param type F32, F16 or PACKED_BF16
 * @param outputSize rows
 * @param inputSize columns
 */
record MatVecSpeed(StorageType type, int outputSize, int inputSize) implements KernelSpeedRow {
    /** More than the largest caches hold. */
    private static final double BYTES_OF_A_ROUND = 250e6;

    private static final int MOST_MATRICES = 16;

    @Override
    public String name() {
        return "matvec " + type.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String shape() {
        return outputSize + "x" + inputSize;
    }

    @Override
    public double bytes() {
        return (double) outputSize * inputSize * type.elementBytes();
    }

    @Override
    public double flops() {
        return 0;
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        return switch (type) {
            case F32 -> true;
            case F16 -> backend != TornadoVMBackendType.JAVA;
            case BF16 -> false;
            case PACKED_BF16 -> backend == TornadoVMBackendType.CUDA;
        };
    }

    @Override
    public Work allocate() {
        SeededWeights seeded = new SeededWeights(42);
        FloatArray x = (FloatArray) seeded.array(StorageType.F32, inputSize);
        FloatArray out = new FloatArray(outputSize);
        int matrices = (int) Math.clamp(Math.ceil(BYTES_OF_A_ROUND / bytes()), 1, MOST_MATRICES);
        List<TornadoNativeArray> weights = new ArrayList<>();
        for (int i = 0; i < matrices; i++) {
            weights.add(seeded.array(type, outputSize * inputSize));
        }
        return new Work() {
            @Override
            public Object[] inputs() {
                List<Object> inputs = new ArrayList<>(weights);
                inputs.add(x);
                return inputs.toArray();
            }

            @Override
            public Object output() {
                return out;
            }

            @Override
            public int launches() {
                return Math.max(matrices, 4);
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                switch (weights.get(launch % matrices)) {
                    case FloatArray w -> MatVecF32.addTo(graph, task, x, w, out, outputSize, inputSize, 1.0f);
                    case HalfFloatArray w -> MatVecF16.addTo(graph, task, x, w, out, outputSize, inputSize, 1.0f);
                    case LongArray w -> MatVecPackedBf16.addTo(graph, task, x, w, out, outputSize, inputSize, 1.0f);
                    default -> throw new IllegalStateException("no kernel for " + type);
                }
            }

            @Override
            public double error() {
                double worst = 0;
                double largest = 0;
                for (int row = 0; row < outputSize; row += 1 + outputSize / 64) {
                    double sum = 0;
                    for (int c = 0; c < inputSize; c++) {
                        sum += (double) seeded.value((long) row * inputSize + c) * seeded.value(c);
                    }
                    worst = Math.max(worst, Math.abs(sum - out.get(row)));
                    largest = Math.max(largest, Math.abs(sum));
                }
                return worst / largest;
            }

            @Override
            public double tolerance() {
                return 1e-5;
            }
        };
    }
}
