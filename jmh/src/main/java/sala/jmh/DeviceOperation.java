package sala.jmh;

import java.util.List;
import sala.kernels.KernelGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** Device kernels as operations of benchmarks: a run is a graph of several launches. */
final class DeviceOperation {
    private DeviceOperation() {}

    /**
     * Opens a row on TornadoVM's default device; its result has been checked then.
     *
     * <p>On PTX and CUDA the graph is recorded once and replayed, which spares the host most of what a launch costs.
     *
     * @throws IllegalStateException if there is no device, the row does not run on it, or the result is wrong
     */
    static Operation open(KernelSpeedRow row) {
        TornadoVMBackendType backend = DeviceGraphs.requireDevice();
        if (!row.runsOn(backend)) {
            throw new IllegalStateException("backend TORNADO: %s does not run on %s".formatted(row.name(), backend));
        }
        boolean shuffles = DeviceGraphs.hasShuffles(backend);
        KernelSpeedRow.Work work = row.allocate();
        DeviceGraphs.Check check = DeviceGraphs.check(work, shuffles);
        KernelGraph graph = DeviceGraphs.graph(work, "timed", work.launches(), shuffles);
        graph.taskGraph().persistOnDevice(work.output());
        TornadoExecutionPlan plan = DeviceGraphs.plan(graph);
        if (shuffles) {
            plan.withCUDAGraph();
        }
        return new Operation(
                plan::execute, () -> {}, work.launches(), check::error, work.tolerance(), check.times(), List.of(plan));
    }
}
