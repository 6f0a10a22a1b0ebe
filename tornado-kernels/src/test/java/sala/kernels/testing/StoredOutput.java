package sala.kernels.testing;

import java.util.Arrays;
import java.util.Locale;
import sala.kernels.storage.StorageType;
import sala.testing.Tolerance;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Outputs of kernels whose output type follows the storage type. */
public final class StoredOutput {
    private StoredOutput() {}

    /** An output that is NaN on the device before the first execution. */
    public static TornadoNativeArray create(KernelRun run, StorageType type, int length) {
        double[] poison = new double[length];
        Arrays.fill(poison, Double.NaN);
        return run.state(KernelRun.stored(type, poison));
    }

    /**
     * Checks the first elements against the reference, and on the interpreter that every later element is still NaN;
     * TornadoVM does not send to the device what a graph only writes, so there they may hold anything.
     */
    public static void assertWritten(String kernel, StorageType type, double[] expected, TornadoNativeArray actual) {
        double[] values = KernelRun.values(actual);
        float[] written = new float[expected.length];
        for (int i = 0; i < written.length; i++) {
            written[i] = (float) values[i];
        }
        KernelAssert.assertClose(kernel, type.name().toLowerCase(Locale.ROOT), expected, written, tolerance(type));
        int end = TestDevice.isInterpreter() ? values.length : expected.length;
        for (int i = expected.length; i < end; i++) {
            if (!Double.isNaN(values[i])) {
                throw new AssertionError("%s: element %d was written with %s, past the call's %d elements"
                        .formatted(kernel, i, values[i], expected.length));
            }
        }
    }

    /** Checks on the interpreter that elements from {@code from} on are still NaN. */
    public static void assertUnwritten(String kernel, FloatArray array, int from) {
        int end = TestDevice.isInterpreter() ? array.getSize() : from;
        for (int i = from; i < end; i++) {
            if (!Float.isNaN(array.get(i))) {
                throw new AssertionError(
                        "%s: element %d past the call was written with %s".formatted(kernel, i, array.get(i)));
            }
        }
    }

    private static Tolerance tolerance(StorageType type) {
        return switch (type) {
            case F32 -> Tolerance.KERNEL_ELEMENTWISE_F32;
            case F16 -> Tolerance.KERNEL_ELEMENTWISE_F16;
            case BF16, PACKED_BF16 -> Tolerance.KERNEL_ELEMENTWISE_BF16;
        };
    }
}
