package sala.kernels.storage;

import java.util.List;
import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Makes arrays part of a graph that computes nothing with them: TornadoVM gives device memory only to what a task of the
 * graph names. Nothing is read or written.
 *
 * <p>Launch: one work group.
 */
public final class Residency {
    private static final int LANES = 32;

    private Residency() {}

    /** Names eight arrays; no lane has a negative index, which the compiler does not know. */
    public static void touchFloats(
            KernelContext context,
            FloatArray a0,
            FloatArray a1,
            FloatArray a2,
            FloatArray a3,
            FloatArray a4,
            FloatArray a5,
            FloatArray a6,
            FloatArray a7) {
        int index = context.globalIdx;
        if (index < 0) {
            a0.set(0, a1.get(0));
            a1.set(0, a2.get(0));
            a2.set(0, a3.get(0));
            a3.set(0, a4.get(0));
            a4.set(0, a5.get(0));
            a5.set(0, a6.get(0));
            a6.set(0, a7.get(0));
            a7.set(0, a0.get(0));
        }
    }

    /** {@link #touchFloats} for four arrays of integers. */
    public static void touchInts(KernelContext context, IntArray a0, IntArray a1, IntArray a2, IntArray a3) {
        int index = context.globalIdx;
        if (index < 0) {
            a0.set(0, a1.get(0));
            a1.set(0, a2.get(0));
            a2.set(0, a3.get(0));
            a3.set(0, a0.get(0));
        }
    }

    /**
     * Adds as many tasks as the arrays need, named {@code task} and a number.
     *
     * @param floats any number of arrays, none of them empty
     * @param ints likewise
     */
    public static void addTo(KernelGraph graph, String task, List<FloatArray> floats, List<IntArray> ints) {
        for (int from = 0; from < floats.size(); from += 8) {
            String name = task + "Floats" + from / 8;
            graph.taskGraph()
                    .task(
                            name,
                            Residency::touchFloats,
                            graph.context(),
                            at(floats, from),
                            at(floats, from + 1),
                            at(floats, from + 2),
                            at(floats, from + 3),
                            at(floats, from + 4),
                            at(floats, from + 5),
                            at(floats, from + 6),
                            at(floats, from + 7));
            graph.grid(name, WorkGroups.grid(1, LANES));
        }
        for (int from = 0; from < ints.size(); from += 4) {
            String name = task + "Ints" + from / 4;
            graph.taskGraph()
                    .task(
                            name,
                            Residency::touchInts,
                            graph.context(),
                            at(ints, from),
                            at(ints, from + 1),
                            at(ints, from + 2),
                            at(ints, from + 3));
            graph.grid(name, WorkGroups.grid(1, LANES));
        }
    }

    /** An array may be named twice. */
    private static <T> T at(List<T> arrays, int index) {
        return arrays.get(Math.min(index, arrays.size() - 1));
    }
}
