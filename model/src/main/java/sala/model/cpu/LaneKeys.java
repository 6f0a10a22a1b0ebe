package sala.model.cpu;

import java.util.Arrays;

/**
 * Keys stored for scoring: tokens by groups of as many as a vector has lanes, {@code [group, numKvHeads, headDim, LANES]},
 * so that the scores of a group need no sum across lanes. Grows by doubling.
 */
final class LaneKeys {
    private static final int LANES = VectorMath.LANES;

    private final int numKvHeads;
    private final int headDim;
    private float[] values = {};
    private int length;

    LaneKeys(int numKvHeads, int headDim) {
        this.numKvHeads = numKvHeads;
        this.headDim = headDim;
    }

    int length() {
        return length;
    }

    float[] values() {
        return values;
    }

    /** Distance of two groups of one KV head. */
    int groupStride() {
        return numKvHeads * headDim * LANES;
    }

    /** Where the group of a token starts for a KV head. */
    int groupOffset(int token, int kvHead) {
        return token / LANES * groupStride() + kvHead * headDim * LANES;
    }

    float get(int token, int kvHead, int channel) {
        return values[groupOffset(token, kvHead) + channel * LANES + token % LANES];
    }

    /**
     * Adds one token.
     *
     * @param row {@code [numKvHeads, headDim]} from {@code offset} on
     */
    void append(float[] row, int offset) {
        int needed = Math.multiplyExact(Math.ceilDiv(length + 1, LANES), groupStride());
        if (needed > values.length) {
            values = Arrays.copyOf(values, Math.max(needed, Math.multiplyExact(values.length, 2)));
        }
        int source = offset;
        for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
            int target = groupOffset(length, kvHead) + length % LANES;
            for (int channel = 0; channel < headDim; channel++) {
                values[target + channel * LANES] = row[source++];
            }
        }
        length++;
    }

    /** Forgets all tokens; what they leave behind is masked or overwritten before it is read. */
    void clear() {
        length = 0;
    }

    LaneKeys copy() {
        LaneKeys copy = new LaneKeys(numKvHeads, headDim);
        copy.values = Arrays.copyOf(values, Math.ceilDiv(length, LANES) * groupStride());
        copy.length = length;
        return copy;
    }
}
