package sala.kernels;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import sala.kernels.storage.PackedBf16;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Checks of kernel arguments before any launch, in one wording. */
public final class KernelArguments {
    private KernelArguments() {}

    /**
     * Refuses an array that is null or shorter than its shape; a longer one is allowed, since buffers are sized for the
     * largest call.
     *
     * @param name of the argument, as the javadoc calls it
     * @param shape in words, such as {@code "[outputSize, inputSize]"}
     * @param dimensions whose product is the least number of elements
     */
    public static void requireShape(String name, @Nullable TornadoNativeArray array, String shape, int... dimensions) {
        long expected = 1;
        for (int dimension : dimensions) {
            expected = Math.multiplyExact(expected, (long) dimension);
        }
        if (expected > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("%s: expected at most %d values, found a shape %s of %d"
                    .formatted(name, Integer.MAX_VALUE, shape, expected));
        }
        if (array == null) {
            throw new IllegalArgumentException(
                    "%s: expected an array %s of %d values, found null".formatted(name, shape, expected));
        }
        if (array.getSize() < expected) {
            throw new IllegalArgumentException(
                    "%s: expected at least %d values %s, found %d".formatted(name, expected, shape, array.getSize()));
        }
    }

    /**
     * Refuses a matrix that is null or too small for its storage type: packed bf16 holds four elements a word, in rows
     * of whole words.
     *
     * @param name of the argument, as the javadoc calls it
     * @param shape in words, such as {@code "[outputSize, inputSize]"}
     */
    public static void requireMatrix(
            String name, @Nullable TornadoNativeArray array, String shape, int rows, int columns) {
        if (array instanceof LongArray) {
            requireMultiple("columns of " + name, PackedBf16.PER_WORD, columns);
            requireShape(name, array, shape + " in words of 4", rows, columns / PackedBf16.PER_WORD);
            return;
        }
        requireShape(name, array, shape, rows, columns);
    }

    /** Refuses one array in two roles: lanes would read what others have already overwritten. */
    public static void requireDistinct(String first, Object array, String second, Object other) {
        if (array.equals(other)) {
            throw new IllegalArgumentException(
                    "%s and %s: expected two arrays, found one in both roles".formatted(first, second));
        }
    }

    /** Refuses a size below {@code least}. */
    public static void requireAtLeast(String name, int least, int found) {
        if (found < least) {
            throw new IllegalArgumentException("%s: expected at least %d, found %d".formatted(name, least, found));
        }
    }

    /** Refuses a size that is not a positive multiple of {@code unit}. */
    public static void requireMultiple(String name, int unit, int found) {
        if (found < 1 || found % unit != 0) {
            throw new IllegalArgumentException(
                    "%s: expected a positive multiple of %d, found %d".formatted(name, unit, found));
        }
    }

    /** Refuses a size that is none of {@code supported}. */
    public static void requireOneOf(String name, int found, int... supported) {
        for (int value : supported) {
            if (found == value) {
                return;
            }
        }
        throw new IllegalArgumentException(
                "%s: expected one of %s, found %d".formatted(name, Arrays.toString(supported), found));
    }
}
