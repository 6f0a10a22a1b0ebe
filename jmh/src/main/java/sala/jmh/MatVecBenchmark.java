package sala.jmh;

import java.lang.foreign.Arena;
import org.openjdk.jmh.annotations.Param;
import sala.kernels.reference.Linear;
import sala.kernels.reference.Matrix;
import sala.kernels.storage.StorageType;
import sala.loader.DType;
import sala.model.ModelShape;
import sala.model.cpu.CpuOperations;

/** A projection of one token, the work of decode: bound by reading the matrix, so {@code shareOfBandwidth} counts. */
public class MatVecBenchmark extends OperationBenchmark {
    @Param({"BF16", "F16", "F32"})
    public DType dtype = DType.BF16;

    @Param("16384")
    public int rows;

    @Param("4096")
    public int columns;

    private final SeededWeights seeded = new SeededWeights(42);

    @Override
    double bytes() {
        int elementBytes = backend == BenchmarkBackend.REFERENCE ? Double.BYTES : dtype.bytes();
        return (double) rows * columns * elementBytes;
    }

    @Override
    double flops() {
        return 2.0 * rows * columns;
    }

    @Override
    Operation open() {
        return switch (backend) {
            case REFERENCE -> {
                double[] x = seeded.doubles(columns);
                Matrix weights = Matrix.of(seeded.doubles(Math.multiplyExact(rows, columns)), columns);
                double[][] out = new double[1][];
                yield Operation.ofReference(() -> out[0] = Linear.project(x, weights));
            }
            case CPU, CPU_PLAIN -> {
                Arena arena = Arena.ofShared();
                CpuOperations operations =
                        new CpuOperations(ModelShape.NINE_B.config(1), backend.form(), BenchmarkThreads.count(), 1);
                CpuOperations.Projection projection = operations.projection(seeded.tensor(dtype, rows, columns, arena));
                float[] x = seeded.floats(columns);
                float[] out = new float[rows];
                yield Operation.of(
                        () -> projection.multiply(x, 1, out),
                        () -> error(out),
                        Operation.F32_TOLERANCE,
                        operations,
                        arena);
            }
            case TORNADO -> DeviceOperation.open(MatVecSpeed.plain(storage(dtype), rows, columns));
        };
    }

    /** How a device stores matrices of a type. */
    static StorageType storage(DType dtype) {
        return switch (dtype) {
            case F32 -> StorageType.F32;
            case F16 -> StorageType.F16;
            case BF16 -> StorageType.PACKED_BF16;
            case F64, F8_E4M3, F8_E5M2, F8_E8M0, I64, I32, I16, I8, U64, U32, U16, U8, BOOL ->
                throw BenchmarkBackend.TORNADO.refuse("expected BF16, F16 or F32, found " + dtype);
        };
    }

    private double error(float[] found) {
        int stride = Math.max(1, rows / 64);
        double[] expected = new double[Math.ceilDiv(rows, stride)];
        for (int i = 0; i < expected.length; i++) {
            for (int column = 0; column < columns; column++) {
                expected[i] += (double) seeded.value((long) i * stride * columns + column) * seeded.value(column);
            }
        }
        return Checked.error(expected, i -> found[i * stride]);
    }
}
