package sala.model.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The gate on a mixer's output: {@code values[i] *= sigmoid(gate[i])}, in f32. */
final class OutputGate {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

    private OutputGate() {}

    /** Applies it to the elements {@code from <= i < to}. */
    static void apply(float[] values, float[] gate, int from, int to) {
        int whole = from + SPECIES.loopBound(to - from);
        for (int i = from; i < whole; i += VectorMath.LANES) {
            FloatVector factor = VectorMath.sigmoid(FloatVector.fromArray(SPECIES, gate, i));
            FloatVector.fromArray(SPECIES, values, i).mul(factor).intoArray(values, i);
        }
        applyPlainly(values, gate, whole, to);
    }

    /** The same in a plain loop, to the same bits. */
    static void applyPlainly(float[] values, float[] gate, int from, int to) {
        for (int i = from; i < to; i++) {
            values[i] *= VectorMath.sigmoid(gate[i]);
        }
    }
}
