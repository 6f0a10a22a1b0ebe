package sala.tornado.interpreter;

import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;

/** Runs one task, named {@code graph.task}, on a device. */
final class Run {
    private final WorkerGrid grid;
    private InterpreterDevice device = InterpreterDevice.checking();
    private Object[] inputs = {};
    private Object[] outputs = {};

    private Run(WorkerGrid grid) {
        this.grid = grid;
    }

    static Run grid(int global, int local) {
        WorkerGrid grid = new WorkerGrid1D(global);
        grid.setLocalWork(local, 1, 1);
        return new Run(grid);
    }

    static Run grid(int globalX, int globalY, int localX, int localY) {
        WorkerGrid grid = new WorkerGrid2D(globalX, globalY);
        grid.setLocalWork(localX, localY, 1);
        return new Run(grid);
    }

    Run on(InterpreterDevice newDevice) {
        device = newDevice;
        return this;
    }

    Run in(Object... arrays) {
        inputs = arrays;
        return this;
    }

    Run out(Object... arrays) {
        outputs = arrays;
        return this;
    }

    /** Adds the task by {@code tasks} and executes the graph once. */
    void execute(UnaryOperator<TaskGraph> tasks) {
        execute(tasks, TornadoExecutionPlan::execute);
    }

    void execute(UnaryOperator<TaskGraph> tasks, Consumer<TornadoExecutionPlan> use) {
        TaskGraph graph = new TaskGraph("graph").transferToDevice(DataTransferMode.EVERY_EXECUTION, inputs);
        graph = tasks.apply(graph).transferToHost(DataTransferMode.EVERY_EXECUTION, outputs);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withDevice(device).withGridScheduler(new GridScheduler("graph.task", grid));
            use.accept(plan);
        } catch (TornadoExecutionPlanException e) {
            throw new IllegalStateException(e);
        }
    }
}
