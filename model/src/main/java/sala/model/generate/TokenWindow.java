package sala.model.generate;

import java.util.Arrays;

/** Counts the tokens among the last {@code capacity} ones; 0 holds none. Adding a token takes constant time. */
final class TokenWindow {
    private static final int FIRST_SIZE = 64;

    private final int capacity;
    /** Ring of the tokens held; grows up to the capacity. */
    private int[] ring;

    private int oldest;
    private int size;
    /** Per token of the vocabulary, how often it is held. */
    private final int[] counts;
    /** Per token held, its place in {@link #distinct}. */
    private final int[] places;

    private int[] distinct;
    private int numDistinct;

    TokenWindow(int capacity, int vocabSize) {
        this.capacity = capacity;
        ring = new int[Math.min(capacity, FIRST_SIZE)];
        counts = new int[capacity == 0 ? 0 : vocabSize];
        places = new int[counts.length];
        distinct = new int[Math.min(counts.length, FIRST_SIZE)];
    }

    void add(int token) {
        if (capacity == 0) {
            return;
        }
        if (size == capacity) {
            remove(ring[oldest]);
            ring[oldest] = token;
            oldest = oldest + 1 == capacity ? 0 : oldest + 1;
        } else {
            if (size == ring.length) { // not full yet, hence the oldest is at 0
                ring = Arrays.copyOf(ring, (int) Math.min(capacity, 2L * size));
            }
            ring[size++] = token;
        }
        if (counts[token]++ == 0) {
            if (numDistinct == distinct.length) {
                distinct = Arrays.copyOf(distinct, Math.min(counts.length, 2 * numDistinct));
            }
            places[token] = numDistinct;
            distinct[numDistinct++] = token;
        }
    }

    private void remove(int token) {
        if (--counts[token] == 0) {
            int last = distinct[--numDistinct];
            distinct[places[token]] = last;
            places[last] = places[token];
        }
    }

    /** Number of different tokens held. */
    int distinct() {
        return numDistinct;
    }

    /** A token held, {@code 0 <= index < distinct()}, in no certain order. */
    int token(int index) {
        return distinct[index];
    }

    /** How often a token is held. */
    int count(int token) {
        return counts[token];
    }
}
