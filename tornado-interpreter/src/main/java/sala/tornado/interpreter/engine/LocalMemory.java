package sala.tornado.interpreter.engine;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.vectors.Half2;

/** The local arrays of a work group. Every work group finds them dirty: NaN, or a pattern where there is no NaN. */
final class LocalMemory {
    private static final int INT_PATTERN = 0xABABABAB;
    private static final long LONG_PATTERN = 0xABABABABABABABABL;
    private static final HalfFloat HALF_NAN = new HalfFloat((short) 0x7E00);

    /** A local array and who touched it; the shadow is null where nothing is watched. */
    record LocalArray(Object array, String name, @Nullable Shadow shadow) {}

    private final boolean checks;
    private final long limitBytes;
    private final List<LocalArray> arrays = new ArrayList<>();

    /** For each place of the kernel, the array it touched last: a place mostly touches one. */
    private final @Nullable LocalArray[] lastAtSite;

    private long bytes;

    /** @param sites the number of places of the kernel */
    LocalMemory(boolean checks, long limitBytes, int sites) {
        this.checks = checks;
        this.limitBytes = limitBytes;
        this.lastAtSite = new @Nullable LocalArray[sites];
    }

    /** At the start of a work group. */
    void restart() {
        for (LocalArray local : arrays) {
            dirty(local.array());
            if (local.shadow() != null) {
                local.shadow().forget();
            }
        }
    }

    /** Keeps the values, but not who touched them. */
    void forgetAccesses() {
        for (LocalArray local : arrays) {
            if (local.shadow() != null) {
                local.shadow().forget();
            }
        }
    }

    /** The array of a lane's next allocation: the same one for all lanes of the group. */
    <T> T allocate(Lane lane, int size, int elementBytes, Class<T> type, IntFunction<T> maker, int site) {
        int number = lane.allocations++;
        if (number < arrays.size()) {
            Object known = arrays.get(number).array();
            if (!type.isInstance(known) || Array.getLength(known) != size) {
                throw lane.failure(
                        site,
                        "allocates %s of %d as its local array %d, where other lanes allocate %s of %d: local arrays must be the same for all lanes"
                                .formatted(
                                        type.getSimpleName(),
                                        size,
                                        number,
                                        known.getClass().getSimpleName(),
                                        Array.getLength(known)));
            }
            return type.cast(known);
        }
        if (size <= 0) {
            throw lane.failure(
                    site, "allocates a local array of %d elements: expected a positive constant".formatted(size));
        }
        bytes += (long) size * elementBytes;
        if (checks && bytes > limitBytes) {
            throw lane.failure(
                    site,
                    "takes %d bytes of local memory with this array: a work group has %d; make the arrays smaller"
                            .formatted(bytes, limitBytes));
        }
        T array = maker.apply(size);
        dirty(array);
        Shadow shadow = checks ? new Shadow(size, false) : null;
        if (shadow != null) {
            shadow.forget();
        }
        arrays.add(new LocalArray(array, lane.group.site(site).what(), shadow));
        return array;
    }

    /** The local array that an object is; null where it is an array of the lane's own. */
    @SuppressWarnings("ReferenceEquality") // the very array is meant
    @Nullable
    LocalArray find(Object array, int site) {
        LocalArray last = lastAtSite[site];
        if (last != null && last.array() == array) {
            return last;
        }
        for (LocalArray local : arrays) {
            if (local.array() == array) {
                lastAtSite[site] = local;
                return local;
            }
        }
        return null;
    }

    private static void dirty(Object array) {
        switch (array) {
            case float[] floats -> Arrays.fill(floats, Float.NaN);
            case double[] doubles -> Arrays.fill(doubles, Double.NaN);
            case int[] ints -> Arrays.fill(ints, INT_PATTERN);
            case long[] longs -> Arrays.fill(longs, LONG_PATTERN);
            case byte[] bytes -> Arrays.fill(bytes, (byte) INT_PATTERN);
            case HalfFloat[] halves -> Arrays.fill(halves, HALF_NAN);
            case Half2[] pairs -> Arrays.setAll(pairs, _ -> new Half2(HALF_NAN, HALF_NAN));
            default -> throw new IllegalStateException("no local array: " + array.getClass());
        }
    }
}
