package sala.samples.lesson;

import java.util.Objects;

/** A claim of a lesson, which the computer examines: it prints "ok" and the claim, or throws what is wrong. */
public final class Check {
    private Check() {}

    /**
     * Examines a condition.
     *
     * @throws AssertionError if it does not hold
     */
    public static void that(String claim, boolean holds) {
        if (!holds) {
            throw new AssertionError("not so: " + claim);
        }
        System.out.println("ok: " + claim);
    }

    /**
     * Compares two values.
     *
     * @throws AssertionError if they differ
     */
    public static void equal(String claim, Object expected, Object found) {
        if (!Objects.equals(expected, found)) {
            throw new AssertionError("%s: expected %s, found %s".formatted(claim, expected, found));
        }
        System.out.println("ok: " + claim);
    }

    /**
     * Compares two arrays of numbers by their largest difference.
     *
     * @param tolerance largest difference allowed
     * @throws AssertionError if their lengths differ, or a difference is larger or no number
     */
    public static void close(String claim, double[] expected, double[] found, double tolerance) {
        if (expected.length != found.length) {
            throw new AssertionError(
                    "%s: expected %d numbers, found %d".formatted(claim, expected.length, found.length));
        }
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(expected[i] - found[i]) <= tolerance)) {
                throw new AssertionError("%s: at index %d expected %s, found %s, which differ by more than %s"
                        .formatted(claim, i, expected[i], found[i], tolerance));
            }
        }
        System.out.println("ok: " + claim);
    }
}
