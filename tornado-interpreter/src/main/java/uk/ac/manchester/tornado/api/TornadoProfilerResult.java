package uk.ac.manchester.tornado.api;

import sala.tornado.interpreter.engine.ExecutionProfile;

/** Times in nanoseconds and bytes of one execution. What the interpreter does not have is 0. */
public class TornadoProfilerResult {
    private final ExecutionProfile profile;
    private final String log;

    TornadoProfilerResult(ExecutionProfile profile, String log) {
        this.profile = profile;
        this.log = log;
    }

    public long getTotalTime() {
        return profile.totalNanos();
    }

    public long getCompileTime() {
        return profile.compileNanos();
    }

    public long getTornadoCompilerTime() {
        return profile.compileNanos();
    }

    public long getDriverInstallTime() {
        return 0;
    }

    public long getDataTransfersTime() {
        return profile.writeNanos() + profile.readNanos();
    }

    public long getDeviceWriteTime() {
        return profile.writeNanos();
    }

    public long getDeviceReadTime() {
        return profile.readNanos();
    }

    public long getDataTransferDispatchTime() {
        return 0;
    }

    public long getKernelDispatchTime() {
        return 0;
    }

    public long getDeviceKernelTime() {
        return profile.kernelNanos();
    }

    public long getTotalBytesCopyIn() {
        return profile.bytesIn();
    }

    public long getTotalBytesCopyOut() {
        return profile.bytesOut();
    }

    public long getTotalBytesTransferred() {
        return profile.bytesIn() + profile.bytesOut();
    }

    public long getTotalDeviceMemoryUsage() {
        return profile.deviceBytes();
    }

    /**
     * What TornadoVM's profiler writes of the times of tasks, for all executions of the selected graphs since the plan was
     * made; empty where the profiler was off.
     */
    public String getProfileLog() {
        return log;
    }
}
