package sala.tornado.interpreter.engine;

import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Adds up the times and bytes of an execution. */
final class Stopwatch {
    private final long start = System.nanoTime();
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

    void kernel(Runnable launch) {
        long before = System.nanoTime();
        launch.run();
        kernelNanos += System.nanoTime() - before;
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
