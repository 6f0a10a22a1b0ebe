package sala.kernels.embedding;

import static sala.kernels.storage.StorageType.BF16;
import static sala.kernels.storage.StorageType.F16;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import sala.kernels.storage.Storage;
import sala.kernels.storage.StorageVariants;
import sala.kernels.storage.Stored;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Looks the tokens of a call up.
 *
 * <pre>  out[t, i] = embeddingScale table[tokens[t], i]        0 &lt;= t &lt; NUM_TOKENS  </pre>
 *
 * <p>Launch: a lane an element, {@value #LANES} lanes a work group, {@code maxTokens} rows of work groups. Ground truth:
 * {@link sala.kernels.reference.Embedding#lookup}.
 */
@StorageVariants({F16, BF16})
public final class EmbeddingF32 {
    private static final int LANES = 256;

    private EmbeddingF32() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param tokens {@code [T]}; in decode the output of the sampler may be read in place
     * @param table {@code [vocabSize, hiddenSize]}, stored
     * @param out {@code [T, hiddenSize]}, f32
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            IntArray tokens,
            @Stored FloatArray table,
            FloatArray out,
            int hiddenSize,
            float embeddingScale) {
        int groupsPerToken = (hiddenSize + LANES - 1) / LANES;
        int group = context.groupIdx;
        int token = group / groupsPerToken;
        int channel = (group - token * groupsPerToken) * LANES + context.localIdx;
        if (token < step.get(Step.NUM_TOKENS) && channel < hiddenSize) {
            int row = tokens.get(token);
            out.set(token * hiddenSize + channel, embeddingScale * Storage.load(table, row * hiddenSize + channel));
        }
    }

    /**
     * Adds the look-up to a graph. Ids are not checked on the device: the caller sees to it that each is below
     * {@code vocabSize}.
     *
     * @param maxTokens largest number of tokens of a call
     * @throws IllegalArgumentException if an array is null or too small, or a size is less than 1
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            IntArray step,
            IntArray tokens,
            @Stored FloatArray table,
            FloatArray out,
            int maxTokens,
            int vocabSize,
            int hiddenSize,
            float embeddingScale) {
        KernelArguments.requireAtLeast("maxTokens", 1, maxTokens);
        KernelArguments.requireAtLeast("vocabSize", 1, vocabSize);
        KernelArguments.requireAtLeast("hiddenSize", 1, hiddenSize);
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("tokens", tokens, "[maxTokens]", maxTokens);
        KernelArguments.requireShape("table", table, "[vocabSize, hiddenSize]", vocabSize, hiddenSize);
        KernelArguments.requireShape("out", out, "[maxTokens, hiddenSize]", maxTokens, hiddenSize);
        graph.taskGraph()
                .task(
                        task,
                        EmbeddingF32::compute,
                        graph.context(),
                        step,
                        tokens,
                        table,
                        out,
                        hiddenSize,
                        embeddingScale);
        graph.grid(task, WorkGroups.grid(maxTokens * WorkGroups.covering(hiddenSize, LANES), LANES));
    }
}
