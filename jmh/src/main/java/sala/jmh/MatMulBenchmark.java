package sala.jmh;

import java.lang.foreign.Arena;
import org.openjdk.jmh.annotations.Param;
import sala.kernels.reference.Linear;
import sala.kernels.reference.Matrix;
import sala.kernels.storage.StorageType;
import sala.loader.DType;
import sala.model.ModelShape;
import sala.model.cpu.CpuOperations;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/**
 * A projection of many tokens, the work of prefill: bound by arithmetic, so {@code shareOfPeak} counts. On a device with
 * matrix units (PTX and CUDA) they are used for F16 and BF16, and the share of the multiply-add peak is above 1.
 */
public class MatMulBenchmark extends OperationBenchmark {
    @Param({"BF16", "F16", "F32"})
    public DType dtype = DType.BF16;

    @Param({"16", "256"})
    public int tokens;

    @Param("4096")
    public int rows;

    @Param("4096")
    public int columns;

    @Param("AUTO")
    public KernelForm kernels = KernelForm.AUTO;

    private final SeededWeights seeded = new SeededWeights(42);

    @Override
    double bytes() {
        int elementBytes = backend == BenchmarkBackend.REFERENCE ? Double.BYTES : dtype.bytes();
        return (double) rows * columns * elementBytes + (double) tokens * (rows + columns) * Float.BYTES;
    }

    @Override
    double flops() {
        return 2.0 * tokens * rows * columns;
    }

    @Override
    Operation open() {
        return switch (backend) {
            case REFERENCE -> {
                double[] x = seeded.doubles(Math.multiplyExact(tokens, columns));
                Matrix weights = Matrix.of(seeded.doubles(Math.multiplyExact(rows, columns)), columns);
                double[][] out = new double[1][];
                yield Operation.ofReference(() -> out[0] = Linear.project(x, weights));
            }
            case CPU, CPU_PLAIN -> {
                Arena arena = Arena.ofShared();
                CpuOperations operations = new CpuOperations(
                        ModelShape.NINE_B.config(1), backend.form(), BenchmarkThreads.count(), tokens);
                CpuOperations.Projection projection = operations.projection(seeded.tensor(dtype, rows, columns, arena));
                float[] x = seeded.floats(Math.multiplyExact(tokens, columns));
                float[] out = new float[Math.multiplyExact(tokens, rows)];
                yield Operation.of(
                        () -> projection.multiply(x, tokens, out),
                        () -> error(out),
                        Operation.F32_TOLERANCE,
                        operations,
                        arena);
            }
            case TORNADO -> DeviceOperation.open(row());
        };
    }

    private KernelSpeedRow row() {
        StorageType storage = MatVecBenchmark.storage(dtype);
        TornadoVMBackendType device = DeviceGraphs.requireDevice();
        boolean portable = kernels == KernelForm.PORTABLE || !DeviceGraphs.hasShuffles(device);
        return switch (storage) {
            case F32 -> new MatMulSpeed(storage, tokens, rows, columns);
            case F16 ->
                portable
                        ? new MatMulSpeed(storage, tokens, rows, columns)
                        : new TensorMatMulSpeed(
                                device == TornadoVMBackendType.CUDA
                                        ? TensorMatMulSpeed.Form.ASYNC_F16
                                        : TensorMatMulSpeed.Form.F16,
                                tokens,
                                rows,
                                columns);
            case BF16, PACKED_BF16 -> {
                if (kernels == KernelForm.PORTABLE) {
                    throw backend.refuse("the portable product has F32 and F16, found " + dtype);
                }
                yield new TensorMatMulSpeed(TensorMatMulSpeed.Form.PACKED_BF16, tokens, rows, columns);
            }
        };
    }

    private double error(float[] found) {
        int samples = 64;
        double[] expected = new double[samples];
        for (int i = 0; i < samples; i++) {
            for (int column = 0; column < columns; column++) {
                expected[i] += (double) seeded.value((long) row(i) * columns + column)
                        * seeded.value((long) token(i) * columns + column);
            }
        }
        return Checked.error(expected, i -> found[token(i) * rows + row(i)]);
    }

    private int row(int sample) {
        return sample * 997 % rows;
    }

    private int token(int sample) {
        return sample * 13 % tokens;
    }
}
