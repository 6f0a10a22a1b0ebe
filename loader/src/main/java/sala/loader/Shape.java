package sala.loader;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Dimensions of a tensor in C order, the last one contiguous. A scalar has rank 0 and one element.
 *
 * @param dimensions lengths, none negative
 */
public record Shape(List<Long> dimensions) {
    public Shape {
        dimensions = List.copyOf(dimensions);
        for (long dimension : dimensions) {
            if (dimension < 0) {
                throw new IllegalArgumentException("shape " + dimensions + " has a negative dimension");
            }
        }
    }

    public static Shape of(long... dimensions) {
        return new Shape(Arrays.stream(dimensions).boxed().toList());
    }

    public int rank() {
        return dimensions.size();
    }

    public long dimension(int index) {
        return dimensions.get(index);
    }

    /**
     * Product of the dimensions.
     *
     * @throws ArithmeticException if it exceeds a {@code long}
     */
    public long elementCount() {
        long count = 1;
        for (long dimension : dimensions) {
            count = Math.multiplyExact(count, dimension);
        }
        return count;
    }

    /** The form error messages use: {@code [256, 4096]}. */
    @Override
    public String toString() {
        return dimensions.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
    }
}
