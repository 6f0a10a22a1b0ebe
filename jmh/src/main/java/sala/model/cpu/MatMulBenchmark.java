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

/** Products of a prefill chunk with one matrix; {@code shareOfPeak} is what counts. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 8, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Xmx2g"})
public class MatMulBenchmark {
    @Param("BF16")
    public DType dtype = DType.BF16;

    @Param({"16", "64", "256", "512"})
    public int tokenCount;

    @Param({"2048"})
    public int rows;

    @Param({"2048", "5120"})
    public int columns;

    private Arena arena = Arena.ofShared();
    private WorkerTeam team = new WorkerTeam(1);
    private MatMul matMul = new MatMul(team, ColdStart.none(), 1, 1);
    private WeightMatrix[] matrices = {};
    private float[] x = {};
    private float[][] y = {};

    @Setup
    public void open() {
        close();
        arena = Arena.ofShared();
        team = new WorkerTeam(BenchmarkThreads.count());
        matMul = new MatMul(team, ColdStart.none(), tokenCount, columns);
        TensorView tensor = SeededMatrix.create(dtype, rows, columns, arena);
        matrices = new WeightMatrix[] {WeightMatrix.of(tensor)};
        x = SeededMatrix.vector(tokenCount * columns);
        y = new float[][] {new float[tokenCount * rows]};
        matMul.multiply(matrices, x, tokenCount, y);
        for (int token = 0; token < tokenCount; token += 5) {
            for (int row = token % 7; row < rows; row += 101) {
                SeededMatrix.check(tensor, row, x, token * columns, y[0][token * rows + row]);
            }
        }
    }

    @Benchmark
    public float[] multiply(Yardstick yardstick) {
        matMul.multiply(matrices, x, tokenCount, y);
        yardstick.count(0, 2.0 * tokenCount * rows * columns);
        return y[0];
    }

    @TearDown
    public void close() {
        team.close();
        arena.close();
    }
}
