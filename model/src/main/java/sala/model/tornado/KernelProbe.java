package sala.model.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import sala.kernels.KernelGraph;
import sala.kernels.storage.Residency;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * One run of kernels on a device: arrays first, then operations, then {@link #execute}. Outputs are NaN on the device
 * before, so that an element that no lane writes shows.
 */
final class KernelProbe {
    private static final int INT_POISON = 0x5a5a5a5a;

    private final TornadoDevice device;
    private final KernelGraph graph;
    private final List<Object> outputs = new ArrayList<>();

    KernelProbe(TornadoDevice device, String name) {
        this.device = device;
        graph = new KernelGraph(name);
    }

    KernelGraph graph() {
        return graph;
    }

    FloatArray input(double... values) {
        return input(FloatArray.fromArray(narrow(values)));
    }

    <T extends TornadoNativeArray> T input(T array) {
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, array);
        return array;
    }

    /** An array that kernels read and change. */
    FloatArray state(double... values) {
        return output(FloatArray.fromArray(narrow(values)));
    }

    FloatArray output(int length) {
        FloatArray array = new FloatArray(length);
        array.init(Float.NaN);
        return output(array);
    }

    IntArray outputInts(int length) {
        IntArray array = new IntArray(length);
        array.init(INT_POISON);
        return output(array);
    }

    private <T extends TornadoNativeArray> T output(T array) {
        outputs.add(array);
        return input(array);
    }

    /** Runs all operations once; outputs then hold what the device computed. */
    void execute() {
        // TornadoVM does not send what kernels only write: naming it as read too brings the poison to the device.
        Residency.addTo(graph, "poison", outputs);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, outputs.toArray());
        TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.taskGraph().snapshot());
        try {
            plan.withDevice(device).withGridScheduler(graph.gridScheduler()).execute();
        } finally {
            close(plan);
        }
    }

    private void close(TornadoExecutionPlan plan) {
        // PoCL 3.1 dies in LLVM when some programs are released.
        if (device.getPlatformName().toLowerCase(Locale.ROOT).contains("portable computing language")) {
            return;
        }
        plan.freeDeviceMemory();
        try {
            plan.close();
        } catch (TornadoExecutionPlanException e) {
            throw new IllegalStateException("closing the plan of " + graph.name(), e);
        }
    }

    /** {@code max|actual - expected| / max|expected|}; infinite if an element is not a number. */
    static double error(double[] expected, FloatArray actual) {
        double worst = 0;
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            double error = Math.abs(actual.get(i) - expected[i]);
            worst = Math.max(worst, Double.isNaN(error) ? Double.POSITIVE_INFINITY : error);
            largest = Math.max(largest, Math.abs(expected[i]));
        }
        return worst / Math.max(largest, Double.MIN_NORMAL);
    }

    private static float[] narrow(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }
}
