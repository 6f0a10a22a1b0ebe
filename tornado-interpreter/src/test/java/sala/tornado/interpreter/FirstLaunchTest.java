package sala.tornado.interpreter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The smallest use: one task, one grid. */
class FirstLaunchTest {
    static void scale(KernelContext context, FloatArray x, FloatArray y, float factor) {
        int i = context.globalIdx;
        y.set(i, factor * x.get(i));
    }

    @Test
    void scalesEveryElement() throws Exception {
        FloatArray x = FloatArray.fromElements(1, 2, 3, 4);
        FloatArray y = new FloatArray(4);
        TaskGraph graph = new TaskGraph("graph")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, x)
                .task("scale", FirstLaunchTest::scale, new KernelContext(), x, y, 2f)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, y);
        WorkerGrid grid = new WorkerGrid1D(4);
        grid.setLocalWork(2, 1, 1);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("graph.scale", grid)).execute();
        }
        assertArrayEquals(new float[] {2, 4, 6, 8}, y.toHeapArray());
    }
}
