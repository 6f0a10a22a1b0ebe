package sala.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Functions and arithmetic in kernels. */
class MathConformanceTest {
    private static final int FUNCTIONS = 14;
    private static final int SIZE = 64;

    public static void functions(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        float value = x.get(i);
        int to = i * 14;
        y.set(to, TornadoMath.exp(value));
        y.set(to + 1, TornadoMath.sqrt(TornadoMath.abs(value)));
        y.set(to + 2, TornadoMath.max(value, 0.25f));
        y.set(to + 3, TornadoMath.min(value, 0.25f));
        y.set(to + 4, TornadoMath.floor(value * 3f));
        y.set(to + 5, TornadoMath.sin(value));
        y.set(to + 6, TornadoMath.cos(value));
        y.set(to + 7, TornadoMath.pow(value * value + 1f, 1.5f));
        y.set(to + 8, TornadoMath.log(value * value + 1f));
        y.set(to + 9, TornadoMath.tanh(value));
        y.set(to + 10, 1f / (1f + TornadoMath.exp(-value)));
        y.set(to + 11, Math.abs(value));
        y.set(to + 12, Math.max(Math.min(value, 1f), -1f));
        y.set(to + 13, (float) ((int) (value * 10f)) / 3f);
    }

    private static double expected(int function, double value) {
        return switch (function) {
            case 0 -> Math.exp(value);
            case 1 -> Math.sqrt(Math.abs(value));
            case 2 -> Math.max(value, 0.25);
            case 3 -> Math.min(value, 0.25);
            case 4 -> Math.floor((float) value * 3f);
            case 5 -> Math.sin(value);
            case 6 -> Math.cos(value);
            case 7 -> Math.pow(value * value + 1, 1.5);
            case 8 -> Math.log(value * value + 1);
            case 9 -> Math.tanh(value);
            case 10 -> 1 / (1 + Math.exp(-value));
            case 11 -> Math.abs(value);
            case 12 -> Math.clamp(value, -1.0, 1.0);
            default -> (int) ((float) value * 10f) / 3.0;
        };
    }

    @Test
    void floatFunctions() throws Exception {
        FloatArray x = new FloatArray(SIZE);
        FloatArray y = new FloatArray(SIZE * FUNCTIONS);
        for (int i = 0; i < SIZE; i++) {
            x.set(i, (i - 30) * 0.173f);
        }
        TaskGraph graph = new TaskGraph("math")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, x)
                .task("functions", MathConformanceTest::functions, new KernelContext(), x, y)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, y);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("math.functions", Grids.of(SIZE, 16)))
                    .execute();
        }
        for (int i = 0; i < SIZE; i++) {
            for (int function = 0; function < FUNCTIONS; function++) {
                double expected = expected(function, x.get(i));
                // The functions of a device may be off by some units in the last place.
                double tolerance = 2e-6 * Math.max(1, Math.abs(expected));
                assertEquals(
                        expected,
                        y.get(i * FUNCTIONS + function),
                        tolerance,
                        "function " + function + " of " + x.get(i));
            }
        }
    }

    public static void integers(KernelContext context, IntArray x, IntArray y, LongArray wide, DoubleArray doubles) {
        int i = context.globalIdx;
        int value = x.get(i);
        y.set(i * 4, value / 7);
        y.set(i * 4 + 1, value % 7);
        y.set(i * 4 + 2, (value >> 3) + (value << 2));
        y.set(i * 4 + 3, (value & 0xFF) | 0x100);
        wide.set(i, (long) value * value + i);
        doubles.set(i, value * 0.5 + i);
    }

    @Test
    void integersLongsAndDoubles() throws Exception {
        IntArray x = new IntArray(SIZE);
        IntArray y = new IntArray(SIZE * 4);
        LongArray wide = new LongArray(SIZE);
        DoubleArray doubles = new DoubleArray(SIZE);
        for (int i = 0; i < SIZE; i++) {
            x.set(i, i * 123_457 - 3_000_000);
        }
        TaskGraph graph = new TaskGraph("math")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, x)
                .task("integers", MathConformanceTest::integers, new KernelContext(), x, y, wide, doubles)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, y, wide, doubles);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("math.integers", Grids.of(SIZE, 16)))
                    .execute();
        }
        for (int i = 0; i < SIZE; i++) {
            int value = x.get(i);
            assertEquals(value / 7, y.get(i * 4));
            assertEquals(value % 7, y.get(i * 4 + 1));
            assertEquals((value >> 3) + (value << 2), y.get(i * 4 + 2));
            assertEquals((value & 0xFF) | 0x100, y.get(i * 4 + 3));
            assertEquals((long) value * value + i, wide.get(i));
            assertEquals(value * 0.5 + i, doubles.get(i));
        }
    }
}
