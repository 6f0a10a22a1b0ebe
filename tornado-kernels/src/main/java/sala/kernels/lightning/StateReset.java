package sala.kernels.lightning;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Zeroes a recurrent state: before the first token and at every new conversation, since device memory comes up dirty.
 *
 * <pre>  state[i] = 0  </pre>
 *
 * <p>Launch: a lane an element, {@value #LANES} lanes a work group.
 */
public final class StateReset {
    private static final int LANES = 256;

    private StateReset() {}

    /**
     * The kernel.
     *
     * @param state {@code [size]}, f32; every element is written, none is read
     */
    public static void compute(KernelContext context, FloatArray state, int size) {
        int index = context.globalIdx;
        if (index < size) {
            state.set(index, 0f);
        }
    }

    /**
     * Adds the zeroing of a whole array to a graph.
     *
     * @throws IllegalArgumentException if {@code state} is null or empty
     */
    public static void addTo(KernelGraph graph, String task, FloatArray state) {
        KernelArguments.requireShape("state", state, "[size]", 1);
        int size = state.getSize();
        graph.taskGraph().task(task, StateReset::compute, graph.context(), state, size);
        graph.grid(task, WorkGroups.grid(WorkGroups.covering(size, LANES), LANES));
    }
}
