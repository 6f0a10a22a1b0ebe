package sala.model.generate;

import java.util.Arrays;

/**
 * The tokens that may still be picked, by ascending id, with their logits and, once weighed, their probabilities up to a
 * common factor.
 *
 * <p>A cut by rank needs no sorted vocabulary. Logits are counted into {@value #NUM_BUCKETS} buckets of equal width from
 * the largest one down; the cut falls into one bucket, and a heap of that bucket alone finds the exact place. Equal
 * logits are ranked by id, the lower one first, so that a cut is unique.
 */
final class Candidates {
    private static final int NUM_BUCKETS = 1024;

    private final int[] tokens;
    private final float[] logits;
    private final double[] weights;
    private int size;
    private float maxLogit;

    private final int[] bucketCounts = new int[NUM_BUCKETS];
    private final double[] bucketWeights = new double[NUM_BUCKETS];
    private double bucketsPerLogit;
    /** Max-heap of indices into the candidates: the bucket that the cut falls into. */
    private final int[] heap;

    private int heapSize;

    Candidates(int vocabSize) {
        tokens = new int[vocabSize];
        logits = new float[vocabSize];
        weights = new double[vocabSize];
        heap = new int[vocabSize];
    }

    int size() {
        return size;
    }

    /** A candidate, {@code 0 <= index < size()}. */
    int token(int index) {
        return tokens[index];
    }

    /** Starts anew with all tokens whose logit is above minus infinity. */
    void collect(float[] values) {
        if (values.length != tokens.length) {
            throw new IllegalArgumentException("expected %d logits, one per token of the vocabulary, found %d"
                    .formatted(tokens.length, values.length));
        }
        size = 0;
        maxLogit = Float.NEGATIVE_INFINITY;
        for (int token = 0; token < values.length; token++) {
            float value = values[token];
            if (value > Float.NEGATIVE_INFINITY) {
                tokens[size] = token;
                logits[size++] = value;
                maxLogit = Math.max(maxLogit, value);
            }
        }
    }

    /** Keeps the {@code count} largest logits, {@code count >= 1}. */
    void keepTop(int count) {
        if (count >= size) {
            return;
        }
        countBuckets(false);
        int kept = 0;
        int bucket = 0;
        while (kept + bucketCounts[bucket] < count) {
            kept += bucketCounts[bucket++];
        }
        heapOf(bucket);
        int last = 0;
        while (kept < count) {
            last = popHeap();
            kept++;
        }
        keepThrough(last);
    }

    /** Sets the weights to {@code exp((logit - largest logit) / temperature)}. */
    void weigh(double temperature) {
        for (int i = 0; i < size; i++) {
            weights[i] = Math.exp(((double) logits[i] - maxLogit) / temperature);
        }
    }

    /** Keeps the fewest largest logits whose weights reach {@code share} of the sum of all weights; at least one. */
    void keepNucleus(double share) {
        countBuckets(true);
        double target = share * weightSum();
        double reached = 0;
        int bucket = 0;
        while (bucket < NUM_BUCKETS - 1 && reached + bucketWeights[bucket] < target) {
            reached += bucketWeights[bucket++];
        }
        heapOf(bucket);
        int last;
        do {
            last = popHeap();
            reached += weights[last];
        } while (reached < target && heapSize > 0);
        keepThrough(last);
    }

    /** Keeps weights of at least this much; the largest weight is 1. */
    void keepAtLeast(double minWeight) {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (weights[i] >= minWeight) {
                move(i, kept++);
            }
        }
        size = kept;
    }

    /** The token at {@code share}, in [0, 1), of the sum of weights counted by ascending id. */
    int pick(double share) {
        double target = share * weightSum();
        double reached = 0;
        int last = 0;
        for (int i = 0; i < size; i++) {
            if (weights[i] > 0) {
                reached += weights[i];
                last = i;
                if (reached > target) {
                    break;
                }
            }
        }
        return tokens[last];
    }

    private double weightSum() {
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += weights[i];
        }
        return sum;
    }

    private void countBuckets(boolean weighed) {
        Arrays.fill(bucketCounts, 0);
        Arrays.fill(bucketWeights, 0);
        float minLogit = maxLogit;
        for (int i = 0; i < size; i++) {
            minLogit = Math.min(minLogit, logits[i]);
        }
        double range = (double) maxLogit - minLogit;
        bucketsPerLogit = range > 0 ? NUM_BUCKETS / range : 0;
        for (int i = 0; i < size; i++) {
            int bucket = bucketOf(logits[i]);
            bucketCounts[bucket]++;
            if (weighed) {
                bucketWeights[bucket] += weights[i];
            }
        }
    }

    /** Never rises with the logit, so a bucket holds consecutive ranks. */
    private int bucketOf(float logit) {
        return (int) Math.min(NUM_BUCKETS - 1, ((double) maxLogit - logit) * bucketsPerLogit);
    }

    private void heapOf(int bucket) {
        heapSize = 0;
        for (int i = 0; i < size; i++) {
            if (bucketOf(logits[i]) == bucket) {
                heap[heapSize++] = i;
            }
        }
        for (int i = heapSize / 2 - 1; i >= 0; i--) {
            siftDown(i);
        }
    }

    private int popHeap() {
        int top = heap[0];
        heap[0] = heap[--heapSize];
        siftDown(0);
        return top;
    }

    private void siftDown(int start) {
        int parent = start;
        while (true) {
            int child = 2 * parent + 1;
            if (child >= heapSize) {
                return;
            }
            if (child + 1 < heapSize && ranksBefore(heap[child + 1], heap[child])) {
                child++;
            }
            if (!ranksBefore(heap[child], heap[parent])) {
                return;
            }
            int swapped = heap[parent];
            heap[parent] = heap[child];
            heap[child] = swapped;
            parent = child;
        }
    }

    /** Candidates lie by ascending id, so among equal logits the lower index has the lower id. */
    private boolean ranksBefore(int a, int b) {
        return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
    }

    /** Keeps the candidates up to this one by rank. */
    private void keepThrough(int last) {
        float lastLogit = logits[last];
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (logits[i] > lastLogit || (logits[i] == lastLogit && i <= last)) {
                move(i, kept++);
            }
        }
        size = kept;
    }

    private void move(int from, int to) {
        tokens[to] = tokens[from];
        logits[to] = logits[from];
        weights[to] = weights[from];
    }
}
