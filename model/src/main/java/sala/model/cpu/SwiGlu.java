package sala.model.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The activation of the MLP: {@code gate[i] = silu(gate[i]) * up[i]} with {@code silu(t) = t / (1 + e^-t)}, in f32. */
final class SwiGlu {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

    private SwiGlu() {}

    /** Applies it to the elements {@code from <= i < to}. */
    static void apply(float[] gate, float[] up, int from, int to) {
        int whole = from + SPECIES.loopBound(to - from);
        for (int i = from; i < whole; i += VectorMath.LANES) {
            FloatVector activated = VectorMath.silu(FloatVector.fromArray(SPECIES, gate, i));
            activated.mul(FloatVector.fromArray(SPECIES, up, i)).intoArray(gate, i);
        }
        applyPlainly(gate, up, whole, to);
    }

    /** The same in a plain loop, to the same bits. */
    static void applyPlainly(float[] gate, float[] up, int from, int to) {
        for (int i = from; i < to; i++) {
            gate[i] = VectorMath.silu(gate[i]) * up[i];
        }
    }
}
