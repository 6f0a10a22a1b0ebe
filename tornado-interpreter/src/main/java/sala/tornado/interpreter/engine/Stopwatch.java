package sala.tornado.interpreter.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Adds up the times and bytes of an execution. */
final class Stopwatch {
    private final long start = System.nanoTime();
    private final Map<String, Long> taskNanos = new LinkedHashMap<>();
    private long compileNanos;
    private long writeNanos;
    private long kernelNanos;
    private long readNanos;
    private long bytesIn;
    private long bytesOut;

    void write(LongSupplier copy) {
        long before = System.nanoTime();
        bytesIn += copy.getAsLong();
        writeNanos += System.nanoTime() - before;
    }

    void read(LongSupplier copy) {
        long before = System.nanoTime();
        bytesOut += copy.getAsLong();
        readNanos += System.nanoTime() - before;
    }

    <T> T compile(Supplier<T> compilation) {
        long before = System.nanoTime();
        T result = compilation.get();
        compileNanos += System.nanoTime() - before;
        return result;
    }

    /** Forgets the tasks of the graph before. */
    void beginGraph() {
        taskNanos.clear();
    }

    void kernel(String task, Runnable launch) {
        long before = System.nanoTime();
        launch.run();
        long nanos = System.nanoTime() - before;
        kernelNanos += nanos;
        taskNanos.put(task, nanos);
    }

    /** The launches since {@link #beginGraph}. */
    Map<String, Long> taskNanos() {
        return taskNanos;
    }

    ExecutionProfile profile(long deviceBytes) {
        return new ExecutionProfile(
                System.nanoTime() - start,
                compileNanos,
                writeNanos,
                kernelNanos,
                readNanos,
                bytesIn,
                bytesOut,
                deviceBytes);
    }
}
