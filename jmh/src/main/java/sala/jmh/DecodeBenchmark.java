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
import sala.model.cpu.CpuOptions;

/**
 * Tokens per second of decoding behind a prompt and what was decoded before; {@code shareOfReads} is what the weights stream at, as a share of the
 * read bandwidth, and {@code -prof gc} shows what a token allocates:
 *
 * <pre>  java -jar jmh/target/benchmarks.jar DecodeBenchmark -prof gc  </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 10)
@Measurement(iterations = 6, time = 10)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Xmx2g"})
public class DecodeBenchmark {
    @Param("ONE_B")
    public ModelShape shape = ModelShape.ONE_B;

    @Param("512")
    public int promptLength;

    private SeededModel model = new SeededModel(ModelShape.TINY, 64, 64);
    private Session session = model.newSession();

    @Setup
    public void open() {
        close();
        model = new SeededModel(shape, promptLength, CpuOptions.DEFAULT_PREFILL_CHUNK);
        session = model.newSession();
        model.pass().prefill(session, model.tokens());
    }

    @Benchmark
    public Logits decode(Yardstick yardstick) {
        yardstick.count(model.decodeBytes(), 0);
        return model.pass().decode(session, model.tokens()[session.position() % promptLength]);
    }

    @TearDown
    public void close() {
        session.close();
        model.close();
    }
}
