package sala.tornado.interpreter;

import java.util.SplittableRandom;

/** The order in which work groups run, and lanes between two barriers. A right kernel gives the same in every order. */
public sealed interface ExecutionOrder {
    /** First to last. */
    record Ascending() implements ExecutionOrder {}

    /** Last to first. */
    record Descending() implements ExecutionOrder {}

    /** A permutation drawn from a seed. */
    record Shuffled(long seed) implements ExecutionOrder {}

    /** The numbers below {@code count} in this order. */
    default int[] of(int count) {
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            order[i] = i;
        }
        switch (this) {
            case Ascending _ -> {}
            case Descending _ -> {
                for (int i = 0; i < count; i++) {
                    order[i] = count - 1 - i;
                }
            }
            case Shuffled shuffled -> {
                SplittableRandom random = new SplittableRandom(shuffled.seed());
                for (int i = count - 1; i > 0; i--) {
                    int j = random.nextInt(i + 1);
                    int swapped = order[i];
                    order[i] = order[j];
                    order[j] = swapped;
                }
            }
        }
        return order;
    }
}
