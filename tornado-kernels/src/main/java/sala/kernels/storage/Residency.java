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
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * Makes arrays part of a graph that computes nothing with them: TornadoVM gives device memory only to what a task of the
 * graph names. Nothing is read or written.
 *
 * <p>Launch: one work group a task. A task names {@value #MANY} arrays of one type, or one; never an array twice, which
 * TornadoVM's scheduler would wait on for ever.
 */
public final class Residency {
    private static final int LANES = 32;
    private static final int MANY = 8;

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

    /** The same for one array. */
    public static void touchFloat(KernelContext context, FloatArray a0) {
        int index = context.globalIdx;
        if (index < 0) {
            a0.set(0, a0.get(0));
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

    /** The same for one array. */
    public static void touchInt(KernelContext context, IntArray a0) {
        int index = context.globalIdx;
        if (index < 0) {
            a0.set(0, a0.get(0));
        }
    }

    /** {@link #touchFloats} of another type. */
    public static void touchLongs(
            KernelContext context,
            LongArray a0,
            LongArray a1,
            LongArray a2,
            LongArray a3,
            LongArray a4,
            LongArray a5,
            LongArray a6,
            LongArray a7) {
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

    /** The same for one array. */
    public static void touchLong(KernelContext context, LongArray a0) {
        int index = context.globalIdx;
        if (index < 0) {
            a0.set(0, a0.get(0));
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

    /** The same for one array. */
    public static void touchHalf(KernelContext context, HalfFloatArray a0) {
        int index = context.globalIdx;
        if (index < 0) {
            a0.set(0, a0.get(0));
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

    /** The same for one array. */
    public static void touchBfloat(KernelContext context, BFloat16Array a0) {
        int index = context.globalIdx;
        if (index < 0) {
            a0.setFloat(0, a0.getFloat(0));
        }
    }

    /**
     * Adds as many tasks as the arrays need, named {@code task}, their type and a number.
     *
     * @param arrays of the types above, none of them empty and none twice
     * @throws IllegalArgumentException if an array is of another type
     */
    public static void addTo(KernelGraph graph, String task, List<?> arrays) {
        List<FloatArray> floats = new ArrayList<>();
        List<IntArray> ints = new ArrayList<>();
        List<LongArray> longs = new ArrayList<>();
        List<HalfFloatArray> halfs = new ArrayList<>();
        List<BFloat16Array> bfloats = new ArrayList<>();
        for (Object array : arrays) {
            switch (array) {
                case FloatArray values -> floats.add(values);
                case IntArray values -> ints.add(values);
                case LongArray values -> longs.add(values);
                case HalfFloatArray values -> halfs.add(values);
                case BFloat16Array values -> bfloats.add(values);
                default -> throw new IllegalArgumentException("arrays: no type of stored arrays: " + array.getClass());
            }
        }
        addFloats(graph, task + "Floats", floats);
        addInts(graph, task + "Ints", ints);
        addLongs(graph, task + "Longs", longs);
        addHalfs(graph, task + "Halfs", halfs);
        addBfloats(graph, task + "Bfloats", bfloats);
    }

    private static void addFloats(KernelGraph graph, String task, List<FloatArray> a) {
        int from = 0;
        while (a.size() - from >= MANY) {
            String name = task + from;
            graph.taskGraph()
                    .task(
                            name,
                            Residency::touchFloats,
                            graph.context(),
                            a.get(from),
                            a.get(from + 1),
                            a.get(from + 2),
                            a.get(from + 3),
                            a.get(from + 4),
                            a.get(from + 5),
                            a.get(from + 6),
                            a.get(from + 7));
            graph.grid(name, WorkGroups.grid(1, LANES));
            from += MANY;
        }
        for (; from < a.size(); from++) {
            String name = task + from;
            graph.taskGraph().task(name, Residency::touchFloat, graph.context(), a.get(from));
            graph.grid(name, WorkGroups.grid(1, LANES));
        }
    }

    private static void addInts(KernelGraph graph, String task, List<IntArray> a) {
        int from = 0;
        while (a.size() - from >= MANY) {
            String name = task + from;
            graph.taskGraph()
                    .task(
                            name,
                            Residency::touchInts,
                            graph.context(),
                            a.get(from),
                            a.get(from + 1),
                            a.get(from + 2),
                            a.get(from + 3),
                            a.get(from + 4),
                            a.get(from + 5),
                            a.get(from + 6),
                            a.get(from + 7));
            graph.grid(name, WorkGroups.grid(1, LANES));
            from += MANY;
        }
        for (; from < a.size(); from++) {
            String name = task + from;
            graph.taskGraph().task(name, Residency::touchInt, graph.context(), a.get(from));
            graph.grid(name, WorkGroups.grid(1, LANES));
        }
    }

    private static void addLongs(KernelGraph graph, String task, List<LongArray> a) {
        int from = 0;
        while (a.size() - from >= MANY) {
            String name = task + from;
            graph.taskGraph()
                    .task(
                            name,
                            Residency::touchLongs,
                            graph.context(),
                            a.get(from),
                            a.get(from + 1),
                            a.get(from + 2),
                            a.get(from + 3),
                            a.get(from + 4),
                            a.get(from + 5),
                            a.get(from + 6),
                            a.get(from + 7));
            graph.grid(name, WorkGroups.grid(1, LANES));
            from += MANY;
        }
        for (; from < a.size(); from++) {
            String name = task + from;
            graph.taskGraph().task(name, Residency::touchLong, graph.context(), a.get(from));
            graph.grid(name, WorkGroups.grid(1, LANES));
        }
    }

    private static void addHalfs(KernelGraph graph, String task, List<HalfFloatArray> a) {
        int from = 0;
        while (a.size() - from >= MANY) {
            String name = task + from;
            graph.taskGraph()
                    .task(
                            name,
                            Residency::touchHalfs,
                            graph.context(),
                            a.get(from),
                            a.get(from + 1),
                            a.get(from + 2),
                            a.get(from + 3),
                            a.get(from + 4),
                            a.get(from + 5),
                            a.get(from + 6),
                            a.get(from + 7));
            graph.grid(name, WorkGroups.grid(1, LANES));
            from += MANY;
        }
        for (; from < a.size(); from++) {
            String name = task + from;
            graph.taskGraph().task(name, Residency::touchHalf, graph.context(), a.get(from));
            graph.grid(name, WorkGroups.grid(1, LANES));
        }
    }

    private static void addBfloats(KernelGraph graph, String task, List<BFloat16Array> a) {
        int from = 0;
        while (a.size() - from >= MANY) {
            String name = task + from;
            graph.taskGraph()
                    .task(
                            name,
                            Residency::touchBfloats,
                            graph.context(),
                            a.get(from),
                            a.get(from + 1),
                            a.get(from + 2),
                            a.get(from + 3),
                            a.get(from + 4),
                            a.get(from + 5),
                            a.get(from + 6),
                            a.get(from + 7));
            graph.grid(name, WorkGroups.grid(1, LANES));
            from += MANY;
        }
        for (; from < a.size(); from++) {
            String name = task + from;
            graph.taskGraph().task(name, Residency::touchBfloat, graph.context(), a.get(from));
            graph.grid(name, WorkGroups.grid(1, LANES));
        }
    }
}
