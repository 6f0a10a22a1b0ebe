package sala.model.cpu;

/**
 * Rotary positions on whole heads, channel j paired with {@code j + headDim/2}:
 *
 * <pre>
 * angle = float(position) * float(theta^(-2j/headDim))            an f32 product
 * x'[j]             = x[j] cos(angle) - x[j + headDim/2] sin(angle)
 * x'[j + headDim/2] = x[j + headDim/2] cos(angle) + x[j] sin(angle)
 * </pre>
 *
 * <p>Cosine and sine are computed in f64 and rounded to f32. They are kept for one run of positions at a time, the tokens
 * of a call, which costs far less than a projection; a table of all positions would take a gigabyte at a million.
 */
final class Rope {
    private final int half;
    private final float[] inverseFrequencies;
    private final float[] cosines;
    private final float[] sines;

    /**
     * @param headDim even
     * @param maxTokens most tokens of a call
     */
    Rope(int headDim, double theta, int maxTokens) {
        half = headDim / 2;
        inverseFrequencies = new float[half];
        for (int j = 0; j < half; j++) {
            inverseFrequencies[j] = (float) Math.pow(theta, -2.0 * j / headDim);
        }
        cosines = new float[Math.multiplyExact(maxTokens, half)];
        sines = new float[cosines.length];
    }

    /** What the table of a token costs, in multiplications: a cosine and a sine take about forty. */
    int costPerToken() {
        return 40 * half;
    }

    /** Fills the rows {@code fromToken <= t < toToken} of the table for a call that starts at {@code position}. */
    void prepare(int position, int fromToken, int toToken) {
        for (int token = fromToken; token < toToken; token++) {
            for (int j = 0; j < half; j++) {
                double angle = (float) (position + token) * inverseFrequencies[j];
                cosines[token * half + j] = (float) Math.cos(angle);
                sines[token * half + j] = (float) Math.sin(angle);
            }
        }
    }

    /** Rotates the head that starts at {@code offset} to the position of a token of the call. */
    void rotate(float[] x, int offset, int token) {
        int table = token * half;
        for (int j = 0; j < half; j++) {
            float cosine = cosines[table + j];
            float sine = sines[table + j];
            float first = x[offset + j];
            float second = x[offset + half + j];
            x[offset + j] = first * cosine - second * sine;
            x[offset + half + j] = second * cosine + first * sine;
        }
    }
}
