package sala.kernels.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import sala.kernels.KernelGraph;
import sala.kernels.storage.PackedBf16;
import sala.kernels.storage.Residency;
import sala.kernels.storage.Storage;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * One run of kernels in a test, on whatever device {@link TestDevice} names.
 *
 * <p>Declare the arrays first, then add operations to {@link #graph()}, then {@link #execute()}, as often as wished:
 *
 * <pre>{@code
 * try (KernelRun run = new KernelRun("norm")) {
 *     FloatArray x = run.input(values);
 *     FloatArray out = run.output(values.length);
 *     RmsNorm.addTo(run.graph(), "norm", x, weight, out, tokens, size, epsilon);
 *     run.execute();
 *     KernelAssert.assertClose("norm", "f32", expected, out.toHeapArray(), Tolerance.KERNEL_NORM);
 * }
 * }</pre>
 *
 * <p>Inputs go to the device before every execution; states go there once and stay; outputs are NaN (or a pattern) on the
 * device before every execution, so that an element that is not written shows. Outputs and states come back after it.
 */
public final class KernelRun implements AutoCloseable {
    /** What integer outputs hold before an execution. */
    public static final int INT_POISON = 0x5a5a5a5a;

    private final KernelGraph graph;
    private final List<Object> returned = new ArrayList<>();
    private final List<Object> outputs = new ArrayList<>();
    private final List<Runnable> poisons = new ArrayList<>();
    private @Nullable TornadoExecutionPlan plan;

    /** A run with an empty graph. */
    public KernelRun(String name) {
        graph = new KernelGraph(name, TestDevice.hasWarpShuffles());
    }

    /** Where operations are added to. */
    public KernelGraph graph() {
        return graph;
    }

    /** An input; the host copy may be changed between executions. */
    public FloatArray input(float... values) {
        return input(FloatArray.fromArray(values));
    }

    /** An input, rounded to float. */
    public FloatArray input(double... values) {
        return input(narrow(values));
    }

    /** An input of integers. */
    public IntArray input(int... values) {
        return input(IntArray.fromArray(values));
    }

    /** An array made elsewhere as an input. */
    public <T extends TornadoNativeArray> T input(T array) {
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, array);
        return array;
    }

    /** An input in a storage type: {@code FloatArray}, {@code HalfFloatArray} or {@code BFloat16Array}. */
    public TornadoNativeArray input(StorageType type, double... values) {
        return input(stored(type, values));
    }

    /** A state: on the device from the first execution on, back after each. */
    public FloatArray state(float... values) {
        return state(FloatArray.fromArray(values));
    }

    /** A state in a storage type. */
    public TornadoNativeArray state(StorageType type, double... values) {
        return state(stored(type, values));
    }

    /** An array made elsewhere as a state. */
    public <T extends TornadoNativeArray> T state(T array) {
        graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, array);
        returned.add(array);
        return array;
    }

    /** An output, or scratch between two operations, that starts every execution as NaN. */
    public FloatArray output(int length) {
        FloatArray array = new FloatArray(length);
        poisons.add(() -> array.init(Float.NaN));
        return output(array);
    }

    /** An output that starts every execution as {@link #INT_POISON}. */
    public IntArray outputInts(int length) {
        IntArray array = new IntArray(length);
        poisons.add(() -> array.init(INT_POISON));
        return output(array);
    }

    /** An output of half-precision values that start every execution as NaN. */
    public HalfFloatArray outputHalfs(int length) {
        HalfFloatArray array = new HalfFloatArray(length);
        poisons.add(() -> array.init(new HalfFloat(Float.NaN)));
        return output(array);
    }

    private <T extends TornadoNativeArray> T output(T array) {
        outputs.add(array);
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, array);
        returned.add(array);
        return array;
    }

    /** Runs all operations once. */
    public void execute() {
        poisons.forEach(Runnable::run);
        TornadoExecutionPlan current = plan;
        if (current == null) {
            // TornadoVM does not send what kernels only write: naming it as read too brings the poison to the device.
            Residency.addTo(graph, "poison", outputs);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, returned.toArray());
            current = new TornadoExecutionPlan(graph.taskGraph().snapshot());
            plan = current;
        }
        current.withGridScheduler(graph.gridScheduler()).execute();
    }

    @Override
    public void close() {
        TornadoExecutionPlan current = plan;
        // PoCL 3.1 dies in LLVM when some programs are released; its tests are short enough to leave them.
        if (current == null || TestDevice.isPocl()) {
            return;
        }
        try {
            current.close();
        } catch (TornadoExecutionPlanException e) {
            throw new IllegalStateException("closing the plan of " + graph.name(), e);
        }
    }

    /** Values as an array of a storage type, rounded to it. */
    public static TornadoNativeArray stored(StorageType type, double... values) {
        return switch (type) {
            case F32 -> FloatArray.fromArray(narrow(values));
            case F16 -> {
                HalfFloatArray array = new HalfFloatArray(values.length);
                for (int i = 0; i < values.length; i++) {
                    array.set(i, new HalfFloat((float) values[i]));
                }
                yield array;
            }
            case BF16 -> {
                BFloat16Array array = new BFloat16Array(values.length);
                for (int i = 0; i < values.length; i++) {
                    array.setFloat(i, (float) values[i]);
                }
                yield array;
            }
            case PACKED_BF16 -> PackedBf16.pack(values);
        };
    }

    /** What an array holds, widened: the values that a reference must see. A {@code LongArray} is packed bf16. */
    public static double[] values(TornadoNativeArray array) {
        int perElement = array instanceof LongArray ? PackedBf16.PER_WORD : 1;
        double[] values = new double[array.getSize() * perElement];
        switch (array) {
            case FloatArray floats -> Arrays.setAll(values, floats::get);
            case HalfFloatArray halfs -> Arrays.setAll(values, i -> halfs.get(i).getFloat32());
            case BFloat16Array bfloats -> Arrays.setAll(values, bfloats::getFloat);
            case LongArray words -> Arrays.setAll(values, i -> Storage.load(words, i));
            default -> throw new IllegalArgumentException("no floating-point storage: " + array.getClass());
        }
        return values;
    }

    private static float[] narrow(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }
}
