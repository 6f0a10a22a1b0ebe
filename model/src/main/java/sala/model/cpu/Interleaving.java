package sala.model.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The order of a vector that is multiplied with 16-bit weights. A load of {@code LANES} ints brings {@code 2 * LANES}
 * weights: the even ones in the low halves, the odd ones in the high halves. So each run of {@code 2 * LANES} values
 * of x is kept as its even elements followed by its odd elements. What is left at the end keeps its order.
 */
final class Interleaving {
    private static final ValueLayout.OfFloat LAYOUT = ValueLayout.JAVA_FLOAT;

    private Interleaving() {}

    /** Elements of a row of {@code count} that are multiplied by whole vectors of pairs. */
    static int pairedLength(int count) {
        return count & -(2 * VectorMath.LANES);
    }

    /** Writes the {@code count} values of {@code x} into {@code pairs} in the order above. */
    static void split(float[] x, int count, MemorySegment pairs) {
        int lanes = VectorMath.LANES;
        int paired = pairedLength(count);
        for (int start = 0; start < paired; start += 2 * lanes) {
            for (int lane = 0; lane < lanes; lane++) {
                pairs.setAtIndex(LAYOUT, start + lane, x[start + 2 * lane]);
                pairs.setAtIndex(LAYOUT, start + lanes + lane, x[start + 2 * lane + 1]);
            }
        }
        MemorySegment.copy(x, paired, pairs, LAYOUT, (long) paired * Float.BYTES, count - paired);
    }
}
