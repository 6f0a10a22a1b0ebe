package sala.jmh;

import sala.kernels.KernelGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** Task graphs of the rows that measure device kernels. */
final class DeviceGraphs {
    /** Launches behind the checked one: the clocks of an idle card rise with the first of them. */
    private static final int PROFILED_LAUNCHES = 3;

    /** Long enough for the clocks of an idle card to rise. */
    static final long WARM_UP_NANOS = 300_000_000;

    private DeviceGraphs() {}

    /**
     * The backend of the default device.
     *
     * @throws IllegalStateException on the interpreter: what it would measure is no device
     */
    static TornadoVMBackendType requireDevice() {
        TornadoVMBackendType backend =
                TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice().getTornadoVMBackend();
        if (backend == TornadoVMBackendType.JAVA) {
            throw new IllegalStateException(
                    "backend TORNADO: kernels run on the interpreter here, which checks them and has no speed; set TORNADOVM_HOME to the folder of an installed TornadoVM SDK and start with ./sala-jmh");
        }
        return backend;
    }

    /** Whether sums over a warp by shuffles, and recorded graphs, exist. */
    static boolean hasShuffles(TornadoVMBackendType backend) {
        return backend == TornadoVMBackendType.PTX || backend == TornadoVMBackendType.CUDA;
    }

    /** A graph of so many launches. */
    static KernelGraph graph(KernelSpeedRow.Work work, String name, int launches, boolean warpShuffles) {
        KernelGraph graph = new KernelGraph(name, warpShuffles);
        graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, work.inputs());
        for (int launch = 0; launch < launches; launch++) {
            work.addTo(graph, "launch" + launch, launch);
        }
        return graph;
    }

    static TornadoExecutionPlan plan(KernelGraph graph) {
        return new TornadoExecutionPlan(graph.taskGraph().snapshot()).withGridScheduler(graph.gridScheduler());
    }

    /**
     * Time of a launch by the device's own clock, which knows nothing of what the host does for it, but holds some microseconds
     * of the launch. Kernels have no warp shuffles here, so that every backend runs the same.
     *
     * @param runs of the graph
     * @return seconds, one number a run
     */
    static double[] kernelSeconds(KernelSpeedRow.Work work, int runs) {
        KernelGraph graph = graph(work, "kernels", work.launches(), false);
        graph.taskGraph().persistOnDevice(work.output());
        double[] seconds = new double[runs];
        try (TornadoExecutionPlan plan = plan(graph)) {
            long start = System.nanoTime();
            while (System.nanoTime() - start < WARM_UP_NANOS) {
                plan.execute();
            }
            plan.withProfiler(ProfilerMode.SILENT);
            for (int run = 0; run < runs; run++) {
                long nanos = plan.execute().getProfilerResult().getDeviceKernelTime();
                seconds[run] = nanos * 1e-9 / work.launches();
            }
            return seconds;
        } catch (TornadoExecutionPlanException e) {
            throw new IllegalStateException("the execution plan cannot be closed", e);
        }
    }

    /**
     * What a checked launch said.
     *
     * @param error against double precision
     * @param times of it, and of some more launches
     */
    record Check(double error, DeviceTimes times) {}

    /**
     * Launches once, brings the output back and compares it with double precision; then launches some more times to read
     * the device's clock.
     *
     * @throws IllegalStateException if the error is above the tolerance
     */
    static Check check(KernelSpeedRow.Work work, boolean warpShuffles) {
        KernelGraph graph = graph(work, "check", 1, warpShuffles);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, work.output());
        try (TornadoExecutionPlan plan = plan(graph).withProfiler(ProfilerMode.SILENT)) {
            DeviceTimes times = DeviceTimes.ofFirst(plan.execute().getProfilerResult());
            double error = work.error();
            if (!(error <= work.tolerance())) {
                throw new IllegalStateException(
                        "error %.3g is above %.3g: a wrong result has no speed".formatted(error, work.tolerance()));
            }
            for (int launch = 0; launch < PROFILED_LAUNCHES; launch++) {
                times = times.and(plan.execute().getProfilerResult());
            }
            return new Check(error, times);
        } catch (TornadoExecutionPlanException e) {
            throw new IllegalStateException("the execution plan cannot be closed", e);
        }
    }
}
