package sala.kernels.sampling;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The largest logit of each part of the vocabulary: first of two tasks, since a task cannot join its work groups.
 *
 * <pre>
 *   largest[g]       = max of logits[t] over the tokens t of part g
 *   largestTokens[g] = the lowest t with that logit
 * </pre>
 *
 * <p>Part {@code g} is every {@code numParts}-th run of {@value #LANES} tokens.
 *
 * <p>Launch: a work group of {@value #LANES} lanes a part; a tree in local memory that prefers the lower token among equal
 * logits.
 */
public final class LargestLogits {
    private static final int LANES = 256;
    /** Enough parts to keep a large device busy, few enough for one work group to join. */
    private static final int MAX_PARTS = 64;
    /** Where a lane without a token starts: no finite logit is below it, and its token is above every real one. */
    private static final float LOWEST = -Float.MAX_VALUE;

    private LargestLogits() {}

    /**
     * The kernel.
     *
     * @param logits {@code [vocabSize]}, f32
     * @param largest {@code [numParts]}, f32
     * @param largestTokens {@code [numParts]}; {@code vocabSize} if no logit of the part is a number
     */
    public static void compute(
            KernelContext context,
            FloatArray logits,
            FloatArray largest,
            IntArray largestTokens,
            int vocabSize,
            int numParts) {
        float[] values = context.allocateFloatLocalArray(LANES);
        int[] tokens = context.allocateIntLocalArray(LANES);
        int lane = context.localIdx;
        int part = context.groupIdx;
        float best = LOWEST;
        int bestToken = vocabSize;
        for (int first = part * LANES; first < vocabSize; first += numParts * LANES) {
            int token = first + lane;
            if (token < vocabSize) {
                float value = logits.get(token);
                if (Rank.before(value, token, best, bestToken) > 0) {
                    best = value;
                    bestToken = token;
                }
            }
        }
        values[lane] = best;
        tokens[lane] = bestToken;
        for (int stride = LANES / 2; stride > 0; stride = stride / 2) {
            context.localBarrier();
            if (lane < stride) {
                float value = values[lane + stride];
                int token = tokens[lane + stride];
                if (Rank.before(value, token, values[lane], tokens[lane]) > 0) {
                    values[lane] = value;
                    tokens[lane] = token;
                }
            }
        }
        if (lane == 0) {
            largest.set(part, values[0]);
            largestTokens.set(part, tokens[0]);
        }
    }

    /** The largest of all parts, for kernels. */
    static float join(FloatArray largest, int numParts) {
        float max = largest.get(0);
        for (int part = 1; part < numParts; part++) {
            max = TornadoMath.max(max, largest.get(part));
        }
        return max;
    }

    /** Parts of a vocabulary: the length of {@code largest} and {@code largestTokens}. */
    public static int numParts(int vocabSize) {
        return (int) Math.min(MAX_PARTS, WorkGroups.covering(vocabSize, LANES));
    }

    /**
     * Adds the task to a graph.
     *
     * @param largest {@code [numParts(vocabSize)]}
     * @param largestTokens {@code [numParts(vocabSize)]}
     * @throws IllegalArgumentException if an array is null or too small, or {@code vocabSize} is less than 1
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray logits,
            FloatArray largest,
            IntArray largestTokens,
            int vocabSize) {
        KernelArguments.requireAtLeast("vocabSize", 1, vocabSize);
        int numParts = numParts(vocabSize);
        KernelArguments.requireShape("logits", logits, "[vocabSize]", vocabSize);
        KernelArguments.requireShape("largest", largest, "[numParts]", numParts);
        KernelArguments.requireShape("largestTokens", largestTokens, "[numParts]", numParts);
        graph.taskGraph()
                .task(
                        task,
                        LargestLogits::compute,
                        graph.context(),
                        logits,
                        largest,
                        largestTokens,
                        vocabSize,
                        numParts);
        graph.grid(task, WorkGroups.grid(numParts, LANES));
    }
}
