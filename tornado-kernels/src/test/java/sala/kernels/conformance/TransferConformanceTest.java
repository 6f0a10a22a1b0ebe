package sala.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** What is copied between host and device, and when; what graphs leave each other. */
class TransferConformanceTest {
    private static final int SIZE = 64;
    private static final int FIRST = DataTransferMode.FIRST_EXECUTION;
    private static final int EVERY = DataTransferMode.EVERY_EXECUTION;
    private static final int DEMAND = DataTransferMode.UNDER_DEMAND;

    private final FloatArray x = new FloatArray(SIZE);
    private final FloatArray y = new FloatArray(SIZE);

    public static void copy(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        y.set(i, x.get(i));
    }

    public static void add(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        y.set(i, y.get(i) + x.get(i));
    }

    private static GridScheduler grids(String... tasks) {
        GridScheduler grids = new GridScheduler();
        for (String task : tasks) {
            grids.addWorkerGrid(task, Grids.of(SIZE, 16));
        }
        return grids;
    }

    @Test
    void copiesAtTheFirstExecution() throws Exception {
        TaskGraph graph = new TaskGraph("first")
                .transferToDevice(FIRST, x)
                .task("copy", TransferConformanceTest::copy, new KernelContext(), x, y)
                .transferToHost(EVERY, y);
        x.init(1);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids("first.copy")).execute();
            x.init(2);
            plan.execute();
            assertEquals(1, y.get(SIZE - 1));
        }
    }

    @Test
    void copiesAtEveryExecution() throws Exception {
        TaskGraph graph = new TaskGraph("every")
                .transferToDevice(EVERY, x)
                .task("copy", TransferConformanceTest::copy, new KernelContext(), x, y)
                .transferToHost(EVERY, y);
        x.init(1);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids("every.copy")).execute();
            x.init(2);
            plan.execute();
            assertEquals(2, y.get(SIZE - 1));
        }
    }

    @Test
    void stateStaysOnTheDeviceUntilAskedFor() throws Exception {
        TaskGraph graph = new TaskGraph("state")
                .transferToDevice(FIRST, x, y)
                .task("add", TransferConformanceTest::add, new KernelContext(), x, y)
                .transferToHost(DEMAND, y);
        x.init(1);
        y.init(10);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids("state.add")).execute();
            plan.execute();
            TornadoExecutionResult result = plan.execute();
            assertEquals(10, y.get(3));
            result.transferToHost(y);
            assertEquals(13, y.get(3));
        }
    }

    @Test
    void tasksOfAGraphSeeEachOthersResults() throws Exception {
        FloatArray z = new FloatArray(SIZE);
        TaskGraph graph = new TaskGraph("chain")
                .transferToDevice(EVERY, x)
                .task("one", TransferConformanceTest::copy, new KernelContext(), x, y)
                .task("two", TransferConformanceTest::add, new KernelContext(), x, y)
                .task("three", TransferConformanceTest::copy, new KernelContext(), y, z)
                .transferToHost(EVERY, y, z);
        x.init(4);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids("chain.one", "chain.two", "chain.three"))
                    .execute();
        }
        assertEquals(8, z.get(7));
    }

    @Test
    void persistedArraysAreConsumed() throws Exception {
        FloatArray z = new FloatArray(SIZE);
        TaskGraph producer = new TaskGraph("producer")
                .transferToDevice(EVERY, x)
                .task("copy", TransferConformanceTest::copy, new KernelContext(), x, y)
                .persistOnDevice(y);
        TaskGraph consumer = new TaskGraph("consumer")
                .consumeFromDevice("producer", y)
                .task("copy", TransferConformanceTest::copy, new KernelContext(), y, z)
                .transferToHost(EVERY, z);
        x.init(5);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(producer.snapshot(), consumer.snapshot())) {
            plan.withGridScheduler(grids("producer.copy", "consumer.copy"));
            plan.withGraph(0).execute();
            plan.withGraph(1).execute();
            assertEquals(5, z.get(9));
            x.init(6);
            plan.withGraph(0).execute();
            plan.withGraph(1).execute();
            assertEquals(6, z.get(9));
        }
    }

    @Test
    void consumedArraysMayBeWrittenAndHandedOn() throws Exception {
        FloatArray z = new FloatArray(SIZE);
        TaskGraph one = new TaskGraph("one")
                .transferToDevice(FIRST, x, y)
                .task("add", TransferConformanceTest::add, new KernelContext(), x, y)
                .persistOnDevice(x, y);
        TaskGraph two = new TaskGraph("two")
                .consumeFromDevice("one", x, y)
                .task("add", TransferConformanceTest::add, new KernelContext(), x, y)
                .persistOnDevice(x, y);
        TaskGraph three = new TaskGraph("three")
                .consumeFromDevice("two", y)
                .task("copy", TransferConformanceTest::copy, new KernelContext(), y, z)
                .transferToHost(EVERY, z);
        x.init(1);
        y.init(100);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(one.snapshot(), two.snapshot(), three.snapshot())) {
            plan.withGridScheduler(grids("one.add", "two.add", "three.copy"));
            for (int i = 0; i < 3; i++) {
                plan.withGraph(0).execute();
                plan.withGraph(1).execute();
                plan.withGraph(2).execute();
            }
        }
        assertEquals(106, z.get(11));
    }
}
