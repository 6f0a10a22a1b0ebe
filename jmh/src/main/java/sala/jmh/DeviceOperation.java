package sala.jmh;

import java.util.List;
import sala.kernels.KernelGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoProfilerResult;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** Device kernels as operations of benchmarks: a run is a graph of several launches. */
final class DeviceOperation {
    private DeviceOperation() {}

    /**
     * Opens a row on TornadoVM's default device; its result has been checked then.
     *
     * <p>On PTX and CUDA the graph is recorded once and replayed, which spares the host most of what a launch costs; under
     * {@link TornadoProfiler} it is not, since a replayed graph has no times of its kernels.
     *
     * @throws IllegalStateException if there is no device, the row does not run on it, or the result is wrong
     */
    static Operation open(KernelSpeedRow row) {
        return open(row, new DeviceTimesEvent().isEnabled());
    }

    /** Opens a yardstick: the same, but {@link TornadoProfiler} does not see its times. */
    static Operation openYardstick(KernelSpeedRow row) {
        return open(row, false);
    }

    private static Operation open(KernelSpeedRow row, boolean profiled) {
        TornadoVMBackendType backend = DeviceGraphs.requireDevice();
        if (!row.runsOn(backend)) {
            throw new IllegalStateException("backend TORNADO: %s does not run on %s".formatted(row.name(), backend));
        }
        boolean shuffles = DeviceGraphs.hasShuffles(backend);
        KernelSpeedRow.Work work = row.allocate();
        double error = DeviceGraphs.check(work, shuffles);
        KernelGraph graph = DeviceGraphs.graph(work, "timed", work.launches(), shuffles);
        graph.taskGraph().persistOnDevice(work.output());
        TornadoExecutionPlan plan = DeviceGraphs.plan(graph);
        if (profiled) {
            plan.withProfiler(ProfilerMode.SILENT);
        } else if (shuffles) {
            plan.withCUDAGraph();
        }
        Runnable body = profiled ? () -> emit(plan.execute().getProfilerResult(), work.launches()) : plan::execute;
        return new Operation(body, () -> {}, work.launches(), () -> error, work.tolerance(), List.of(plan));
    }

    private static void emit(TornadoProfilerResult times, int launches) {
        DeviceTimesEvent event = new DeviceTimesEvent();
        event.launches = launches;
        event.kernelNanos = times.getDeviceKernelTime();
        event.copyInNanos = times.getDeviceWriteTime();
        event.copyOutNanos = times.getDeviceReadTime();
        event.compileNanos = times.getCompileTime();
        event.commit();
    }
}
