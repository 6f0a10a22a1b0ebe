package uk.ac.manchester.tornado.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import sala.tornado.interpreter.engine.PlanExecutor;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * Executes graphs. Each {@code with} method changes this plan and returns it; those that concern a real device only
 * (CUDA graphs, compiler flags, printing kernels) change nothing here.
 */
public class TornadoExecutionPlan implements AutoCloseable {
    public static final TornadoDevice DEFAULT_DEVICE =
            TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();

    private static final AtomicLong PLANS = new AtomicLong();

    private final long id = PLANS.incrementAndGet();
    private final PlanExecutor executor;
    private final List<TornadoExecutionResult> results = new ArrayList<>();

    public TornadoExecutionPlan(ImmutableTaskGraph... graphs) {
        this.executor = new PlanExecutor(
                Arrays.stream(graphs).map(ImmutableTaskGraph::description).toList(), DEFAULT_DEVICE);
    }

    public static TornadoDevice getDevice(int backendIndex, int deviceIndex) {
        return TornadoRuntimeProvider.getTornadoRuntime()
                .getBackend(backendIndex)
                .getDevice(deviceIndex);
    }

    public static int getTotalPlans() {
        return PLANS.intValue();
    }

    public static TornadoDeviceMap getTornadoDeviceMap() {
        return new TornadoDeviceMap();
    }

    /** Runs the selected graphs, all of them where none was selected. */
    public TornadoExecutionResult execute() {
        TornadoExecutionResult result = new TornadoExecutionResult(
                executor, new TornadoProfilerResult(executor.execute(), executor.profileLog()));
        results.add(result);
        return result;
    }

    /** Selects one graph for the executions that follow. */
    public TornadoExecutionPlan withGraph(int index) {
        executor.selectGraph(index);
        return this;
    }

    public TornadoExecutionPlan withAllGraphs() {
        executor.selectAllGraphs();
        return this;
    }

    /** Prepares the kernels of the selected graphs without running them. */
    public TornadoExecutionPlan withPreCompilation() {
        executor.compile();
        return this;
    }

    public TornadoExecutionPlan withDevice(TornadoDevice device) {
        executor.setDevice(device);
        return this;
    }

    public TornadoDevice getDevice(int graphIndex) {
        return executor.device(graphIndex);
    }

    public TornadoExecutionPlan withGridScheduler(GridScheduler gridScheduler) {
        executor.setGridScheduler(gridScheduler);
        return this;
    }

    /** Forgets the grids set before. */
    public TornadoExecutionPlan withDefaultScheduler() {
        executor.setGridScheduler(new GridScheduler());
        return this;
    }

    /** From here on every execution adds the times of its tasks to the log of its graph. */
    public TornadoExecutionPlan withProfiler(ProfilerMode mode) {
        executor.setProfiled(true);
        return this;
    }

    public TornadoExecutionPlan withoutProfiler() {
        executor.setProfiled(false);
        return this;
    }

    public TornadoExecutionPlan clearProfiles() {
        return this;
    }

    /** Limits the bytes of device memory, as in {@code "512MB"}. */
    public TornadoExecutionPlan withMemoryLimit(String limit) {
        executor.setMemoryLimit(limit);
        return this;
    }

    public TornadoExecutionPlan withoutMemoryLimit() {
        executor.clearMemoryLimit();
        return this;
    }

    public TornadoExecutionPlan freeDeviceMemory() {
        executor.freeDeviceMemory();
        return this;
    }

    public TornadoExecutionPlan resetDevice() {
        executor.freeDeviceMemory();
        return this;
    }

    public long getCurrentDeviceMemoryUsage() {
        return executor.deviceBytes();
    }

    public TornadoExecutionPlan withWarmUpIterations(int iterations) {
        if (iterations < 0) {
            throw new TornadoRuntimeException("withWarmUpIterations(" + iterations + "): must not be negative");
        }
        for (int i = 0; i < iterations; i++) {
            executor.execute();
        }
        return this;
    }

    public TornadoExecutionPlan withCUDAGraph() {
        return this;
    }

    public TornadoExecutionPlan withIntraPlanConcurrency() {
        return this;
    }

    public TornadoExecutionPlan withoutIntraPlanConcurrency() {
        return this;
    }

    public TornadoExecutionPlan withStagedTransfers() {
        return this;
    }

    public TornadoExecutionPlan withoutStagedTransfers() {
        return this;
    }

    public TornadoExecutionPlan withThreadInfo() {
        return this;
    }

    public TornadoExecutionPlan withoutThreadInfo() {
        return this;
    }

    public TornadoExecutionPlan withPrintKernel() {
        return this;
    }

    public TornadoExecutionPlan withoutPrintKernel() {
        return this;
    }

    public TornadoExecutionPlan withCompilerFlags(TornadoVMBackendType backend, String flags) {
        return this;
    }

    public TornadoExecutionResult getPlanResult(int index) {
        if (index < 0 || index >= results.size()) {
            throw new TornadoRuntimeException(
                    "result %d of a plan that was executed %d times".formatted(index, results.size()));
        }
        return results.get(index);
    }

    public long getId() {
        return id;
    }

    public long getGlobalExecutionPlansCounter() {
        return PLANS.get();
    }

    public String getTraceExecutionPlan() {
        return toString();
    }

    @Override
    public String toString() {
        return "plan " + id + " of " + executor;
    }

    /** Frees the device memory; the plan cannot be used after that. */
    @Override
    public void close() throws TornadoExecutionPlanException {
        executor.close();
    }
}
