package sala.jmh;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import sala.loader.Checkpoint;

/** A checkpoint opened and closed: headers read and checked, weights mapped, none of them read. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 6, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class CheckpointOpenBenchmark {
    @Param("samples/models/sala-tiny-en")
    public String model = "";

    /** Returns what was read, so that the reading cannot be left out. */
    @Benchmark
    public int open() {
        try (Checkpoint checkpoint = Checkpoint.open(Path.of(model))) {
            return checkpoint.tensorNames().size();
        }
    }
}
