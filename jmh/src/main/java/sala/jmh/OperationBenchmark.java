package sala.jmh;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A benchmark of one operation on one backend. What a subclass says is the shape, the work and how the operation is made;
 * what is measured, and that it is right, is said here once.
 *
 * <p>Why it looks as it does, for those who came to learn:
 *
 * <ul>
 *   <li><b>Right first.</b> {@link #prepare} runs the operation once and compares the result with double precision. It
 *       throws if the result is wrong, and JMH then prints no score: a wrong result has no speed.
 *   <li><b>Dead code.</b> A JIT compiler may drop a computation whose result nobody reads. The operations write into
 *       arrays that are fields of objects which outlive the call, or into memory of a device, so their stores cannot be
 *       dropped and nothing needs to go into a {@code Blackhole}. A benchmark that returns a number instead must return
 *       it to JMH.
 *   <li><b>Constants.</b> Shapes are fields, not compile-time constants: the JIT compiler may not fold them. Inputs are
 *       seeded noise, never zeros: a multiplication by zero is as fast as any, but a softmax of equal scores is not the
 *       usual case, and a wrong index would not be seen.
 *   <li><b>Warm-up.</b> A method is interpreted first, then compiled twice. Vector API code that is not compiled yet
 *       allocates an object for each operation and is a hundred times slower. A device kernel is compiled on its first
 *       launch, and the clocks of an idle card take some hundred milliseconds to rise. All of it belongs into the warm-up
 *       iterations, and compile time is reported by itself, by {@link DeviceReadings}.
 *   <li><b>Device synchronisation.</b> A launch returns before the kernel has run. {@code TornadoExecutionPlan.execute}
 *       waits for the device at its end, so the host's clock around it holds the kernels; it also holds what it costs
 *       to launch them, 10 to 100 microseconds, more than a small kernel takes. So a device gets a graph of several
 *       launches a run, {@code operations} counts them, and {@link DeviceReadings} adds the time by the device's own clock.
 *   <li><b>Caches.</b> An operation that is repeated on the same small matrix finds it in the cache, which it would not
 *       within a model. Device rows go round several matrices; on the CPU, take shapes larger than the last-level cache
 *       where the memory is the question.
 *   <li><b>Forks.</b> What the JIT compiler decides differs between two JVMs more than between two iterations. A
 *       difference of some per cent needs {@code -f 3} or more before it is believed.
 * </ul>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 6, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-Xmx6g"})
public abstract class OperationBenchmark {
    @Param({"REFERENCE", "CPU_PLAIN", "CPU", "TORNADO"})
    public BenchmarkBackend backend = BenchmarkBackend.CPU;

    private Operation operation = Operation.ofReference(() -> {});
    private double error;

    /** Makes the inputs and the operation. */
    abstract Operation open();

    /** Bytes that the operation must move at least, in the types that this backend stores; 0 if they do not matter. */
    abstract double bytes();

    /** Floating-point operations, a multiply-add being two; 0 if they do not matter. */
    abstract double flops();

    /** Opens the operation, runs it once and checks the result. */
    @Setup
    public void prepare() {
        operation = open();
        operation.body().run();
        error = operation.error().getAsDouble();
        if (!(error <= operation.tolerance())) {
            throw new IllegalStateException("the error is %.3g, above %.3g: a wrong result has no speed"
                    .formatted(error, operation.tolerance()));
        }
    }

    /** Brings the operation back to where it started, if it moves on. */
    @Setup(Level.Iteration)
    public void renew() {
        operation.renew().run();
    }

    /** One run. */
    @Benchmark
    public void run(Yardstick yardstick, Accuracy accuracy, DeviceReadings device) {
        operation.body().run();
        yardstick.count(operation.count(), bytes(), flops());
        accuracy.set(error);
        device.set(operation.times());
    }

    @TearDown
    public void close() {
        operation.close();
    }
}
