package sala.tornado.interpreter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import uk.ac.manchester.tornado.api.DataRange;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Device memory is apart from host memory: what is copied, when, and what is missing. */
class TransfersTest {
    private static final int SIZE = 32;
    private static final int FIRST = DataTransferMode.FIRST_EXECUTION;
    private static final int EVERY = DataTransferMode.EVERY_EXECUTION;
    private static final int DEMAND = DataTransferMode.UNDER_DEMAND;

    private final KernelContext context = new KernelContext();
    private final FloatArray x = new FloatArray(SIZE);
    private final FloatArray y = new FloatArray(SIZE);

    static void add(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        y.set(i, y.get(i) + x.get(i));
    }

    static void copy(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        y.set(i, x.get(i));
    }

    static void copyEven(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        if (i % 2 == 0) {
            y.set(i, x.get(i));
        }
    }

    static void countUp(KernelContext context, IntArray counts) {
        int i = context.globalIdx;
        counts.set(i, counts.get(i) + 1);
    }

    private static GridScheduler grids(String... tasks) {
        GridScheduler grids = new GridScheduler();
        for (String task : tasks) {
            WorkerGrid grid = new WorkerGrid1D(SIZE);
            grid.setLocalWork(16, 1, 1);
            grids.addWorkerGrid(task, grid);
        }
        return grids;
    }

