package sala.model.cpu;

import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import sala.jmh.BenchmarkThreads;
import sala.jmh.Yardstick;
import sala.loader.DType;
import sala.loader.TensorView;

/** Products of one vector with a matrix of the head's size, which no cache holds; {@code shareOfReads} is what counts. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 8, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Xmx2g"})
public class MatVecBenchmark {
    @Param({"BF16", "F16", "F32"})
    public DType dtype = DType.BF16;

    @Param("73448")
    public int rows;

    @Param({"2048", "4096"})
    public int columns;

    private Arena arena = Arena.ofShared();
    private WorkerTeam team = new WorkerTeam(1);
    private MatVec matVec = new MatVec(team, ColdStart.none(), 1);
    private WeightMatrix[] matrices = {};
    private float[] x = {};
    private float[][] y = {};
    private double bytes;

    @Setup
    public void open() {
        close();
        arena = Arena.ofShared();
        team = new WorkerTeam(BenchmarkThreads.count());
        matVec = new MatVec(team, ColdStart.none(), columns);
        TensorView tensor = SeededMatrix.create(dtype, rows, columns, arena);
        matrices = new WeightMatrix[] {WeightMatrix.of(tensor)};
        x = SeededMatrix.vector(columns);
        y = new float[][] {new float[rows]};
        bytes = tensor.data().byteSize();
        matVec.multiply(matrices, x, y);
        for (int row = 0; row < rows; row += 1001) {
            SeededMatrix.check(tensor, row, x, 0, y[0][row]);
        }
    }

    @Benchmark
    public float[] multiply(Yardstick yardstick) {
        matVec.multiply(matrices, x, y);
        yardstick.count(bytes, 0);
        return y[0];
    }

    @TearDown
    public void close() {
        team.close();
        arena.close();
    }
}
