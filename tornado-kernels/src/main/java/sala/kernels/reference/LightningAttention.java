package sala.kernels.reference;

/**
 * Linear attention with a constant decay per head.
 *
 * <pre>
 *   S[t] = decay S[t-1] + k[t] v[t]^T          decay = exp(-decaySlope), S is [key channel, value channel]
 *   o[t] = attentionScale q[t]^T S[t]
 * </pre>
 *
 * <p>The state decays first, then takes the current token in, then is read: the current token counts undecayed. There is
 * no normaliser. Both forms compute the same; the recurrent one is the definition.
 */
public final class LightningAttention {
    private LightningAttention() {}

    /**
     * One token.
     *
     * @param q {@code [numHeads, headDim]}, after norm and rotation
     * @param k {@code [numHeads, headDim]}, likewise
     * @param v {@code [numHeads, headDim]}
     * @param decaySlopes {@code [numHeads]}, see {@link DecaySlopes}
     * @param attentionScale factor on the output
     * @param state {@code [numHeads, headDim, headDim]}, key channel before value channel; updated in place
     * @return {@code [numHeads, headDim]}
     * @throws IllegalArgumentException if a length is wrong
     */
    public static double[] recurrentStep(
            double[] q, double[] k, double[] v, double[] decaySlopes, double attentionScale, double[] state) {
        int headDim = requireTokens(q, k, v, 1, decaySlopes.length, state);
        double[] out = new double[q.length];
        for (int head = 0; head < decaySlopes.length; head++) {
            double decay = Math.exp(-decaySlopes[head]);
            int token = head * headDim;
            for (int key = 0; key < headDim; key++) {
                int row = (token + key) * headDim;
                for (int value = 0; value < headDim; value++) {
                    state[row + value] = decay * state[row + value] + k[token + key] * v[token + value];
                    out[token + value] += attentionScale * q[token + key] * state[row + value];
                }
            }
        }
        return out;
    }

    /**
     * Many tokens, chunk by chunk. With {@code n} tokens in a chunk, {@code S} the state before it and {@code a, b}
     * counted from its start:
     *
     * <pre>
     *   o[a]  = attentionScale (decay^(a+1) q[a]^T S + sum over b &lt;= a of decay^(a-b) (q[a] . k[b]) v[b])
     *   S_new = decay^n S + sum over b of decay^(n-1-b) k[b] v[b]^T
     * </pre>
     *
     * <p>{@code n} is the real number of tokens, also in the last chunk. Only powers at most 1 appear.
     *
     * @param q {@code [T, numHeads, headDim]}
     * @param k {@code [T, numHeads, headDim]}
     * @param v {@code [T, numHeads, headDim]}
     * @param decaySlopes {@code [numHeads]}
     * @param attentionScale factor on the output
     * @param state {@code [numHeads, headDim, headDim]}; updated in place
     * @param chunkSize tokens of a chunk, at least 1
     * @return {@code [T, numHeads, headDim]}
     * @throws IllegalArgumentException if a length is wrong
     */
    public static double[] chunkedPrefill(
            double[] q,
            double[] k,
            double[] v,
            double[] decaySlopes,
            double attentionScale,
            double[] state,
            int chunkSize) {
        Arguments.requireAtLeast("chunkSize", chunkSize, 1);
        int numHeads = decaySlopes.length;
        int headDim = headDim(numHeads, state);
        Arguments.requireMultiple("q", q.length, numHeads * headDim, "[T, numHeads, headDim]");
        int tokenCount = q.length / (numHeads * headDim);
        requireTokens(q, k, v, tokenCount, numHeads, state);
        double[] out = new double[q.length];
        for (int start = 0; start < tokenCount; start += chunkSize) {
            int length = Math.min(chunkSize, tokenCount - start);
            for (int head = 0; head < numHeads; head++) {
                Chunk chunk = new Chunk(start, length, head, numHeads, headDim, decaySlopes[head]);
                chunk.addInterChunk(q, state, attentionScale, out);
                chunk.addIntraChunk(q, k, v, attentionScale, out);
                chunk.updateState(k, v, state);
            }
        }
        return out;
    }

    /** One head of one chunk: tokens {@code start <= t < start + length}. */
    private record Chunk(int start, int length, int head, int numHeads, int headDim, double decaySlope) {
        /** Index of channel 0 of token {@code start + a}. */
        int token(int a) {
            return ((start + a) * numHeads + head) * headDim;
        }

        /** {@code decay^power}. */
        double decay(int power) {
            return Math.exp(-decaySlope * power);
        }

        /** What earlier chunks give: {@code out[a] += attentionScale decay^(a+1) q[a]^T S}. */
        void addInterChunk(double[] q, double[] state, double attentionScale, double[] out) {
            for (int a = 0; a < length; a++) {
                double queryDecay = attentionScale * decay(a + 1);
                for (int key = 0; key < headDim; key++) {
                    int row = (head * headDim + key) * headDim;
                    for (int value = 0; value < headDim; value++) {
                        out[token(a) + value] += queryDecay * q[token(a) + key] * state[row + value];
                    }
                }
            }
        }

        /** What this chunk gives: {@code out[a] += attentionScale sum of decay^(a-b) (q[a] . k[b]) v[b], b <= a}. */
        void addIntraChunk(double[] q, double[] k, double[] v, double attentionScale, double[] out) {
            for (int a = 0; a < length; a++) {
                for (int b = 0; b <= a; b++) {
                    double weight = attentionScale * decay(a - b) * Linear.dot(q, token(a), k, token(b), headDim);
                    for (int value = 0; value < headDim; value++) {
                        out[token(a) + value] += weight * v[token(b) + value];
                    }
                }
            }
        }

        /** {@code S = decay^length S + sum of decay^(length-1-b) k[b] v[b]^T}. */
        void updateState(double[] k, double[] v, double[] state) {
            double chunkDecay = decay(length);
            for (int i = head * headDim * headDim; i < (head + 1) * headDim * headDim; i++) {
                state[i] *= chunkDecay;
            }
            for (int b = 0; b < length; b++) {
                double keyDecay = decay(length - 1 - b);
                for (int key = 0; key < headDim; key++) {
                    int row = (head * headDim + key) * headDim;
                    for (int value = 0; value < headDim; value++) {
                        state[row + value] += keyDecay * k[token(b) + key] * v[token(b) + value];
                    }
                }
            }
        }
    }

    private static int requireTokens(double[] q, double[] k, double[] v, int tokenCount, int numHeads, double[] state) {
        int headDim = headDim(numHeads, state);
        int expected = tokenCount * numHeads * headDim;
        Arguments.requireLength("q", q.length, expected, "[T, numHeads, headDim]");
        Arguments.requireLength("k", k.length, expected, "[T, numHeads, headDim]");
        Arguments.requireLength("v", v.length, expected, "[T, numHeads, headDim]");
        return headDim;
    }

    private static int headDim(int numHeads, double[] state) {
        Arguments.requireAtLeast("decaySlopes.length", numHeads, 1);
        int headDim = (int) Math.round(Math.sqrt(state.length / (double) numHeads));
        Arguments.requireAtLeast("headDim", headDim, 1);
        Arguments.requireLength("state", state.length, numHeads * headDim * headDim, "[numHeads, headDim, headDim]");
        return headDim;
    }
}
