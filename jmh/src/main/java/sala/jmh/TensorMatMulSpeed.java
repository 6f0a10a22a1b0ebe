package sala.jmh;

import java.util.Locale;
import java.util.Random;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.matmul.AsyncTensorMatMulF16;
import sala.kernels.matmul.PackedTensorMatMulBf16;
import sala.kernels.matmul.PackedTensorMatMulF16;
import sala.kernels.matmul.TensorMatMulF16;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A projection of prefill on tensor cores.
 *
 * @param form of the product
 * @param tokens of the call
 * @param outputSize rows of the matrix
 * @param inputSize its columns
 */
record TensorMatMulSpeed(Form form, int tokens, int outputSize, int inputSize) implements KernelSpeedRow {
    /** The forms of the product. */
    enum Form {
        F16,
        ASYNC_F16,
        PACKED_F16,
        PACKED_BF16
    }

    @Override
    public String name() {
        return "tensor matmul " + form.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String shape() {
        return "T " + tokens + ", " + outputSize + "x" + inputSize;
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
        return switch (form) {
            case F16, PACKED_F16 -> backend == TornadoVMBackendType.PTX || backend == TornadoVMBackendType.CUDA;
            case ASYNC_F16, PACKED_BF16 -> backend == TornadoVMBackendType.CUDA;
        };
    }

    @Override
    public Work allocate() {
        SeededWeights seeded = new SeededWeights(42);
        IntArray step = Step.create();
        Step.set(step, 0, tokens);
        FloatArray out = new FloatArray((outputSize + 15) / 16 * 16 * tokens);
        TornadoNativeArray weights = array(seeded, outputSize * inputSize);
        TornadoNativeArray columns = array(seeded, inputSize * tokens);
        return new Work() {
            @Override
            public Object[] inputs() {
                return new Object[] {weights, columns, step};
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
                switch (form) {
                    case F16 ->
                        TensorMatMulF16.addTo(
                                graph,
                                task,
                                (HalfFloatArray) weights,
                                (HalfFloatArray) columns,
                                out,
                                step,
                                tokens,
                                outputSize,
                                inputSize);
                    case ASYNC_F16 ->
                        AsyncTensorMatMulF16.addTo(
                                graph,
                                task,
                                (HalfFloatArray) weights,
                                (HalfFloatArray) columns,
                                out,
                                step,
                                tokens,
                                outputSize,
                                inputSize);
                    case PACKED_F16 ->
                        PackedTensorMatMulF16.addTo(
                                graph,
                                task,
                                (LongArray) weights,
                                (LongArray) columns,
                                out,
                                step,
                                tokens,
                                outputSize,
                                inputSize);
                    case PACKED_BF16 ->
                        PackedTensorMatMulBf16.addTo(
                                graph,
                                task,
                                (LongArray) weights,
                                (LongArray) columns,
                                out,
                                step,
                                tokens,
                                outputSize,
                                inputSize);
                }
            }

            @Override
            public double error() {
                Random random = new Random(7);
                double worst = 0;
                double largest = 0;
                for (int sample = 0; sample < 200; sample++) {
                    int row = random.nextInt(outputSize);
                    int token = random.nextInt(tokens);
                    double sum = 0;
                    for (int i = 0; i < inputSize; i++) {
                        sum += (double) seeded.value((long) row * inputSize + i)
                                * seeded.value((long) i * tokens + token);
                    }
                    worst = Math.max(worst, Math.abs(sum - out.get(row * tokens + token)));
                    largest = Math.max(largest, Math.abs(sum));
                }
                return worst / largest;
            }

            @Override
            public double tolerance() {
                return 5e-5;
            }
        };
    }

    private TornadoNativeArray array(SeededWeights seeded, int elements) {
        return switch (form) {
            case F16, ASYNC_F16 -> seeded.array(StorageType.F16, elements);
            case PACKED_F16 -> seeded.packed(elements, false);
            case PACKED_BF16 -> seeded.packed(elements, true);
        };
    }
}
