package sala.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Exchange between the lanes of a warp, and matrix instructions, on backends that have them: PTX, CUDA, interpreter. */
class WarpConformanceTest {
    private static final int M = 32;
    private static final int N = 16;
    private static final int K = 64;

    private final SplittableRandom random = new SplittableRandom(42);

    private static boolean hasWarps() {
        return TornadoRuntimeProvider.getTornadoRuntime().getBackendType(0) != TornadoVMBackendType.OPENCL;
    }

    private static TornadoExecutionPlan plan(TaskGraph graph, WorkerGrid grid) {
        return new TornadoExecutionPlan(graph.snapshot()).withGridScheduler(new GridScheduler("warp.task", grid));
    }

    public static void exchange(
            KernelContext context, FloatArray x, FloatArray sums, FloatArray next, FloatArray first) {
        int i = context.globalIdx;
        float value = x.get(i);
        float sum = context.simdSum(value);
        float shuffled = context.simdShuffleDown(value, 4);
        float broadcast = context.simdBroadcastFirst(value);
        sums.set(i, sum);
        next.set(i, shuffled);
        first.set(i, broadcast);
    }

    @Test
    void lanesExchangeValues() throws Exception {
        if (!hasWarps()) {
            // OpenCL compiles these and gives other values: portable kernels use local memory.
            return;
        }
        FloatArray x = new FloatArray(128);
        FloatArray sums = new FloatArray(128);
        FloatArray next = new FloatArray(128);
        FloatArray first = new FloatArray(128);
        for (int i = 0; i < 128; i++) {
            x.set(i, i * i);
        }
        TaskGraph graph = new TaskGraph("warp")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, x)
                .task("task", WarpConformanceTest::exchange, new KernelContext(), x, sums, next, first)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, sums, next, first);
        try (TornadoExecutionPlan plan = plan(graph, Grids.of(128, 64))) {
            plan.execute();
        }
        for (int i = 0; i < 128; i++) {
            float sum = 0;
            for (int j = i / 32 * 32; j < i / 32 * 32 + 32; j++) {
                sum += x.get(j);
            }
            assertEquals(sum, sums.get(i), 1e-6 * sum);
            assertEquals(i % 32 + 4 < 32 ? x.get(i + 4) : x.get(i), next.get(i));
            assertEquals(x.get(i / 32 * 32), first.get(i));
        }
    }

    /** A warp for 16 rows, each with two tiles of eight columns. A [M, K], B [K, N], given as packed pairs. */
    public static void product(KernelContext context, IntArray a, IntArray b, FloatArray c) {
        int lane = context.localIdx;
        int warp = lane / 32;
        int[] aTile = context.allocateIntLocalArray(256);
        int[] bTile = context.allocateIntLocalArray(128);
        float[] left = context.mmaFragment(0f);
        float[] right = context.mmaFragment(0f);
        for (int step = 0; step < 64; step += 16) {
            for (int i = lane; i < 256; i += 64) {
                aTile[i] = a.get(i / 8 * 32 + step / 2 + i % 8);
            }
            for (int i = lane; i < 128; i += 64) {
                int half = i / 64;
                int row = i % 64 / 4;
                bTile[i] = b.get((step + row) * 8 + half * 4 + i % 4);
            }
            context.localBarrier();
            HalfFloat[] fromA = context.mmaLoadA(aTile, 16, warp * 512);
            HalfFloat[] first = context.mmaLoadB(bTile, 16, 0);
            HalfFloat[] second = context.mmaLoadB(bTile, 16, 256);
            left = context.mma(fromA, first, left, MMAShape.M16N8K16);
            right = context.mma(fromA, second, right, MMAShape.M16N8K16);
            context.localBarrier();
        }
        context.mmaStore(left, c, warp * 16, 0, 16);
        context.mmaStore(right, c, warp * 16, 8, 16);
    }

    @Test
    void matrixInstructionsOrRefusal() throws Exception {
        HalfFloatArray a = halves(M * K);
        HalfFloatArray b = halves(K * N);
        IntArray aPairs = pairs(a);
        IntArray bPairs = pairs(b);
        FloatArray c = new FloatArray(M * N);
        if (!hasWarps()) {
            assertThrows(RuntimeException.class, () -> multiply(aPairs, bPairs, c));
            return;
        }
        multiply(aPairs, bPairs, c);
        for (int row = 0; row < M; row++) {
            for (int column = 0; column < N; column++) {
                double expected = 0;
                for (int k = 0; k < K; k++) {
                    expected += (double) a.get(row * K + k).getFloat32()
                            * b.get(k * N + column).getFloat32();
                }
                assertEquals(expected, c.get(row * N + column), 1e-5);
            }
        }
    }

    private static void multiply(IntArray a, IntArray b, FloatArray c) throws TornadoExecutionPlanException {
        TaskGraph graph = new TaskGraph("warp")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, a, b)
                .task("task", WarpConformanceTest::product, new KernelContext(), a, b, c)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, c);
        try (TornadoExecutionPlan plan = plan(graph, Grids.of(64, 64))) {
            plan.execute();
        }
    }

    private HalfFloatArray halves(int size) {
        HalfFloatArray halves = new HalfFloatArray(size);
        for (int i = 0; i < size; i++) {
            halves.set(i, new HalfFloat((float) random.nextDouble(-1, 1)));
        }
        return halves;
    }

    private static IntArray pairs(HalfFloatArray values) {
        IntArray pairs = new IntArray(values.getSize() / 2);
        for (int i = 0; i < pairs.getSize(); i++) {
            int low = values.get(2 * i).getHalfFloatValue() & 0xFFFF;
            pairs.set(i, low | (values.get(2 * i + 1).getHalfFloatValue() << 16));
        }
        return pairs;
    }
}
