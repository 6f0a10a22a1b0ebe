package sala.kernels;

import java.util.Objects;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.WorkerGrid;

/**
 * A task graph, its grids and its kernel context, built together so that a task and its grid cannot part.
 *
 * <p>Order of use: transfers to the device, then {@code addTo} of every operation, then transfers to the host, then
 * {@code taskGraph().snapshot()}, executed with {@code gridScheduler()}.
 */
public final class KernelGraph {
    private final String name;
    private final TaskGraph taskGraph;
    private final GridScheduler gridScheduler;
    private final KernelContext context;

    /**
     * An empty graph.
     *
     * @param name unique among the graphs of an execution plan
     */
    public KernelGraph(String name) {
        this.name = Objects.requireNonNull(name, "name is null");
        taskGraph = new TaskGraph(name);
        gridScheduler = new GridScheduler();
        context = new KernelContext();
    }

    /** The graph, for transfers, tasks and the snapshot. */
    public TaskGraph taskGraph() {
        return taskGraph;
    }

    /** First argument of every kernel. */
    public KernelContext context() {
        return context;
    }

    /** The grids of all tasks, for {@code TornadoExecutionPlan.withGridScheduler}. */
    public GridScheduler gridScheduler() {
        return gridScheduler;
    }

    /** Name of the graph. */
    public String name() {
        return name;
    }

    /**
     * Sets the grid of a task of this graph.
     *
     * @param task name of the task
     * @param grid lanes in all and lanes of a work group
     */
    public void grid(String task, WorkerGrid grid) {
        gridScheduler.addWorkerGrid(name + "." + task, grid);
    }
}
