package sala.tornado.interpreter.engine;

/** Times and bytes of one execution. */
public record ExecutionProfile(
        long totalNanos,
        long compileNanos,
        long writeNanos,
        long kernelNanos,
        long readNanos,
        long bytesIn,
        long bytesOut,
        long deviceBytes) {}
