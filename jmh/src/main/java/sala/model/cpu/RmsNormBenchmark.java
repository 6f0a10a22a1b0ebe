package sala.model.cpu;

import java.util.Arrays;
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
import org.openjdk.jmh.annotations.Warmup;

/** One row, beside a loop with a single sum: what a decode step spends between two projections. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector"})
public class RmsNormBenchmark {
    private static final double EPS = 1e-6;

    @Param({"128", "2048", "4096"})
    public int width;

    private float[] x = {};
    private float[] weight = {};
    private float[] out = {};

    @Setup
    public void open() {
        x = SeededMatrix.vector(width);
        weight = new float[width];
        Arrays.fill(weight, 1.5f);
        out = new float[width];
        float[] expected = loop().clone();
        float[] actual = norm();
        for (int i = 0; i < width; i++) {
            if (!(Math.abs(actual[i] - expected[i]) <= 1e-5 * Math.abs(expected[i]))) {
                throw new IllegalStateException("[%d]: expected %s, found %s".formatted(i, expected[i], actual[i]));
            }
        }
    }

    @Benchmark
    public float[] loop() {
        double sum = 0;
        for (int i = 0; i < width; i++) {
            sum += (double) x[i] * x[i];
        }
        float scale = (float) (1 / Math.sqrt(sum / width + EPS));
        for (int i = 0; i < width; i++) {
            out[i] = x[i] * scale * weight[i];
        }
        return out;
    }

    @Benchmark
    public float[] norm() {
        RmsNorm.apply(x, 0, weight, EPS, out, 0);
        return out;
    }
}
