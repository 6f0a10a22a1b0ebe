package sala.kernels.reference;

/** Checks of array lengths and sizes, in one wording. */
final class Arguments {
    private Arguments() {}

    /**
     * Refuses an array of another length.
     *
     * @param what the array, as the javadoc calls it
     * @param found its length
     * @param expected product of its dimensions
     * @param shape its dimensions in words
     */
    static void requireLength(String what, int found, int expected, String shape) {
        if (found != expected) {
            throw new IllegalArgumentException(
                    "%s: expected %d values %s, found %d".formatted(what, expected, shape, found));
        }
    }

    static void requireMultiple(String what, int found, int unit, String shape) {
        if (unit < 1 || found % unit != 0) {
            throw new IllegalArgumentException(
                    "%s: expected a multiple of %d values %s, found %d".formatted(what, unit, shape, found));
        }
    }

    static void requireAtLeast(String what, int found, int least) {
        if (found < least) {
            throw new IllegalArgumentException("%s: expected at least %d, found %d".formatted(what, least, found));
        }
    }
}
