package sala.jmh;

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
import sala.model.Logits;
import sala.model.ModelShape;
import sala.model.Session;

/**
 * Prompts per second; {@code shareOfPeak} counts the matrix products alone, so the time of attention lowers it. The
 * chunks are those to choose {@code CpuOptions.DEFAULT_PREFILL_CHUNK} from.
 *
 * <pre>  java -jar jmh/target/benchmarks.jar PrefillBenchmark -p prefillChunk=256  </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 10)
@Measurement(iterations = 5, time = 10)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Xmx2g"})
public class PrefillBenchmark {
    @Param("ONE_B")
    public ModelShape shape = ModelShape.ONE_B;

    @Param("1024")
    public int promptLength;

    @Param({"128", "256", "512", "1024"})
    public int prefillChunk;

    private SeededModel model = new SeededModel(ModelShape.TINY, 64, 64);
    private Session session = model.newSession();

    @Setup
    public void open() {
        close();
        model = new SeededModel(shape, promptLength, prefillChunk);
        session = model.newSession();
    }

    @Benchmark
    public Logits prefill(Yardstick yardstick) {
        session.reset();
        yardstick.count(0, model.prefillFlops(promptLength));
        return model.pass().prefill(session, model.tokens());
    }

    @TearDown
    public void close() {
        session.close();
        model.close();
    }
}
