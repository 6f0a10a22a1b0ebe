package sala.model.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Rows of the embedding matrix, scaled: {@code out[c] = table[token, c] * scale}, in f32. */
final class Embedding {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

    private Embedding() {}

    /**
     * Looks one token up.
     *
     * @param table {@code [vocabSize, hiddenSize]}
     * @param out receives {@code hiddenSize} values from {@code offset} on
     */
    static void lookUp(WeightMatrix table, int token, float scale, float[] out, int offset) {
        int width = table.columns;
        table.widen(token, 0, width, out, offset);
        int i = 0;
        for (; i + VectorMath.LANES <= width; i += VectorMath.LANES) {
            FloatVector.fromArray(SPECIES, out, offset + i).mul(scale).intoArray(out, offset + i);
        }
        for (; i < width; i++) {
            out[offset + i] *= scale;
        }
    }
}
