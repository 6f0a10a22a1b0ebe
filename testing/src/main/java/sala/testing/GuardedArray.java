package sala.testing;

import java.util.Arrays;

/**
 * An output or scratch array that starts as NaN and has guard elements past its end: an operation that forgets an
 * element, reads before it writes or writes too far fails the test.
 */
public sealed interface GuardedArray {
    /** Guard elements past the end: more than the widest vector. */
    int GUARD_LENGTH = 64;

    /** Elements of the array proper. */
    int length();

    /** Whether an element still is the NaN it started as. */
    boolean isUntouched(int index);

    /** Whether an element is any NaN. */
    boolean isNaN(int index);

    /** Checks that no element past the end was written. */
    default void assertGuardsIntact(String name) {
        for (int i = length(); i < length() + GUARD_LENGTH; i++) {
            if (!isUntouched(i)) {
                throw new AssertionError("%s: element %d was written, %d past the end of %d"
                        .formatted(name, i, i - length() + 1, length()));
            }
        }
    }

    /** Checks that every element was written, none with NaN, and none past the end. */
    default void assertWritten(String name) {
        for (int i = 0; i < length(); i++) {
            if (isNaN(i)) {
                String found = isUntouched(i) ? "was never written" : "is NaN";
                throw new AssertionError("%s: element %d of %d %s".formatted(name, i, length(), found));
            }
        }
        assertGuardsIntact(name);
    }

    /** Guarded floats. */
    static Floats floats(int length) {
        float[] values = new float[length + GUARD_LENGTH];
        Arrays.fill(values, Floats.POISON);
        return new Floats(values, length);
    }

    /** Guarded doubles. */
    static Doubles doubles(int length) {
        double[] values = new double[length + GUARD_LENGTH];
        Arrays.fill(values, Doubles.POISON);
        return new Doubles(values, length);
    }

    /**
     * Floats.
     *
     * @param values the elements and the guards behind them
     * @param length elements without guards
     */
    record Floats(float[] values, int length) implements GuardedArray {
        /** A NaN no arithmetic makes. */
        private static final float POISON = Float.intBitsToFloat(0x7fc5a1a5);

        @Override
        public boolean isUntouched(int index) {
            return Float.floatToRawIntBits(values[index]) == Float.floatToRawIntBits(POISON);
        }

        @Override
        public boolean isNaN(int index) {
            return Float.isNaN(values[index]);
        }

        /** A copy without the guards. */
        public float[] toArray() {
            return Arrays.copyOf(values, length);
        }
    }

    /**
     * Doubles.
     *
     * @param values the elements and the guards behind them
     * @param length elements without guards
     */
    record Doubles(double[] values, int length) implements GuardedArray {
        /** A NaN no arithmetic makes. */
        private static final double POISON = Double.longBitsToDouble(0x7ff85a1a5a1a5a1aL);

        @Override
        public boolean isUntouched(int index) {
            return Double.doubleToRawLongBits(values[index]) == Double.doubleToRawLongBits(POISON);
        }

        @Override
        public boolean isNaN(int index) {
            return Double.isNaN(values[index]);
        }

        /** A copy without the guards. */
        public double[] toArray() {
            return Arrays.copyOf(values, length);
        }
    }
}
