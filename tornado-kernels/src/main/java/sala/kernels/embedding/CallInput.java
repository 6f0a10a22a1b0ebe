package sala.kernels.embedding;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Puts what the host sends with a call where all graphs read it. A graph may not transfer an array that it shares with
 * others, so the host's array belongs to the graph that begins the call.
 *
 * <pre>  step[i] = call[i]  0 &lt;= i &lt; Step.SIZE      tokens[t] = call[Step.SIZE + t]  0 &lt;= t &lt; maxTokens  </pre>
 *
 * <p>Launch: a lane an element of the call, {@value #LANES} lanes a work group.
 */
public final class CallInput {
    private static final int LANES = 64;

    private CallInput() {}

    /**
     * The kernel.
     *
     * @param call {@code [Step.SIZE + maxTokens]}: the step, then the tokens
     * @param step see {@link Step}
     * @param tokens {@code [T]}
     */
    public static void compute(KernelContext context, IntArray call, IntArray step, IntArray tokens, int maxTokens) {
        int index = context.globalIdx;
        if (index < Step.SIZE) {
            step.set(index, call.get(index));
        } else if (index < Step.SIZE + maxTokens) {
            tokens.set(index - Step.SIZE, call.get(index));
        }
    }

    /** An array for the host to fill, for calls of at most {@code maxTokens}. */
    public static IntArray create(int maxTokens) {
        return new IntArray(length(maxTokens));
    }

    /** Elements of {@link #create}. */
    public static int length(int maxTokens) {
        return Math.addExact(Step.SIZE, maxTokens);
    }

    /**
     * Describes the next call on the host.
     *
     * @param position of the first token, at least 0
     * @param tokens ids of the call are {@code tokens[from]} to {@code tokens[from + count - 1]}
     * @throws IllegalArgumentException if {@link Step#set} refuses position and count
     */
    public static void set(IntArray call, int position, int[] tokens, int from, int count) {
        Step.set(call, position, count);
        for (int i = 0; i < count; i++) {
            call.set(Step.SIZE + i, tokens[from + i]);
        }
    }

    /**
     * Adds the kernel to a graph, before every task that reads the step or the tokens.
     *
     * @param maxTokens largest number of tokens of a call
     * @throws IllegalArgumentException if an array is null or too small, or {@code maxTokens} is less than 1
     */
    public static void addTo(
            KernelGraph graph, String task, IntArray call, IntArray step, IntArray tokens, int maxTokens) {
        KernelArguments.requireAtLeast("maxTokens", 1, maxTokens);
        KernelArguments.requireShape("call", call, "[Step.SIZE + maxTokens]", length(maxTokens));
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("tokens", tokens, "[maxTokens]", maxTokens);
        graph.taskGraph().task(task, CallInput::compute, graph.context(), call, step, tokens, maxTokens);
        graph.grid(task, WorkGroups.grid(WorkGroups.covering(length(maxTokens), LANES), LANES));
    }
}
