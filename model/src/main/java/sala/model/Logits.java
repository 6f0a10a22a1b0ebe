package sala.model;

/**
 * Scores of the next token, {@code [vocabSize]}. A view of a buffer that the session reuses: valid until its next
 * prefill, decode or close; {@link #toArray()} keeps a copy.
 */
public final class Logits {
    private final float[] values;

    public Logits(float[] values) {
        this.values = values;
    }

    public int size() {
        return values.length;
    }

    public float get(int token) {
        return values[token];
    }

    /** The buffer itself, for samplers; reading only. */
    public float[] values() {
        return values;
    }

    public float[] toArray() {
        return values.clone();
    }

    /** Token with the largest logit, the lowest id among equals. */
    public int argmax() {
        int best = 0;
        for (int token = 1; token < values.length; token++) {
            if (values[token] > values[best]) {
                best = token;
            }
        }
        return best;
    }
}
