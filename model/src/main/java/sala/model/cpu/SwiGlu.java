package sala.model.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The activation of the MLP: {@code gate[i] = silu(gate[i]) * up[i]} with {@code silu(t) = t / (1 + e^-t)}, in f32. */
final class SwiGlu {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

    private SwiGlu() {}

    /** Applies it to the elements {@code from <= i < to}. */
    static void apply(float[] gate, float[] up, int from, int to) {
        int i = from;
        for (; i + VectorMath.LANES <= to; i += VectorMath.LANES) {
            FloatVector activated = VectorMath.silu(FloatVector.fromArray(SPECIES, gate, i));
            activated.mul(FloatVector.fromArray(SPECIES, up, i)).intoArray(gate, i);
        }
        for (; i < to; i++) {
            gate[i] = (float) (gate[i] / (1 + Math.exp(-gate[i]))) * up[i];
        }
    }
}
