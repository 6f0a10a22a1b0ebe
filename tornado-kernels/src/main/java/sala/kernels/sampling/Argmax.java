package sala.kernels.sampling;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The token with the largest logit; the lowest id among equals.
 *
 * <pre>  sampled[0] = the lowest t with logits[t] = max of logits  </pre>
 *
 * <p>Launch: {@link LargestLogits} over the vocabulary, then one lane over its parts.
 */
public final class Argmax {
    private Argmax() {}

    /**
     * The kernel that joins the parts.
     *
     * @param largest {@code [numParts]}, f32, see {@link LargestLogits}
     * @param largestTokens {@code [numParts]}
     * @param sampled {@code [1]} or longer; the first element is written
     */
    public static void compute(
            KernelContext context,
            FloatArray largest,
            IntArray largestTokens,
            IntArray sampled,
            int vocabSize,
            int numParts) {
        int lane = context.globalIdx;
        if (lane == 0) {
            float best = largest.get(0);
            int bestToken = largestTokens.get(0);
            for (int part = 1; part < numParts; part++) {
                float value = largest.get(part);
                int token = largestTokens.get(part);
                if (Rank.before(value, token, best, bestToken) > 0) {
                    best = value;
                    bestToken = token;
                }
            }
            // No logit was a number: any id is as good, but it must be one.
            if (bestToken >= vocabSize) {
                bestToken = vocabSize - 1;
            }
            sampled.set(0, bestToken);
        }
    }

    /**
     * Adds both tasks to a graph, the first as {@code <task>Parts}.
     *
     * @param logits {@code [vocabSize]}
     * @param largest scratch, {@code [LargestLogits.numParts(vocabSize)]}
     * @param largestTokens scratch, {@code [LargestLogits.numParts(vocabSize)]}
     * @param sampled {@code [1]} or longer
     * @throws IllegalArgumentException if an array is null or too small, or {@code vocabSize} is less than 1
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray logits,
            FloatArray largest,
            IntArray largestTokens,
            IntArray sampled,
            int vocabSize) {
        KernelArguments.requireShape("sampled", sampled, "[1]", 1);
        LargestLogits.addTo(graph, task + "Parts", logits, largest, largestTokens, vocabSize);
        graph.taskGraph()
                .task(
                        task,
                        Argmax::compute,
                        graph.context(),
                        largest,
                        largestTokens,
                        sampled,
                        vocabSize,
                        LargestLogits.numParts(vocabSize));
        graph.grid(task, WorkGroups.grid(1, 1));
    }
}
