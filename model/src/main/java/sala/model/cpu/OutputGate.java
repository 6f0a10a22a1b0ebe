package sala.model.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The gate on a mixer's output: {@code values[i] *= sigmoid(gate[i])}, in f32. */
final class OutputGate {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

    private OutputGate() {}

    /** Applies it to the elements {@code from <= i < to}. */
    static void apply(float[] values, float[] gate, int from, int to) {
        int i = from;
        for (; i + VectorMath.LANES <= to; i += VectorMath.LANES) {
            FloatVector factor = VectorMath.sigmoid(FloatVector.fromArray(SPECIES, gate, i));
            FloatVector.fromArray(SPECIES, values, i).mul(factor).intoArray(values, i);
        }
        for (; i < to; i++) {
            values[i] *= (float) (1 / (1 + Math.exp(-gate[i])));
        }
    }
}
