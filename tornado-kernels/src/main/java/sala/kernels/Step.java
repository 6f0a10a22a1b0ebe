package sala.kernels;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Which tokens a call computes, as an array on the device: a growing context needs no new compilation, and a recorded
 * graph can be replayed. Grids are fixed at the capacity; groups of tokens from {@link #NUM_TOKENS} on do nothing.
 *
 * <p>The context length after the call is {@code position + numTokens}.
 */
public final class Step {
    /** Index of the position of the call's first token. */
    public static final int POSITION = 0;

    /** Index of the number of tokens in the call: 1 in decode, at most the chunk's capacity in prefill. */
    public static final int NUM_TOKENS = 1;

    /** Elements of the array. */
    public static final int SIZE = 2;

    private Step() {}

    /** A step of one token at position 0. */
    public static IntArray create() {
        IntArray step = new IntArray(SIZE);
        set(step, 0, 1);
        return step;
    }

    /**
     * Describes the next call.
     *
     * @param position of the first token, at least 0
     * @param numTokens at least 1
     * @throws IllegalArgumentException if the call would pass the largest position
     */
    public static void set(IntArray step, int position, int numTokens) {
        if (position < 0 || numTokens < 1 || position > Integer.MAX_VALUE - numTokens) {
            throw new IllegalArgumentException(
                    "step: expected position >= 0, numTokens >= 1 and a sum within int, found position %d, numTokens %d"
                            .formatted(position, numTokens));
        }
        step.set(POSITION, position);
        step.set(NUM_TOKENS, numTokens);
    }
}
