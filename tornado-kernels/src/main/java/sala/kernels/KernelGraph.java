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
    private final boolean warpShuffles;
    private String scope = "";

    /**
     * An empty graph whose kernels run on every backend.
     *
     * @param name unique among the graphs of an execution plan
     */
    public KernelGraph(String name) {
        this(name, false);
    }

    /**
     * An empty graph.
     *
     * @param name unique among the graphs of an execution plan
     * @param warpShuffles whether kernels may sum over the lanes of a warp by shuffles, as PTX and CUDA can; OpenCL
     *     accepts them and computes something else
     */
    public KernelGraph(String name, boolean warpShuffles) {
        this.name = Objects.requireNonNull(name, "name is null");
        taskGraph = new TaskGraph(name);
        gridScheduler = new GridScheduler();
        context = new KernelContext();
        this.warpShuffles = warpShuffles;
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

    /** 1 if kernels may use warp shuffles, else 0: a constant of kernels that have both forms. */
    public int warpShuffles() {
        return warpShuffles ? 1 : 0;
    }

    /** Name of the graph. */
    public String name() {
        return name;
    }

    /**
     * What {@link #scoped} puts before the names of the tasks that follow: a graph may not have two tasks of one name, and
     * TornadoVM finds compiled code by the names of graph and task.
     */
    public void scope(String prefix) {
        scope = Objects.requireNonNull(prefix, "prefix is null");
    }

    /** The name for a task in the scope set last; without any, the name itself. */
    public String scoped(String task) {
        return scope.isEmpty() ? task : scope + "_" + task;
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
