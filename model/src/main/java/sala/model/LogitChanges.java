package sala.model;

import java.util.Arrays;

/**
 * Changes to the logits of single tokens, a token at most once. A change does, in this order:
 *
 * <pre>
 *   l = l + bias                                                             a bias of minus infinity bans the token
 *   l = l > 0 ? l / repetitionPenalty : l * repetitionPenalty
 *   l = l - penalty
 * </pre>
 *
 * <p>in double precision, each step rounded to float and cut to its largest finite value: minus infinity says a ban and
 * nothing else does. Not thread-safe.
 */
public final class LogitChanges {
    private static final int FIRST_SIZE = 64;

    private int size;
    private int[] tokens = new int[0];
    private double[] biases = new double[0];
    private double[] repetitionPenalties = new double[0];
    private double[] penalties = new double[0];
    /** Per token of the vocabulary, one more than its index; 0 where nothing changes. */
    private final int[] places;

    /** No changes yet, to tokens below {@code vocabSize}. */
    public LogitChanges(int vocabSize) {
        places = new int[vocabSize];
    }

    /** Number of tokens that change. */
    public int size() {
        return size;
    }

    /** A token that changes, {@code 0 <= index < size()}, in no certain order. */
    public int token(int index) {
        return tokens[index];
    }

    /** What is added to the logit of {@link #token(int)}; minus infinity bans it. */
    public double bias(int index) {
        return biases[index];
    }

    /** What a positive logit of {@link #token(int)} is divided by and another one multiplied with; 1 is off. */
    public double repetitionPenalty(int index) {
        return repetitionPenalties[index];
    }

    /** What is taken from the logit of {@link #token(int)}. */
    public double penalty(int index) {
        return penalties[index];
    }

    /** The logit of {@link #token(int)} after its change. */
    public float changed(int index, float logit) {
        if (biases[index] == Double.NEGATIVE_INFINITY) {
            return Float.NEGATIVE_INFINITY;
        }
        double biased = saturated(logit + biases[index]);
        double repetitionPenalty = repetitionPenalties[index];
        double repeated = saturated(biased > 0 ? biased / repetitionPenalty : biased * repetitionPenalty);
        return saturated(repeated - penalties[index]);
    }

    /** A ban is said by minus infinity alone, so nothing else may become it. */
    private static float saturated(double logit) {
        return (float) Math.clamp(logit, -Float.MAX_VALUE, Float.MAX_VALUE);
    }

    /** Takes all changes back. */
    public void clear() {
        for (int i = 0; i < size; i++) {
            places[tokens[i]] = 0;
        }
        size = 0;
    }

    /** Sets what is added to a token's logit; minus infinity bans it. */
    public void setBias(int token, double bias) {
        int index = indexOf(token);
        biases[index] = bias;
    }

    /** Sets what a token's logit is divided by where positive and multiplied with elsewhere. */
    public void setRepetitionPenalty(int token, double repetitionPenalty) {
        int index = indexOf(token);
        repetitionPenalties[index] = repetitionPenalty;
    }

    /** Sets what is taken from a token's logit. */
    public void setPenalty(int token, double penalty) {
        int index = indexOf(token);
        penalties[index] = penalty;
    }

    /** The index of a token, which is made where there is none; the arrays may then be others. */
    private int indexOf(int token) {
        if (places[token] == 0) {
            if (size == tokens.length) {
                int length = Math.min(places.length, Math.max(FIRST_SIZE, 2 * size));
                tokens = Arrays.copyOf(tokens, length);
                biases = Arrays.copyOf(biases, length);
                repetitionPenalties = Arrays.copyOf(repetitionPenalties, length);
                penalties = Arrays.copyOf(penalties, length);
            }
            tokens[size] = token;
            biases[size] = 0;
            repetitionPenalties[size] = 1;
            penalties[size] = 0;
            places[token] = ++size;
        }
        return places[token] - 1;
    }
}
