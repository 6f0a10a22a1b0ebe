package sala.model.cpu;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import sala.jmh.BenchmarkThreads;

/** An empty job: what each parallel region of a decode step costs. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class WorkerTeamBenchmark {
    private final WorkerTeam team = new WorkerTeam(BenchmarkThreads.count());
    private final WorkerTeam.Job nothing = (worker, workers) -> {};

    @Benchmark
    public void emptyJob() {
        team.run(nothing);
    }

    @TearDown
    public void close() {
        team.close();
    }
}
