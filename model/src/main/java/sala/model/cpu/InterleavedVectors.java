package sala.model.cpu;

import java.util.Arrays;

/**
 * A growing list of vectors of one length, stored so that one load gives the same channel of {@code LANES} consecutive
 * vectors: {@code [count / LANES, dim, LANES]}. Dot products with a query are then sums of broadcast products, without
 * a horizontal sum. Lanes past the last vector hold anything.
 */
final class InterleavedVectors {
    private static final int LANES = VectorMath.LANES;

    /** Longest array that every JVM can allocate. */
    private static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

    private final int dim;
    private float[] data = {};

    InterleavedVectors(int dim) {
        this.dim = dim;
    }

    private InterleavedVectors(int dim, float[] data) {
        this.dim = dim;
        this.data = data;
    }

    /** Most vectors of a length that one array can hold, in this form or row by row. */
    static int maxCount(int dim) {
        return MAX_ARRAY_LENGTH / dim / LANES * LANES;
    }

    /** Makes room for {@code capacity} vectors, a multiple of {@code LANES} and at most {@link #maxCount}. */
    void reserve(int capacity) {
        int length = Math.multiplyExact(capacity, dim);
        if (length > data.length) {
            data = Arrays.copyOf(data, length);
        }
    }

    /** The elements; vectors {@code i .. i + LANES - 1}, {@code i} a multiple of {@code LANES}, begin at {@code i * dim}. */
    float[] data() {
        return data;
    }

    /** Channel {@code channel} of vector {@code index}. */
    float get(int index, int channel) {
        return data[start(index) + channel * LANES];
    }

    /** Stores vector {@code index} from {@code source[offset ..]}. */
    void set(int index, float[] source, int offset) {
        int start = start(index);
        for (int channel = 0; channel < dim; channel++) {
            data[start + channel * LANES] = source[offset + channel];
        }
    }

    /** Mean of channel {@code channel} over vectors {@code from .. from + count - 1}, rounded once. */
    float mean(int from, int count, int channel) {
        double sum = 0;
        for (int index = from; index < from + count; index++) {
            sum += data[start(index) + channel * LANES];
        }
        return (float) (sum / count);
    }

    /** A copy with the same room. */
    InterleavedVectors copy() {
        return new InterleavedVectors(dim, data.clone());
    }

    private int start(int index) {
        int lane = index % LANES;
        return (index - lane) * dim + lane;
    }
}
