package sala.model.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;

/**
 * A vector that matrices are multiplied with, in the orders that their kernels take it in. Outside of the heap, where it can
 * begin at a cache line: every second load from a {@code float[]} would cross one.
 */
final class ProductInput {
    private static final long CACHE_LINE_BYTES = 64;
    private static final ValueLayout.OfFloat LAYOUT = ValueLayout.JAVA_FLOAT;

    /** The values as they are. */
    final MemorySegment inOrder;

    /** The same for 16-bit weights, see {@link Interleaving}. */
    final MemorySegment pairs;

    /** @param maxColumns largest width of a matrix to come */
    ProductInput(int maxColumns) {
        Arena arena = Arena.ofAuto();
        inOrder = arena.allocate((long) maxColumns * Float.BYTES, CACHE_LINE_BYTES);
        pairs = arena.allocate((long) maxColumns * Float.BYTES, CACHE_LINE_BYTES);
    }

    /** Takes the first {@code columns} values of x. */
    void set(float[] x, int columns) {
        MemorySegment.copy(x, 0, inOrder, LAYOUT, 0, columns);
        Interleaving.split(x, columns, pairs);
    }

    /** The value of a column. */
    float get(int column) {
        return inOrder.getAtIndex(LAYOUT, column);
    }

    static FloatVector load(MemorySegment values, int column) {
        return FloatVector.fromMemorySegment(
                VectorMath.SPECIES, values, (long) column * Float.BYTES, ByteOrder.nativeOrder());
    }
}