    private static void expect(Executable use, String... parts) {
        String message =
                String.valueOf(assertThrows(InterpreterException.class, use).getMessage());
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void firstExecutionOnly() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(FIRST, x)
                .task("copy", TransfersTest::copy, context, x, y)
                .transferToHost(EVERY, y);
        x.init(1);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids("g.copy")).execute();
            x.init(2);
            plan.execute();
            assertEquals(1, y.get(SIZE - 1));
        }
    }

    @Test
    void everyExecution() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(EVERY, x)
                .task("copy", TransfersTest::copy, context, x, y)
                .transferToHost(EVERY, y);
        x.init(1);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            TornadoExecutionResult result =
                    plan.withGridScheduler(grids("g.copy")).execute();
            assertEquals(SIZE * 4, result.getProfilerResult().getTotalBytesCopyIn());
            assertEquals(SIZE * 4, result.getProfilerResult().getTotalBytesCopyOut());
            x.init(2);
            plan.execute();
            assertEquals(2, y.get(SIZE - 1));
        }
    }

    @Test
    void stateStaysOnTheDevice() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(FIRST, x, y)
                .task("add", TransfersTest::add, context, x, y)
                .transferToHost(DEMAND, y);
        x.init(1);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids("g.add")).execute();
            plan.execute();
            TornadoExecutionResult result = plan.execute();
            assertEquals(0, y.get(3));
            result.transferToHost(y);
            assertEquals(3, y.get(3));
        }
    }

    @Test
    void partOfAnArray() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(FIRST, x)
                .task("copy", TransfersTest::copy, context, x, y)
                .transferToHost(DEMAND, y);
        x.init(1);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids("g.copy"))
                    .execute()
                    .transferToHost(new DataRange(y).withOffset(4).withSize(2));
        }
        assertEquals(0, y.get(3));
        assertEquals(1, y.get(4));
        assertEquals(1, y.get(5));
        assertEquals(0, y.get(6));
    }

    @Test
    void outputsStartDirty() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(FIRST, x)
                .task("copy", TransfersTest::copyEven, context, x, y)
                .transferToHost(EVERY, y);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids("g.copy")).execute();
        }
        assertEquals(0, y.get(2));
        assertTrue(Float.isNaN(y.get(3)));
    }

    @Test
    void integersStartWithAPattern() throws Exception {
        IntArray counts = new IntArray(SIZE);
        TaskGraph graph = new TaskGraph("g")
                .task("count", TransfersTest::countUp, context, counts)
                .transferToHost(EVERY, counts);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids("g.count")).execute();
        }
        assertEquals(0xABABABAB + 1, counts.get(0));
    }

    @Test
    void persistAndConsume() throws Exception {
        TaskGraph first = new TaskGraph("first")
                .transferToDevice(EVERY, x)
                .task("copy", TransfersTest::copy, context, x, y)
                .persistOnDevice(y);
        FloatArray z = new FloatArray(SIZE);
        TaskGraph second = new TaskGraph("second")
                .consumeFromDevice("first", y)
                .task("copy", TransfersTest::copy, context, y, z)
                .persistOnDevice(y)
                .transferToHost(EVERY, z);
        TaskGraph third = new TaskGraph("third")
                .consumeFromDevice(y)
                .transferToDevice(FIRST, x)
                .task("add", TransfersTest::add, context, x, y)
                .transferToHost(EVERY, y);
        x.init(5);
        try (TornadoExecutionPlan plan =
                new TornadoExecutionPlan(first.snapshot(), second.snapshot(), third.snapshot())) {
            plan.withGridScheduler(grids("first.copy", "second.copy", "third.add"));
            plan.withGraph(0).execute();
            assertEquals(0, y.get(1));
            plan.withGraph(1).execute();
            assertEquals(5, z.get(1));
            plan.withGraph(2).execute();
            assertEquals(10, y.get(1));
            plan.execute();
            assertEquals(15, y.get(1));
            expect(
                    () -> plan.withAllGraphs().execute(),
                    "graph second was executed after graph third, but consumes from [first]",
                    "select graphs one by one with withGraph");
            assertEquals(4 * (SIZE * 4 + 16), plan.getCurrentDeviceMemoryUsage());
            plan.freeDeviceMemory();
            assertEquals(0, plan.getCurrentDeviceMemoryUsage());
        }
    }

    @Test
    void consumedButNotPersisted() throws Exception {
        TaskGraph first = new TaskGraph("first")
                .transferToDevice(EVERY, x)
                .task("copy", TransfersTest::copy, context, x, y)
                .transferToHost(EVERY, y);
        TaskGraph second = new TaskGraph("second")
                .consumeFromDevice("first", y)
                .task("copy", TransfersTest::copy, context, y, x)
                .transferToHost(EVERY, x);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(first.snapshot(), second.snapshot())) {
            plan.withGridScheduler(grids("first.copy", "second.copy"));
            plan.withGraph(0).execute();
            expect(
                    () -> plan.withGraph(1).execute(),
                    "graph second consumes a FloatArray of 32 elements from graph first, which has not persisted it");
        }
    }

    @Test
    void consumedFromNowhere() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .consumeFromDevice("other", x)
                .task("copy", TransfersTest::copy, context, x, y)
                .transferToHost(EVERY, y);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids("g.copy"));
            expect(plan::execute, "consumes from graph other, which the plan does not have: it has [g]");
        }
    }

    @Test
    void argumentInNoTransfer() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .task("copy", TransfersTest::copy, context, x, y)
                .transferToHost(EVERY, y);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids("g.copy"));
            expect(plan::execute, "task g.copy: argument 1, a FloatArray of 32 elements, is in no transferToDevice");
        }
    }

    @Test
    void demandOfAnArrayThatIsNotThere() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(EVERY, x)
                .task("copy", TransfersTest::copy, context, x, y)
                .transferToHost(EVERY, y);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            TornadoExecutionResult result =
                    plan.withGridScheduler(grids("g.copy")).execute();
            expect(() -> result.transferToHost(new FloatArray(3)), "transferToHost of a FloatArray of 3 elements");
        }
    }

    @Test
    void closedPlan() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(EVERY, x)
                .task("copy", TransfersTest::copy, context, x, y)
                .transferToHost(EVERY, y);
        TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot());
        plan.withGridScheduler(grids("g.copy")).execute();
        plan.close();
        expect(plan::execute, "the plan of [g] is closed");
    }

    @Test
    void memoryLimit() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(EVERY, x)
                .task("copy", TransfersTest::copy, context, x, y)
                .transferToHost(EVERY, y);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids("g.copy")).withMemoryLimit("200B");
            expect(plan::execute, "of 144 bytes: 144 bytes are in use, the limit is 200");
            expect(
                    () -> plan.withMemoryLimit("much"),
                    "withMemoryLimit(\"much\"): expected a number and B, KB, MB or GB");
            plan.withMemoryLimit("1KB").execute();
        }
    }

    @Test
    void gridsThatDoNotFit() throws Exception {
        TaskGraph graph = new TaskGraph("g")
                .transferToDevice(EVERY, x)
                .task("copy", TransfersTest::copy, context, x, y)
                .transferToHost(EVERY, y);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            expect(plan::execute, "task g.copy uses a KernelContext, but the grid scheduler has no grid for it");
            WorkerGrid grid = new WorkerGrid1D(SIZE);
            grid.setLocalWork(5, 1, 1);
            plan.withGridScheduler(new GridScheduler("g.copy", grid));
            expect(plan::execute, "global size [32, 1, 1] is no multiple of its local size [5, 1, 1] in dimension x");
            grid.setLocalWork(-1, 1, 1);
            expect(plan::execute, "local size is [-1, 1, 1]: expected three positive numbers");
            WorkerGrid large = new WorkerGrid1D(2048);
            large.setLocalWork(2048, 1, 1);
            plan.withGridScheduler(new GridScheduler("g.copy", large));
            expect(plan::execute, "makes 2048 lanes a work group: expected at most 1024");
            GridScheduler other = new GridScheduler("h.copy", grid);
            expect(() -> plan.withGridScheduler(other), "the grid scheduler names [h.copy]");
        }
    }

    @Test
    void graphsThatAreNone() {
        TaskGraph graph = new TaskGraph("g");
        expect(() -> graph.transferToDevice(7, x), "transferToDevice with mode 7: expected FIRST_EXECUTION (0)");
        expect(() -> graph.transferToHost(FIRST, x), "transferToHost with mode 0: expected EVERY_EXECUTION (1)");
        expect(() -> graph.transferToDevice(EVERY, x, "text"), "argument 1 of transferToDevice is a String");
        float[] heap = new float[4];
        expect(
                () -> graph.task("heap", (float[] values) -> values[0] = 1, heap),
                "task g.heap: argument 0 is a float[]: expected an array of the API");
        TaskGraph twice =
                graph.task("t", TransfersTest::copy, context, x, y).task("t", TransfersTest::copy, context, x, y);
        expect(twice::snapshot, "graph g has two tasks named t");
    }

    @Test
    @SuppressWarnings({"unchecked", "rawtypes"})
    void argumentsOfTheWrongType() throws Exception {
        uk.ac.manchester.tornado.api.common.TornadoFunctions.Task3 kernel =
                (uk.ac.manchester.tornado.api.common.TornadoFunctions.Task3<KernelContext, FloatArray, FloatArray>)
                        TransfersTest::copy;
        IntArray wrong = new IntArray(SIZE);
        TaskGraph graph = new TaskGraph("g").transferToDevice(EVERY, x, wrong);
        graph.task("copy", kernel, context, x, wrong).transferToHost(EVERY, wrong);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(grids("g.copy"));
            expect(
                    plan::execute,
                    "task g.copy: 0 static methods TransfersTest.copy take its 3 arguments (KernelContext, FloatArray, IntArray)");
        }
    }
}
