package sala.model.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** A residual branch: {@code hidden[i] += scale * branch[i]}, in f32 with one rounding. */
final class ResidualAdd {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

    private ResidualAdd() {}

    /** Adds the elements {@code from <= i < to}. */
    static void apply(float[] hidden, float[] branch, float scale, int from, int to) {
        FloatVector scales = FloatVector.broadcast(SPECIES, scale);
        int i = from;
        for (; i + VectorMath.LANES <= to; i += VectorMath.LANES) {
            FloatVector.fromArray(SPECIES, branch, i)
                    .fma(scales, FloatVector.fromArray(SPECIES, hidden, i))
                    .intoArray(hidden, i);
        }
        for (; i < to; i++) {
            hidden[i] = Math.fma(branch[i], scale, hidden[i]);
        }
    }
}
