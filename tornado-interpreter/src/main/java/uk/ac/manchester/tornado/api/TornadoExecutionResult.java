package uk.ac.manchester.tornado.api;

import sala.tornado.interpreter.engine.PlanExecutor;

/** The outcome of one execution of a plan. */
public class TornadoExecutionResult {
    private final PlanExecutor executor;
    private final TornadoProfilerResult profilerResult;

    TornadoExecutionResult(PlanExecutor executor, TornadoProfilerResult profilerResult) {
        this.executor = executor;
        this.profilerResult = profilerResult;
    }

    public TornadoProfilerResult getProfilerResult() {
        return profilerResult;
    }

    /** Copies arrays that were left on the device until asked for. */
    public TornadoExecutionResult transferToHost(Object... arrays) {
        executor.transferToHost(arrays);
        return this;
    }

    /** Copies a part of an array to the same place of the host's array. */
    public TornadoExecutionResult transferToHost(DataRange range) {
        range.materialize();
        executor.transferToHost(range.getArray(), range.getOffset(), range.getPartialSize());
        return this;
    }

    public boolean isReady() {
        return true;
    }
}
