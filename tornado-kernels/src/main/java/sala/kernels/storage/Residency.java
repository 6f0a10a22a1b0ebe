package sala.kernels.storage;

import java.util.ArrayList;
import java.util.List;
import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Makes arrays part of a graph that computes nothing with them: TornadoVM gives device memory only to what a task of the
 * graph names. Nothing is read or written.
 *
 * <p>Launch: one work group a task; a task names {@value #PER_TASK} arrays of one type.
 */
public final class Residency {
    private static final int LANES = 32;
    private static final int PER_TASK = 8;

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

    /** {@link #touchFloats} of another type. */
    public static void touchInts(
            KernelContext context,
            IntArray a0,
            IntArray a1,
            IntArray a2,
            IntArray a3,
            IntArray a4,
            IntArray a5,
            IntArray a6,
            IntArray a7) {
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

    /** {@link #touchFloats} of another type. */
    public static void touchHalfs(
            KernelContext context,
            HalfFloatArray a0,
            HalfFloatArray a1,
            HalfFloatArray a2,
            HalfFloatArray a3,
            HalfFloatArray a4,
            HalfFloatArray a5,
            HalfFloatArray a6,
            HalfFloatArray a7) {
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

    /** {@link #touchFloats} of another type. */
    public static void touchBfloats(
            KernelContext context,
            BFloat16Array a0,
            BFloat16Array a1,
            BFloat16Array a2,
            BFloat16Array a3,
            BFloat16Array a4,
            BFloat16Array a5,
            BFloat16Array a6,
            BFloat16Array a7) {
        int index = context.globalIdx;
        if (index < 0) {
            a0.setFloat(0, a1.getFloat(0));
            a1.setFloat(0, a2.getFloat(0));
            a2.setFloat(0, a3.getFloat(0));
            a3.setFloat(0, a4.getFloat(0));
            a4.setFloat(0, a5.getFloat(0));
            a5.setFloat(0, a6.getFloat(0));
            a6.setFloat(0, a7.getFloat(0));
            a7.setFloat(0, a0.getFloat(0));
        }
    }

    /**
     * Adds as many tasks as the arrays need, named {@code task}, their type and a number.
     *
     * @param arrays of the types above, none of them empty
     * @throws IllegalArgumentException if an array is of another type
     */
    public static void addTo(KernelGraph graph, String task, List<?> arrays) {
        List<FloatArray> floats = new ArrayList<>();
        List<IntArray> ints = new ArrayList<>();
        List<HalfFloatArray> halfs = new ArrayList<>();
        List<BFloat16Array> bfloats = new ArrayList<>();
        for (Object array : arrays) {
            switch (array) {
                case FloatArray values -> floats.add(values);
                case IntArray values -> ints.add(values);
                case HalfFloatArray values -> halfs.add(values);
                case BFloat16Array values -> bfloats.add(values);
                default -> throw new IllegalArgumentException("arrays: no type of stored arrays: " + array.getClass());
            }
        }
        for (int from = 0; from < floats.size(); from += PER_TASK) {
            String name = task + "Floats" + from / PER_TASK;
            graph.taskGraph()
                    .task(
                            name,
                            Residency::touchFloats,
                            graph.context(),
                            at(floats, from + 0),
                            at(floats, from + 1),
                            at(floats, from + 2),
                            at(floats, from + 3),
                            at(floats, from + 4),
                            at(floats, from + 5),
                            at(floats, from + 6),
                            at(floats, from + 7));
            graph.grid(name, WorkGroups.grid(1, LANES));
        }
        for (int from = 0; from < ints.size(); from += PER_TASK) {
            String name = task + "Ints" + from / PER_TASK;
            graph.taskGraph()
                    .task(
                            name,
                            Residency::touchInts,
                            graph.context(),
                            at(ints, from + 0),
                            at(ints, from + 1),
                            at(ints, from + 2),
                            at(ints, from + 3),
                            at(ints, from + 4),
                            at(ints, from + 5),
                            at(ints, from + 6),
                            at(ints, from + 7));
            graph.grid(name, WorkGroups.grid(1, LANES));
        }
        for (int from = 0; from < halfs.size(); from += PER_TASK) {
            String name = task + "Halfs" + from / PER_TASK;
            graph.taskGraph()
                    .task(
                            name,
                            Residency::touchHalfs,
                            graph.context(),
                            at(halfs, from + 0),
                            at(halfs, from + 1),
                            at(halfs, from + 2),
                            at(halfs, from + 3),
                            at(halfs, from + 4),
                            at(halfs, from + 5),
                            at(halfs, from + 6),
                            at(halfs, from + 7));
            graph.grid(name, WorkGroups.grid(1, LANES));
        }
        for (int from = 0; from < bfloats.size(); from += PER_TASK) {
            String name = task + "Bfloats" + from / PER_TASK;
            graph.taskGraph()
                    .task(
                            name,
                            Residency::touchBfloats,
                            graph.context(),
                            at(bfloats, from + 0),
                            at(bfloats, from + 1),
                            at(bfloats, from + 2),
                            at(bfloats, from + 3),
                            at(bfloats, from + 4),
                            at(bfloats, from + 5),
                            at(bfloats, from + 6),
                            at(bfloats, from + 7));
            graph.grid(name, WorkGroups.grid(1, LANES));
        }
    }

    /** An array may be named twice. */
    private static <T> T at(List<T> arrays, int index) {
        return arrays.get(Math.min(index, arrays.size() - 1));
    }
}
