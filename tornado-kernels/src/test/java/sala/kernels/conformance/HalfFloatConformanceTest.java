package sala.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;

/** Half precision in storage: loaded, widened, computed with as floats, narrowed, stored. */
class HalfFloatConformanceTest {
    private static final int SIZE = 128;

    public static void scale(KernelContext context, HalfFloatArray x, FloatArray wide, HalfFloatArray narrow) {
        int i = context.globalIdx;
        float value = 1.5f * x.get(i).getFloat32();
        wide.set(i, value);
        narrow.set(i, new HalfFloat(value));
    }

    /** PoCL on a CPU has no halves in kernels. */
    private static boolean hasHalves() {
        String platform =
                TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice().getPlatformName();
        return !platform.contains("Portable Computing Language");
    }

    @Test
    void loadsAndStoresOrRefuses() throws Exception {
        HalfFloatArray x = new HalfFloatArray(SIZE);
        FloatArray wide = new FloatArray(SIZE);
        HalfFloatArray narrow = new HalfFloatArray(SIZE);
        for (int i = 0; i < SIZE; i++) {
            x.set(i, new HalfFloat(i * 0.37f - 20f));
        }
        TaskGraph graph = new TaskGraph("half")
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, x)
                .task("scale", HalfFloatConformanceTest::scale, new KernelContext(), x, wide, narrow)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, wide, narrow);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
            plan.withGridScheduler(new GridScheduler("half.scale", Grids.of(SIZE, 32)));
            if (!hasHalves()) {
                assertThrows(RuntimeException.class, plan::execute);
                return;
            }
            plan.execute();
        }
        for (int i = 0; i < SIZE; i++) {
            float expected = 1.5f * x.get(i).getFloat32();
            assertEquals(expected, wide.get(i));
            assertEquals(new HalfFloat(expected).getFloat32(), narrow.get(i).getFloat32());
        }
    }
}
