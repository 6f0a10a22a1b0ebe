package sala.kernels.sampling;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Bias and penalties: the logits again, those of listed tokens changed. The steps, their order and their arithmetic are
 * those of the host's sampler ({@code sala.model.generate.Sampler}, steps 1 to 3):
 *
 * <pre>
 *   adjusted[t] = logits[t]                                  t is not listed, or its logit is not finite
 *   adjusted[t] = -infinity                                  t is banned
 *   adjusted[t] = penalise(repeat(logits[t] + bias[t]))      else
 *   repeat(l)   = l &gt; 0 ? l / repetitionPenalty[t] : l * repetitionPenalty[t]
 *   penalise(l) = l - penalty[t]
 * </pre>
 *
 * <p>in f64, each step rounded to f32 and cut to its largest finite value. A logit that is no finite number becomes
 * {@link Float#MAX_VALUE}, at which {@link TokenSampling} draws nothing.
 *
 * <p>The list is an array of doubles, since what changes with a token has to come from an array that is sent with it:
 * {@code [0]} is how many tokens it has, then follow {@code token, bias, repetitionPenalty, penalty} of each, a token at most
 * once. A repetition penalty of 0 is a ban.
 *
 * <p>Launch: a work group of {@value #LANES} lanes a part of the vocabulary, at most {@value #MAX_PARTS} parts. A group
 * copies its part and then looks through the list for tokens of it.
 */
public final class LogitAdjustment {
    /** Tokens that a list holds at most. */
    public static final int MAX_CHANGES = 1024;

    private static final int FIRST = 1;
    private static final int BIAS = 1;
    private static final int REPETITION_PENALTY = 2;
    private static final int PENALTY = 3;
    private static final int FIELDS = 4;

    /** Elements of a list. */
    public static final int CHANGES_SIZE = FIRST + FIELDS * MAX_CHANGES;

    private static final int LANES = 256;
    private static final int MAX_PARTS = 64;
    private static final float HIGHEST = Float.MAX_VALUE;
    /** Beyond it a bias or penalty has the same effect; the device's arithmetic need not know infinity. */
    private static final double LARGEST = 1e300;

    private LogitAdjustment() {}

    /** An empty list. */
    public static DoubleArray createChanges() {
        DoubleArray changes = new DoubleArray(CHANGES_SIZE);
        changes.init(0);
        return changes;
    }

    /**
     * Sets how many tokens a list has; {@link #setChange} sets each.
     *
     * @throws IllegalArgumentException if they are more than {@value #MAX_CHANGES}
     */
    public static void setCount(DoubleArray changes, int count) {
        if (count < 0 || count > MAX_CHANGES) {
            throw new IllegalArgumentException(
                    "changes: expected 0 to %d tokens, found %d".formatted(MAX_CHANGES, count));
        }
        changes.set(0, count);
    }

    /**
     * Sets one token's change.
     *
     * @param index from 0 to below {@value #MAX_CHANGES}
     * @param bias minus infinity bans the token
     * @param repetitionPenalty above 0; 1 changes nothing
     * @param penalty 0 changes nothing
     */
    public static void setChange(
            DoubleArray changes, int index, int token, double bias, double repetitionPenalty, double penalty) {
        int at = FIRST + FIELDS * index;
        boolean banned = bias == Double.NEGATIVE_INFINITY;
        changes.set(at, token);
        changes.set(at + BIAS, banned ? bias : Math.clamp(bias, -LARGEST, LARGEST));
        changes.set(at + REPETITION_PENALTY, banned ? 0 : repetitionPenalty);
        changes.set(at + PENALTY, Math.clamp(penalty, -LARGEST, LARGEST));
    }

    /**
     * The kernel.
     *
     * @param changes {@code [CHANGES_SIZE]}, the list
     * @param logits {@code [vocabSize]}, f32
     * @param adjusted {@code [vocabSize]}, f32; another array than {@code logits}
     * @param partSize tokens of a work group
     */
    public static void compute(
            KernelContext context,
            DoubleArray changes,
            FloatArray logits,
            FloatArray adjusted,
            int vocabSize,
            int partSize) {
        int lane = context.localIdx;
        int from = context.groupIdx * partSize;
        int to = TornadoMath.min(from + partSize, vocabSize);
        for (int token = from + lane; token < to; token += LANES) {
            float logit = logits.get(token);
            int finite = (logit <= HIGHEST ? 1 : 0) * (logit >= -HIGHEST ? 1 : 0);
            float copied = HIGHEST;
            if (finite > 0) {
                copied = logit;
            }
            adjusted.set(token, copied);
        }
        context.globalBarrier();
        int count = (int) changes.get(0);
        for (int i = lane; i < count; i += LANES) {
            int at = FIRST + FIELDS * i;
            int token = (int) changes.get(at);
            if ((token >= from ? 1 : 0) * (token < to ? 1 : 0) > 0) {
                float logit = adjusted.get(token);
                double bias = changes.get(at + BIAS);
                double repetitionPenalty = changes.get(at + REPETITION_PENALTY);
                float changed = (float) bias;
                if (repetitionPenalty > 0.0) {
                    double biased = saturated(logit + bias);
                    double repeated = biased * repetitionPenalty;
                    if (biased > 0.0) {
                        repeated = biased / repetitionPenalty;
                    }
                    changed = saturated(saturated(repeated) - changes.get(at + PENALTY));
                }
                if (logit < HIGHEST) {
                    adjusted.set(token, changed);
                }
            }
        }
    }

    /** A ban is said by minus infinity alone, so nothing else may become it. */
    private static float saturated(double logit) {
        return (float) TornadoMath.max(TornadoMath.min(logit, (double) HIGHEST), (double) -HIGHEST);
    }

    /**
     * Adds the task to a graph.
     *
     * @param changes {@code [CHANGES_SIZE]}
     * @param logits {@code [vocabSize]}
     * @param adjusted {@code [vocabSize]}
     * @throws IllegalArgumentException if an array is null or too small, or {@code vocabSize} is less than 1
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            DoubleArray changes,
            FloatArray logits,
            FloatArray adjusted,
            int vocabSize) {
        KernelArguments.requireAtLeast("vocabSize", 1, vocabSize);
        KernelArguments.requireShape("changes", changes, "[CHANGES_SIZE]", CHANGES_SIZE);
        KernelArguments.requireShape("logits", logits, "[vocabSize]", vocabSize);
        KernelArguments.requireShape("adjusted", adjusted, "[vocabSize]", vocabSize);
        KernelArguments.requireDistinct("logits", logits, "adjusted", adjusted);
        int numParts = (int) Math.min(MAX_PARTS, WorkGroups.covering(vocabSize, LANES));
        int partSize = (vocabSize + numParts - 1) / numParts;
        graph.taskGraph()
                .task(task, LogitAdjustment::compute, graph.context(), changes, logits, adjusted, vocabSize, partSize);
        graph.grid(task, WorkGroups.grid(numParts, LANES));
    }
}
