package sala.tornado.interpreter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Right kernels pass, on both ways of running and in every order of lanes and groups. */
class KernelsTest {
    private static final int LANES = 64;
    private static final float HALF = (float) Math.sqrt(0.25);

    static Stream<InterpreterDevice> devices() {
        return Stream.of(
                InterpreterDevice.checking(),
                InterpreterDevice.fast(),
                InterpreterDevice.checking().withOrder(new ExecutionOrder.Descending()),
                InterpreterDevice.checking().withOrder(new ExecutionOrder.Shuffled(42)),
                InterpreterDevice.fast().withOrder(new ExecutionOrder.Shuffled(7)));
    }

    static void scale(KernelContext context, FloatArray x, FloatArray y, float factor) {
        int i = context.globalIdx;
        y.set(i, factor * x.get(i) * HALF);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void oneLaneAnElement(InterpreterDevice device) {
        FloatArray x = new FloatArray(4096);
        FloatArray y = new FloatArray(4096);
        float[] expected = new float[4096];
        for (int i = 0; i < 4096; i++) {
            x.set(i, i);
            expected[i] = i;
        }
        Run.grid(4096, 32)
                .on(device)
                .in(x)
                .out(y)
                .execute(graph -> graph.task("task", KernelsTest::scale, new KernelContext(), x, y, 2f));
        assertArrayEquals(expected, y.toHeapArray());
    }

    /** Loads {@link ForeignKernel} anew, with what is private there. */
    private static final class ForeignLoader extends ClassLoader {
        ForeignLoader() {
            super(ForeignKernel.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.equals(ForeignKernel.class.getName())) {
                return super.loadClass(name, resolve);
            }
            try (InputStream file = getResourceAsStream(name.replace('.', '/') + ".class")) {
                byte[] bytes = Objects.requireNonNull(file, name).readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aKernelOfAnotherClassLoader(InterpreterDevice device) throws ReflectiveOperationException {
        FloatArray x = FloatArray.fromElements(1, 2, 3, 4);
        FloatArray y = new FloatArray(4);
        Object kernel = new ForeignLoader()
                .loadClass(ForeignKernel.class.getName())
                .getConstructor()
                .newInstance();
        assertNotSame(ForeignKernel.class, kernel.getClass());
        @SuppressWarnings("unchecked")
        BiFunction<FloatArray, FloatArray, UnaryOperator<TaskGraph>> tasks =
                (BiFunction<FloatArray, FloatArray, UnaryOperator<TaskGraph>>) kernel;
        Run.grid(4, 4).on(device).in(x).out(y).execute(tasks.apply(x, y));
        assertArrayEquals(new float[] {2, 4, 6, 8}, y.toHeapArray());
    }

    static void sumByTree(KernelContext context, FloatArray x, FloatArray sums) {
        int lane = context.localIdx;
        float[] partial = context.allocateFloatLocalArray(LANES);
        partial[lane] = x.get(context.globalIdx);
        context.localBarrier();
        for (int stride = LANES / 2; stride > 0; stride /= 2) {
            if (lane < stride) {
                partial[lane] += partial[lane + stride];
            }
            context.localBarrier();
        }
        if (lane == 0) {
            sums.set(context.groupIdx, partial[0]);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void treeInLocalMemory(InterpreterDevice device) {
        FloatArray x = numbers(256);
        FloatArray sums = new FloatArray(4);
        Run.grid(256, LANES)
                .on(device)
                .in(x)
                .out(sums)
                .execute(graph -> graph.task("task", KernelsTest::sumByTree, new KernelContext(), x, sums));
        assertArrayEquals(new float[] {2016, 6112, 10208, 14304}, sums.toHeapArray());
    }

    private static float groupSum(KernelContext context, float[] partial, float value, int lane) {
        partial[lane] = value;
        context.localBarrier();
        for (int stride = LANES / 2; stride > 0; stride /= 2) {
            if (lane < stride) {
                partial[lane] += partial[lane + stride];
            }
            context.localBarrier();
        }
        float sum = partial[0];
        context.localBarrier();
        return sum;
    }

    static void normalise(KernelContext context, FloatArray x, FloatArray y, long unused, double scale) {
        int lane = context.localIdx;
        int row = context.groupIdx;
        float[] partial = context.allocateFloatLocalArray(LANES);
        long wide = unused + 1;
        float[] own = new float[2];
        own[0] = x.get(row * LANES + lane);
        own[1] = 1f;
        // A wait below values on the operand stack: the sum, the product and a double.
        double result = scale * own[0] / (own[1] * groupSum(context, partial, own[0], lane) + (float) wide - 1f);
        double count = scale + groupSum(context, partial, 1f, lane);
        y.set(row * LANES + lane, (float) (result * count));
    }

    @ParameterizedTest
    @MethodSource("devices")
    void helperThatWaitsInsideOfAnExpression(InterpreterDevice device) {
        FloatArray x = numbers(128);
        FloatArray y = new FloatArray(128);
        Run.grid(128, LANES)
                .on(device)
                .in(x)
                .out(y)
                .execute(graph -> graph.task("task", KernelsTest::normalise, new KernelContext(), x, y, 0L, 2.0));
        assertEquals(2.0 * 5 / 2016 * 66, y.get(5), 1e-6);
        assertEquals(2.0 * 70 / 6112 * 66, y.get(70), 1e-6);
    }

    static void transpose(KernelContext context, FloatArray matrix, FloatArray transposed, int rows, int columns) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        float[] tile = context.allocateFloatLocalArray(256);
        tile[context.localIdy * 16 + context.localIdx] = matrix.get(row * columns + column);
        context.localBarrier();
        int newColumn = context.groupIdy * context.localGroupSizeY + context.localIdx;
        int newRow = context.groupIdx * context.localGroupSizeX + context.localIdy;
        transposed.set(newRow * rows + newColumn, tile[context.localIdx * 16 + context.localIdy]);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void tilesInTwoDimensions(InterpreterDevice device) {
        FloatArray matrix = numbers(32 * 48);
        FloatArray transposed = new FloatArray(32 * 48);
        Run.grid(48, 32, 16, 16)
                .on(device)
                .in(matrix)
                .out(transposed)
                .execute(graph ->
                        graph.task("task", KernelsTest::transpose, new KernelContext(), matrix, transposed, 32, 48));
        for (int row = 0; row < 32; row++) {
            for (int column = 0; column < 48; column++) {
                assertEquals(matrix.get(row * 48 + column), transposed.get(column * 32 + row));
            }
        }
    }

    static void count(KernelContext context, IntArray counts, LongArray total, FloatArray sum, DoubleArray wideSum) {
        int[] local = context.allocateIntLocalArray(4);
        int lane = context.localIdx;
        if (lane < 4) {
            local[lane] = 0;
        }
        context.localBarrier();
        context.atomicAdd(local, context.globalIdx % 4, 1);
        context.localBarrier();
        if (lane < 4) {
            context.atomicAdd(counts, lane, local[lane]);
        }
        context.atomicAdd(total, 0, 2L);
        context.atomicAdd(sum, 0, 0.5f);
        context.atomicAdd(wideSum, 0, 0.25);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void atomicSums(InterpreterDevice device) {
        IntArray counts = new IntArray(4);
        LongArray total = new LongArray(1);
        FloatArray sum = new FloatArray(1);
        DoubleArray wideSum = new DoubleArray(1);
        Run.grid(4096, 32)
                .on(device)
                .in(counts, total, sum, wideSum)
                .out(counts, total, sum, wideSum)
                .execute(graph ->
                        graph.task("task", KernelsTest::count, new KernelContext(), counts, total, sum, wideSum));
        assertArrayEquals(new int[] {1024, 1024, 1024, 1024}, counts.toHeapArray());
        assertEquals(8192, total.get(0));
        assertEquals(2048f, sum.get(0));
        assertEquals(1024.0, wideSum.get(0));
    }

    static void warps(KernelContext context, FloatArray x, FloatArray sums, FloatArray next, FloatArray first) {
        int i = context.globalIdx;
        float value = x.get(i);
        sums.set(i, context.simdSum(value));
        next.set(i, context.simdShuffleDown(value, 1) + 100 * context.simdShuffleDown(value, 31));
        float broadcast = context.simdBroadcastFirst(value);
        first.set(i, broadcast);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void exchangeInWarps(InterpreterDevice device) {
        FloatArray x = numbers(128);
        FloatArray sums = new FloatArray(128);
        FloatArray next = new FloatArray(128);
        FloatArray first = new FloatArray(128);
        Run.grid(128, LANES)
                .on(device)
                .in(x)
                .out(sums, next, first)
                .execute(graph -> graph.task("task", KernelsTest::warps, new KernelContext(), x, sums, next, first));
        assertEquals(496, sums.get(31));
        assertEquals(496 + 32 * 32, sums.get(32));
        assertEquals(1 + 100 * 31, next.get(0));
        assertEquals(31 + 100 * 31, next.get(31));
        assertEquals(33 + 100 * 63, next.get(32));
        assertEquals(96, first.get(127));
    }

    static void addLoop(FloatArray a, FloatArray b, FloatArray sum) {
        for (@Parallel int i = 0; i < sum.getSize(); i++) {
            sum.set(i, a.get(i) + b.get(i));
        }
    }

    @Test
    void loopWithoutAGridRunsAsJava() {
        FloatArray a = numbers(100);
        FloatArray sum = new FloatArray(100);
        Run.grid(100, 1).in(a).out(sum).execute(graph -> graph.task("task", KernelsTest::addLoop, a, a, sum));
        assertEquals(198, sum.get(99));
    }

    @Test
    void methodsOfTheApiAreKernelsToo() {
        FloatArray y = new FloatArray(100);
        Run.grid(100, 1).out(y).execute(graph -> graph.task("task", FloatArray::initialize, y, 3f));
        assertEquals(3, y.get(99));
    }

    @Test
    void lambdasAreKernelsToo() {
        FloatArray x = numbers(64);
        Run.grid(64, LANES)
                .in(x)
                .out(x)
                .execute(graph -> graph.task(
                        "task",
                        (KernelContext context, FloatArray values) -> {
                            int i = context.globalIdx;
                            values.set(i, values.get(i) + 1);
                        },
                        new KernelContext(),
                        x));
        assertEquals(64, x.get(63));
    }

    static void manyBarriers(KernelContext context, FloatArray y, int rounds) {
        int lane = context.localIdx;
        float[] one = context.allocateFloatLocalArray(2);
        if (lane == 0) {
            one[0] = 0;
        }
        context.localBarrier();
        for (int i = 0; i < rounds; i++) {
            float before = one[0];
            context.localBarrier();
            if (lane == i % 2) {
                one[0] = before + 1;
            }
            context.localBarrier();
        }
        y.set(context.globalIdx, one[0]);
    }

    @Test
    void moreBarriersThanATagCounts() {
        FloatArray y = new FloatArray(4);
        int rounds = 150_000;
        Run.grid(4, 2)
                .out(y)
                .execute(graph -> graph.task("task", KernelsTest::manyBarriers, new KernelContext(), y, rounds));
        assertArrayEquals(new float[] {rounds, rounds, rounds, rounds}, y.toHeapArray());
    }

    @Test
    void manyLaunchesOfOneArray() {
        FloatArray y = numbers(64);
        Run.grid(64, LANES)
                .in(y)
                .out(y)
                .execute(graph -> graph.task("task", KernelsTest::addOne, new KernelContext(), y), plan -> {
                    for (int i = 0; i < 20_000; i++) {
                        plan.execute();
                    }
                });
        assertEquals(20_063, y.get(63));
    }

    static void addOne(KernelContext context, FloatArray y) {
        int i = context.globalIdx;
        y.set(i, y.get(i) + 1);
    }

    static FloatArray numbers(int size) {
        FloatArray numbers = new FloatArray(size);
        for (int i = 0; i < size; i++) {
            numbers.set(i, i);
        }
        return numbers;
    }
}
