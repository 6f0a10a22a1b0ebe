package sala.kernels.sampling;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Marks in the rank of tokens: how many tokens stand up to each of {@value #MARKS} tokens spread over the vocabulary, and
 * what they weigh. {@link TokenSampling} then knows between which two of them a set of first ones ends.
 *
 * <pre>
 *   rank                    tokens by logit, the larger first, the lower id first among equals
 *   marks[part][0][m]     = number of tokens t of the part up to mark m
 *   marks[part][1][m]     = sum of exp((logits[t] - max) / temperature) over the same tokens
 * </pre>
 *
 * <p>Marks are a sample of the rank, whatever the logits are: two neighbours have some {@code vocabSize / 256} tokens
 * between them, equal logits or not. Mark 0, and one at a token that cannot be drawn, stands behind all that can be.
 * Nothing is counted where settings neither cut at top-k nor at top-p.
 *
 * <p>Launch: a work group of {@value #MARKS} lanes a part, at most {@value #MAX_PARTS} parts of consecutive tokens; a lane
 * is a mark.
 */
public final class RankMarks {
    /** Marks in a vocabulary. */
    static final int MARKS = 256;

    /** One to a multiprocessor of a large device. */
    private static final int MAX_PARTS = 128;
    /** Tokens of a part that are in local memory at a time. */
    private static final int TILE = 1024;

    private static final float LOWEST = -Float.MAX_VALUE;

    private RankMarks() {}

    /**
     * The kernel.
     *
     * @param settings see {@link SamplingSettings}
     * @param logits {@code [vocabSize]}, f32
     * @param largest {@code [numLargest]}, f32, see {@link LargestLogits}
     * @param marks {@code [numParts, 2, MARKS]}, f64
     * @param partSize tokens of a part
     */
    static void compute(
            KernelContext context,
            DoubleArray settings,
            FloatArray logits,
            FloatArray largest,
            DoubleArray marks,
            int vocabSize,
            int numLargest,
            int partSize) {
        float[] tile = context.allocateFloatLocalArray(TILE);
        double[] weights = context.allocateDoubleLocalArray(TILE);
        int lane = context.localIdx;
        int part = context.groupIdx;
        float max = LargestLogits.join(largest, numLargest);
        float perTemperature = (float) (1.0 / settings.get(SamplingSettings.TEMPERATURE));
        double topK = settings.get(SamplingSettings.TOP_K_TOKENS);
        int token = token(lane, vocabSize);
        float logit = logits.get(token);
        int all = (lane == 0 ? 1 : 0) + (logit >= LOWEST ? 0 : 1);
        if (all > 0) {
            logit = LOWEST;
            token = vocabSize;
        }
        int from = part * partSize;
        int to = TornadoMath.min(from + partSize, vocabSize);
        int cuts = (topK >= 1.0 ? 1 : 0) + (settings.get(SamplingSettings.TOP_P) < 1.0 ? 1 : 0);
        if (cuts == 0) {
            to = from;
        }
        int count = 0;
        double mass = 0.0;
        for (int first = from; first < to; first += TILE) {
            int length = TornadoMath.min(TILE, to - first);
            for (int i = lane; i < length; i += MARKS) {
                float value = logits.get(first + i);
                tile[i] = value;
                weights[i] = TokenSampling.weight(value, max, perTemperature);
            }
            context.localBarrier();
            for (int i = 0; i < length; i++) {
                if (Rank.upTo(tile[i], first + i, logit, token) > 0) {
                    count = count + 1;
                    mass = mass + weights[i];
                }
            }
            context.localBarrier();
        }
        marks.set(2 * part * MARKS + lane, (double) count);
        marks.set((2 * part + 1) * MARKS + lane, mass);
    }

    /** The token at which a mark stands. */
    static int token(int mark, int vocabSize) {
        return TornadoMath.min(mark * TornadoMath.max(vocabSize / MARKS, 1), vocabSize - 1);
    }

    /** Parts of a vocabulary. */
    static int numParts(int vocabSize) {
        return (int) Math.min(MAX_PARTS, WorkGroups.covering(vocabSize, MARKS));
    }

    /** Elements of {@code marks}. */
    public static int size(int vocabSize) {
        return 2 * numParts(vocabSize) * MARKS;
    }

    /**
     * Adds the task to a graph.
     *
     * @param largest {@code [LargestLogits.numParts(vocabSize)]}, as {@link LargestLogits} left it
     * @param marks {@code [size(vocabSize)]}
     * @throws IllegalArgumentException if an array is null or too small
     */
    static void addTo(
            KernelGraph graph,
            String task,
            DoubleArray settings,
            FloatArray logits,
            FloatArray largest,
            DoubleArray marks,
            int vocabSize) {
        KernelArguments.requireShape("marks", marks, "[numParts, 2, MARKS]", size(vocabSize));
        int numParts = numParts(vocabSize);
        graph.taskGraph()
                .task(
                        task,
                        RankMarks::compute,
                        graph.context(),
                        settings,
                        logits,
                        largest,
                        marks,
                        vocabSize,
                        LargestLogits.numParts(vocabSize),
                        (vocabSize + numParts - 1) / numParts);
        graph.grid(task, WorkGroups.grid(numParts, MARKS));
    }
}
