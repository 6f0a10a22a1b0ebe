package sala.model.reference;

import java.util.Arrays;
import sala.model.KvCache;

/** Keys and values in double precision, {@code [length, numKvHeads, headDim]}. */
final class ReferenceKvCache implements KvCache {
    private final int width;
    private double[] keys = {};
    private double[] values = {};
    private int length;

    ReferenceKvCache(int width) {
        this.width = width;
    }

    /** All keys, a copy of exactly their length. */
    double[] keys() {
        return Arrays.copyOf(keys, length * width);
    }

    /** All values, likewise. */
    double[] values() {
        return Arrays.copyOf(values, length * width);
    }

    ReferenceKvCache copy() {
        ReferenceKvCache copy = new ReferenceKvCache(width);
        copy.append(keys, values, length);
        return copy;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public void read(int position, int count, double[] keysOut, double[] valuesOut) {
        System.arraycopy(keys, position * width, keysOut, 0, count * width);
        System.arraycopy(values, position * width, valuesOut, 0, count * width);
    }

    @Override
    public void append(double[] newKeys, double[] newValues, int count) {
        int needed = Math.multiplyExact(length + count, width);
        if (needed > keys.length) {
            int capacity = Math.max(needed, Math.multiplyExact(length, 2 * width));
            keys = Arrays.copyOf(keys, capacity);
            values = Arrays.copyOf(values, capacity);
        }
        System.arraycopy(newKeys, 0, keys, length * width, count * width);
        System.arraycopy(newValues, 0, values, length * width, count * width);
        length += count;
    }
}
