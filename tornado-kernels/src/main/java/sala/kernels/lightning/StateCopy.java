package sala.kernels.lightning;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Copies a recurrent state on the device: a snapshot to go back to, since a state cannot forget a token again.
 *
 * <pre>  to[i] = from[i]  </pre>
 *
 * <p>Launch: a lane an element, {@value #LANES} lanes a work group.
 */
public final class StateCopy {
    private static final int LANES = 256;

    private StateCopy() {}

    /**
     * The kernel.
     *
     * @param from {@code [size]}, f32
     * @param to {@code [size]}, f32
     */
    public static void compute(KernelContext context, FloatArray from, FloatArray to, int size) {
        int index = context.globalIdx;
        if (index < size) {
            to.set(index, from.get(index));
        }
    }

    /**
     * Adds the copy of a whole array to a graph.
     *
     * @throws IllegalArgumentException if an array is null or empty, or {@code to} is smaller than {@code from}
     */
    public static void addTo(KernelGraph graph, String task, FloatArray from, FloatArray to) {
        KernelArguments.requireShape("from", from, "[size]", 1);
        int size = from.getSize();
        KernelArguments.requireShape("to", to, "[size]", size);
        graph.taskGraph().task(task, StateCopy::compute, graph.context(), from, to, size);
        graph.grid(task, WorkGroups.grid(WorkGroups.covering(size, LANES), LANES));
    }
}
