package sala.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Ids, barriers, local memory, reductions and atomic sums. */
class KernelContextConformanceTest {
    private static final int EVERY = DataTransferMode.EVERY_EXECUTION;

    private static void run(WorkerGrid grid, Object[] inputs, Object[] outputs, UnaryOperator<TaskGraph> task) {
        TaskGraph graph = new TaskGraph("conformance").transferToDevice(EVERY, inputs);
        graph = task.apply(graph).transferToHost(EVERY, outputs);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("conformance.task", grid)).execute();
        } catch (TornadoExecutionPlanException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object[] arrays(Object... arrays) {
        return arrays;
    }

    public static void ids(KernelContext context, IntArray ids) {
        int lane = context.globalIdx;
        ids.set(lane * 5, context.globalIdx);
        ids.set(lane * 5 + 1, context.groupIdx);
        ids.set(lane * 5 + 2, context.localIdx);
        ids.set(lane * 5 + 3, context.globalGroupSizeX);
        ids.set(lane * 5 + 4, context.localGroupSizeX);
    }

    @Test
    void idsInOneDimension() {
        IntArray ids = new IntArray(5 * 64);
        run(
                Grids.of(64, 16),
                arrays(ids),
                arrays(ids),
                graph -> graph.task("task", KernelContextConformanceTest::ids, new KernelContext(), ids));
        for (int lane = 0; lane < 64; lane++) {
            int[] found = {
                ids.get(lane * 5),
                ids.get(lane * 5 + 1),
                ids.get(lane * 5 + 2),
                ids.get(lane * 5 + 3),
                ids.get(lane * 5 + 4)
            };
            assertArrayEquals(new int[] {lane, lane / 16, lane % 16, 64, 16}, found);
        }
    }

    public static void planeIds(KernelContext context, IntArray ids, int width) {
        int x = context.globalIdx;
        int y = context.globalIdy;
        int group = context.groupIdy * 100 + context.groupIdx;
        int local = context.localIdy * 100 + context.localIdx;
        ids.set(y * width + x, group * 10000 + local);
    }

    @Test
    void idsInTwoDimensions() {
        int width = 24;
        int height = 12;
        IntArray ids = new IntArray(width * height);
        run(
                Grids.of(width, height, 8, 4),
                arrays(ids),
                arrays(ids),
                graph -> graph.task("task", KernelContextConformanceTest::planeIds, new KernelContext(), ids, width));
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int expected = (y / 4 * 100 + x / 8) * 10000 + y % 4 * 100 + x % 8;
                assertEquals(expected, ids.get(y * width + x));
            }
        }
    }

    public static void spaceIds(KernelContext context, IntArray ids) {
        int index = (context.globalIdz * 4 + context.globalIdy) * 8 + context.globalIdx;
        int group = (context.groupIdz * 10 + context.groupIdy) * 10 + context.groupIdx;
        int local = (context.localIdz * 10 + context.localIdy) * 10 + context.localIdx;
        ids.set(index, group * 1000 + local);
    }

    @Test
    void idsInThreeDimensions() {
        IntArray ids = new IntArray(8 * 4 * 6);
        run(
                Grids.of(new int[] {8, 4, 6}, new int[] {4, 2, 3}),
                arrays(ids),
                arrays(ids),
                graph -> graph.task("task", KernelContextConformanceTest::spaceIds, new KernelContext(), ids));
        for (int z = 0; z < 6; z++) {
            for (int y = 0; y < 4; y++) {
                for (int x = 0; x < 8; x++) {
                    int group = (z / 3 * 10 + y / 2) * 10 + x / 4;
                    int local = (z % 3 * 10 + y % 2) * 10 + x % 4;
                    assertEquals(group * 1000 + local, ids.get((z * 4 + y) * 8 + x));
                }
            }
        }
    }

    public static void reverseInGroup(KernelContext context, FloatArray x, FloatArray y) {
        int lane = context.localIdx;
        int size = context.localGroupSizeX;
        float[] tile = context.allocateFloatLocalArray(64);
        tile[lane] = x.get(context.globalIdx);
        context.localBarrier();
        y.set(context.globalIdx, tile[size - 1 - lane]);
    }

    @Test
    void localMemoryAndBarrier() {
        FloatArray x = numbers(256);
        FloatArray y = new FloatArray(256);
        run(
                Grids.of(256, 64),
                arrays(x),
                arrays(y),
                graph -> graph.task("task", KernelContextConformanceTest::reverseInGroup, new KernelContext(), x, y));
        for (int i = 0; i < 256; i++) {
            assertEquals(i / 64 * 64 + 63 - i % 64, y.get(i));
        }
    }

    public static void sumOfGroup(KernelContext context, FloatArray x, FloatArray sums) {
        int lane = context.localIdx;
        float[] partial = context.allocateFloatLocalArray(64);
        partial[lane] = x.get(context.globalIdx);
        for (int stride = 32; stride > 0; stride /= 2) {
            context.localBarrier();
            if (lane < stride) {
                partial[lane] += partial[lane + stride];
            }
        }
        if (lane == 0) {
            sums.set(context.groupIdx, partial[0]);
        }
    }

    @Test
    void reductionByTree() {
        FloatArray x = numbers(256);
        FloatArray sums = new FloatArray(4);
        run(
                Grids.of(256, 64),
                arrays(x),
                arrays(sums),
                graph -> graph.task("task", KernelContextConformanceTest::sumOfGroup, new KernelContext(), x, sums));
        assertArrayEquals(new float[] {2016, 6112, 10208, 14304}, sums.toHeapArray());
    }

    public static void exchangeInGlobalMemory(KernelContext context, FloatArray values, FloatArray mirrored) {
        int lane = context.localIdx;
        int first = context.groupIdx * 32;
        values.set(first + lane, 2f * (first + lane));
        context.globalBarrier();
        mirrored.set(first + lane, values.get(first + 31 - lane));
    }

    @Test
    void globalBarrierOrdersGlobalMemoryInAGroup() {
        FloatArray values = new FloatArray(64);
        FloatArray mirrored = new FloatArray(64);
        run(
                Grids.of(64, 32),
                arrays(values),
                arrays(mirrored),
                graph -> graph.task(
                        "task",
                        KernelContextConformanceTest::exchangeInGlobalMemory,
                        new KernelContext(),
                        values,
                        mirrored));
        for (int i = 0; i < 64; i++) {
            assertEquals(2f * (i / 32 * 32 + 31 - i % 32), mirrored.get(i));
        }
    }

    public static void countByAtomics(KernelContext context, IntArray counts) {
        context.atomicAdd(counts, 0, context.globalIdx % 3);
    }

    @Test
    void atomicSumOfInts() {
        IntArray counts = new IntArray(1);
        run(
                Grids.of(300, 30),
                arrays(counts),
                arrays(counts),
                graph -> graph.task("task", KernelContextConformanceTest::countByAtomics, new KernelContext(), counts));
        assertEquals(300, counts.get(0));
    }

    private static float squared(float value) {
        return value * value;
    }

    private static void addSquare(FloatArray x, FloatArray y, int index) {
        y.set(index, y.get(index) + squared(x.get(index)));
    }

    public static void helpers(KernelContext context, FloatArray x, FloatArray y, float scale, int size) {
        int i = context.globalIdx;
        if (i < size) {
            y.set(i, scale * i);
            addSquare(x, y, i);
        }
    }

    @Test
    void helpersConstantsAndAGuard() {
        FloatArray x = numbers(100);
        FloatArray y = new FloatArray(100);
        run(
                Grids.of(128, 32),
                arrays(x, y),
                arrays(y),
                graph ->
                        graph.task("task", KernelContextConformanceTest::helpers, new KernelContext(), x, y, 0.5f, 90));
        for (int i = 0; i < 100; i++) {
            assertEquals(i < 90 ? 0.5f * i + (float) i * i : 0, y.get(i));
        }
    }

    public static void privateArray(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        float[] own = new float[4];
        for (int j = 0; j < 4; j++) {
            own[j] = x.get(i) + j;
        }
        y.set(i, own[0] * own[1] + own[2] * own[3]);
    }

    @Test
    void privateArrays() {
        FloatArray x = numbers(64);
        FloatArray y = new FloatArray(64);
        run(
                Grids.of(64, 16),
                arrays(x),
                arrays(y),
                graph -> graph.task("task", KernelContextConformanceTest::privateArray, new KernelContext(), x, y));
        for (int i = 0; i < 64; i++) {
            assertEquals((float) i * (i + 1) + (float) (i + 2) * (i + 3), y.get(i));
        }
    }

    public static void tiledProduct(
            KernelContext context, FloatArray a, FloatArray b, FloatArray c, int rows, int inner, int columns) {
        int column = context.localIdx;
        int row = context.localIdy;
        int toColumn = context.groupIdx * 8 + column;
        int toRow = context.groupIdy * 8 + row;
        float[] aTile = context.allocateFloatLocalArray(64);
        float[] bTile = context.allocateFloatLocalArray(64);
        float sum = 0f;
        for (int tile = 0; tile < inner / 8; tile++) {
            aTile[row * 8 + column] = a.get(toRow * inner + tile * 8 + column);
            bTile[row * 8 + column] = b.get((tile * 8 + row) * columns + toColumn);
            context.localBarrier();
            for (int k = 0; k < 8; k++) {
                sum += aTile[row * 8 + k] * bTile[k * 8 + column];
            }
            context.localBarrier();
        }
        c.set(toRow * columns + toColumn, sum);
    }

    @Test
    void tiledMatrixProduct() {
        int rows = 16;
        int inner = 24;
        int columns = 32;
        FloatArray a = numbers(rows * inner);
        FloatArray b = numbers(inner * columns);
        FloatArray c = new FloatArray(rows * columns);
        run(
                Grids.of(columns, rows, 8, 8),
                arrays(a, b),
                arrays(c),
                graph -> graph.task(
                        "task",
                        KernelContextConformanceTest::tiledProduct,
                        new KernelContext(),
                        a,
                        b,
                        c,
                        rows,
                        inner,
                        columns));
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                double expected = 0;
                for (int k = 0; k < inner; k++) {
                    expected += (double) a.get(row * inner + k) * b.get(k * columns + column);
                }
                assertEquals(expected, c.get(row * columns + column), 1e-6 * expected);
            }
        }
    }

    public static void addLoop(FloatArray a, FloatArray b, FloatArray sum) {
        for (@Parallel int i = 0; i < sum.getSize(); i++) {
            sum.set(i, a.get(i) + 2f * b.get(i));
        }
    }

    @Test
    void parallelLoopWithoutAContext() throws Exception {
        FloatArray a = numbers(1000);
        FloatArray b = numbers(1000);
        FloatArray sum = new FloatArray(1000);
        TaskGraph graph = new TaskGraph("loop")
                .transferToDevice(EVERY, a, b)
                .task("task", KernelContextConformanceTest::addLoop, a, b, sum)
                .transferToHost(EVERY, sum);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.execute();
        }
        for (int i = 0; i < 1000; i++) {
            assertEquals(3f * i, sum.get(i));
        }
    }

    private static FloatArray numbers(int size) {
        FloatArray numbers = new FloatArray(size);
        for (int i = 0; i < size; i++) {
            numbers.set(i, i);
        }
        return numbers;
    }
}
