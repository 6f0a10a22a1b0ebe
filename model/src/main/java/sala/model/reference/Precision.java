package sala.model.reference;

/**
 * What the reference pass keeps between two operations: activations, caches, states. Inside an operation all arithmetic
 * is double, so F32 shows what rounding the stored values alone costs.
 */
public enum Precision {
    /** Doubles as they are. */
    F64,
    /** Every stored value rounded to float. */
    F32;

    /** Rounds in place and returns the same array. */
    double[] store(double[] values) {
        if (this == F32) {
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) values[i];
            }
        }
        return values;
    }
}
