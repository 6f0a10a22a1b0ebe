package sala.model.generate;

import java.util.Arrays;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import sala.model.Logits;

/**
 * Picks the next token. The steps, in this order: bias, penalties, temperature, top-k, top-p, min-p, a draw. Among equal
 * logits the lower id comes first. Not thread-safe; a token costs no allocation.
 */
final class Sampler {
    private final GenerationOptions options;
    private final RandomGenerator random;
    private final int[] biasTokens;
    private final double[] biases;
    /** How often a token was in the prompt or generated; for the repetition penalty. */
    private final int[] seen;
    /** How often a token was generated. */
    private final int[] generated;

    private final float[] adjusted;
    private final long[] candidates;
    private final double[] probabilities;

    Sampler(GenerationOptions options, int vocabSize) {
        this.options = options;
        random = RandomGeneratorFactory.of("L64X128MixRandom").create(options.seed());
        biasTokens = new int[options.logitBias().size()];
        biases = new double[biasTokens.length];
        int index = 0;
        for (Map.Entry<Integer, Double> bias : options.logitBias().entrySet()) {
            if (bias.getKey() < 0 || bias.getKey() >= vocabSize) {
                throw new IllegalArgumentException(
                        "logitBias: expected token ids from 0 to %d, found %d".formatted(vocabSize - 1, bias.getKey()));
            }
            biasTokens[index] = bias.getKey();
            biases[index++] = bias.getValue();
        }
        seen = new int[vocabSize];
        generated = new int[vocabSize];
        adjusted = new float[vocabSize];
        candidates = new long[vocabSize];
        probabilities = new double[vocabSize];
    }

    /** Takes note of a token of the prompt. */
    void acceptPrompt(int token) {
        seen[token]++;
    }

    /** Picks a token and takes note of it. */
    int sample(Logits logits) {
        adjust(logits.values());
        int token = options.temperature() == 0 || options.topKTokens() == 1 ? likeliest() : draw();
        seen[token]++;
        generated[token]++;
        return token;
    }

    private void adjust(float[] logits) {
        System.arraycopy(logits, 0, adjusted, 0, adjusted.length);
        for (int i = 0; i < biasTokens.length; i++) {
            adjusted[biasTokens[i]] += (float) biases[i];
        }
        double repetition = options.repetitionPenalty();
        double presence = options.presencePenalty();
        double frequency = options.frequencyPenalty();
        boolean penalized = repetition != 1 || presence != 0 || frequency != 0;
        for (int token = 0; token < adjusted.length; token++) {
            if (penalized && seen[token] > 0) {
                double logit = adjusted[token];
                logit = logit > 0 ? logit / repetition : logit * repetition;
                if (generated[token] > 0) {
                    logit -= presence + frequency * generated[token];
                }
                adjusted[token] = (float) logit;
            }
            if (Float.isNaN(adjusted[token]) || adjusted[token] == Float.POSITIVE_INFINITY) {
                throw new IllegalStateException("the logit of token %d is %s".formatted(token, adjusted[token]));
            }
        }
    }

    private int likeliest() {
        int best = 0;
        for (int token = 1; token < adjusted.length; token++) {
            if (adjusted[token] > adjusted[best]) {
                best = token;
            }
        }
        requireAllowed(adjusted[best]);
        return best;
    }

    private static void requireAllowed(float largest) {
        if (largest == Float.NEGATIVE_INFINITY) {
            throw new IllegalStateException("every token is banned by its logit bias");
        }
    }

    private int draw() {
        int count = takeTopK();
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            max = Math.max(max, adjusted[token(candidates[i])]);
        }
        requireAllowed(max);
        double sum = 0;
        for (int i = 0; i < count; i++) {
            probabilities[i] = Math.exp(((double) adjusted[token(candidates[i])] - max) / options.temperature());
            sum += probabilities[i];
        }
        count = takeTopP(count, sum, max);
        // The likeliest token has probability 1 before normalisation.
        int kept = 0;
        double keptSum = 0;
        for (int i = 0; i < count; i++) {
            if (probabilities[i] >= options.minP()) {
                candidates[kept] = candidates[i];
                probabilities[kept] = probabilities[i];
                keptSum += probabilities[kept++];
            }
        }
        double left = random.nextDouble() * keptSum;
        for (int i = 0; i < kept; i++) {
            left -= probabilities[i];
            if (left < 0) {
                return token(candidates[i]);
            }
        }
        for (int i = kept - 1; i > 0; i--) { // rounding left a rest: the last token that has any probability
            if (probabilities[i] > 0) {
                return token(candidates[i]);
            }
        }
        return token(candidates[0]);
    }

    /** Puts the best tokens in front; returns their number. */
    private int takeTopK() {
        int vocabSize = adjusted.length;
        int wanted = options.topKTokens() == 0 ? vocabSize : Math.min(vocabSize, options.topKTokens());
        if (wanted == vocabSize) {
            for (int token = 0; token < vocabSize; token++) {
                candidates[token] = key(token);
            }
            return vocabSize;
        }
        // A heap of the best so far, the worst of them on top.
        int size = 0;
        for (int token = 0; token < vocabSize; token++) {
            long key = key(token);
            if (size < wanted) {
                candidates[size] = key;
                siftUp(size++);
            } else if (key > candidates[0]) {
                candidates[0] = key;
                siftDown(size);
            }
        }
        Arrays.sort(candidates, 0, size);
        reverse(size);
        return size;
    }

    private void siftUp(int start) {
        int child = start;
        while (child > 0) {
            int parent = (child - 1) / 2;
            if (candidates[parent] <= candidates[child]) {
                return;
            }
            swap(parent, child);
            child = parent;
        }
    }

    private void siftDown(int size) {
        int parent = 0;
        while (2 * parent + 1 < size) {
            int child = 2 * parent + 1;
            if (child + 1 < size && candidates[child + 1] < candidates[child]) {
                child++;
            }
            if (candidates[parent] <= candidates[child]) {
                return;
            }
            swap(parent, child);
            parent = child;
        }
    }

    private void swap(int i, int j) {
        long key = candidates[i];
        candidates[i] = candidates[j];
        candidates[j] = key;
    }

    private void reverse(int size) {
        for (int i = 0, j = size - 1; i < j; i++, j--) {
            swap(i, j);
        }
    }

    /** Keeps the shortest row of likeliest tokens that has probability top-p, at least one. */
    private int takeTopP(int count, double sum, float max) {
        if (options.topP() >= 1) {
            return count;
        }
        // Tokens below this have less than 1 - topP together, so none of them is needed: only the rest is sorted.
        double threshold = (1 - options.topP()) * sum / count;
        int size = 0;
        for (int i = 0; i < count; i++) {
            if (probabilities[i] >= threshold) {
                candidates[size++] = candidates[i];
            }
        }
        Arrays.sort(candidates, 0, size);
        reverse(size);
        double mass = 0;
        for (int i = 0; i < size; i++) {
            probabilities[i] = Math.exp(((double) adjusted[token(candidates[i])] - max) / options.temperature());
            mass += probabilities[i];
            if (mass >= options.topP() * sum) {
                return i + 1;
            }
        }
        return size;
    }

    /** A number that orders tokens by logit and then by falling id. */
    private long key(int token) {
        int bits = Float.floatToIntBits(adjusted[token]);
        int ordered = bits < 0 ? ~bits : bits ^ Integer.MIN_VALUE;
        return (long) (ordered ^ Integer.MIN_VALUE) << Integer.SIZE | (Integer.MAX_VALUE - token);
    }

    private static int token(long key) {
        return Integer.MAX_VALUE - (int) key;
    }
}
