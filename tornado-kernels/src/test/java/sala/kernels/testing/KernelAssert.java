package sala.kernels.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import sala.kernels.storage.StorageType;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The one comparison of kernel results. Each measured error is also appended to {@code target/kernel-errors.csv} as
 * {@code kernel,dtype,error}, from which the table of backends is made.
 */
public final class KernelAssert {
    private static final Path ERRORS = Path.of("target", "kernel-errors.csv");

    private KernelAssert() {}

    /**
     * Checks a result against its reference.
     *
     * @param kernel name in the table, such as {@code "matvec"}
     * @param dtype storage type in the table, such as {@code "f16"}
     * @return the measured error
     */
    public static double assertClose(
            String kernel, String dtype, double[] expected, float[] actual, Tolerance tolerance) {
        double error = TensorAssert.assertClose(kernel + " " + dtype, expected, actual, tolerance);
        record(kernel, dtype, error);
        return error;
    }

    /** {@link #assertClose(String, String, double[], float[], Tolerance)} of the first elements of a device array. */
    public static double assertClose(
            String kernel, StorageType dtype, double[] expected, FloatArray actual, Tolerance tolerance) {
        float[] values = new float[expected.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = actual.get(i);
        }
        return assertClose(kernel, dtype.name().toLowerCase(Locale.ROOT), expected, values, tolerance);
    }

    /** Checks that two results agree in every bit. */
    public static void assertSame(String what, float[] expected, float[] actual) {
        if (expected.length != actual.length) {
            throw new AssertionError(
                    "%s: expected %d values, found %d".formatted(what, expected.length, actual.length));
        }
        for (int i = 0; i < expected.length; i++) {
            if (Float.floatToRawIntBits(expected[i]) != Float.floatToRawIntBits(actual[i])) {
                throw new AssertionError(
                        "%s: value [%d]: expected %s, found %s".formatted(what, i, expected[i], actual[i]));
            }
        }
    }

    private static synchronized void record(String kernel, String dtype, double error) {
        String line = String.format(Locale.ROOT, "%s,%s,%.3e%n", kernel, dtype, error);
        try {
            Files.createDirectories(ERRORS.getParent());
            Files.writeString(ERRORS, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
