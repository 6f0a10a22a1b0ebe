/// # 9. Your first TornadoVM kernel, and a race
///
/// [TornadoVM](https://www.tornadovm.org) compiles Java methods for GPUs. A *kernel* is a static method that thousands of
/// *lanes* run at once; each finds out by its index which element is its own. No GPU is needed for this lesson: the module
/// `tornado-interpreter` has TornadoVM's interface, runs the kernels on the JVM, and watches what they do.

import java.util.*;
import java.util.stream.*;
import sala.samples.lesson.*;
import uk.ac.manchester.tornado.api.*;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.*;

/// ## Lanes and work groups
///
/// Lanes come in *work groups*. Lanes of one group share a small *local memory* and can wait for each other at a *barrier*.
/// `globalIdx` counts all lanes, `localIdx` those of the group, `groupIdx` the groups.

class Kernels {
    static final int LANES = 8;

    static void whoAmI(KernelContext context, IntArray group, IntArray lane) {
        group.set(context.globalIdx, context.groupIdx);
        lane.set(context.globalIdx, context.localIdx);
    }
}

/// A *task graph* says what goes to the device, what runs there and what comes back. A *grid* says how many lanes there are and
/// how many make a group. An *execution plan* runs it.

/** Runs a graph of one task on n lanes. */
void execute(TaskGraph graph, String task, int n) {
    WorkerGrid1D grid = new WorkerGrid1D(n);
    grid.setLocalWork(Kernels.LANES, 1, 1);
    try (var plan = new TornadoExecutionPlan(graph.snapshot())) {
        plan.withGridScheduler(new GridScheduler("lesson." + task, grid)).execute();
    } catch (uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException e) {
        throw new IllegalStateException(e);
    }
}
int n = 24;
IntArray group = new IntArray(n), lane = new IntArray(n);
execute(new TaskGraph("lesson")
        .transferToDevice(DataTransferMode.EVERY_EXECUTION, group, lane)
        .task("whoAmI", Kernels::whoAmI, new KernelContext(), group, lane)
        .transferToHost(DataTransferMode.EVERY_EXECUTION, group, lane), "whoAmI", n);
System.out.println("group " + IntStream.range(0, n).mapToObj(group::get).toList());
System.out.println("lane  " + IntStream.range(0, n).mapToObj(lane::get).toList());
Check.that("globalIdx = groupIdx x lanes + localIdx", IntStream.range(0, n).allMatch(i -> i == group.get(i) * Kernels.LANES + lane.get(i)));

/// ## A sum with a planted fault
///
/// Each group adds up its elements: every lane puts one into local memory, then half of the lanes add the other half's, then a
/// quarter, and so on: a *tree*. The kernel below looks right, and on many a device and many a run it is. Where is the fault?

class Faulty {
    static void sums(KernelContext context, FloatArray x, FloatArray out) {
        float[] partials = context.allocateFloatLocalArray(Kernels.LANES);
        int lane = context.localIdx;
        partials[lane] = x.get(context.globalIdx);
        for (int stride = Kernels.LANES / 2; stride > 0; stride = stride / 2) {
            if (lane < stride) {
                partials[lane] += partials[lane + stride];
            }
        }
        if (lane == 0) {
            out.set(context.groupIdx, partials[0]);
        }
    }
}
int elements = 64;
int groups = elements / Kernels.LANES;
FloatArray x = new FloatArray(elements), sums = new FloatArray(groups);
for (int i = 0; i < elements; i++) {
    x.set(i, i + 1);
}
String complaint = "none";
try {
    execute(new TaskGraph("lesson")
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, x)
            .task("sums", Faulty::sums, new KernelContext(), x, sums)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, sums), "sums", elements);
} catch (RuntimeException e) {
    complaint = e.getMessage();
}
System.out.println(complaint);
Check.that("the interpreter saw the race: it names two lanes and the barrier that is missing",
        complaint.contains("partials") || complaint.contains("localBarrier"));

/// Lanes run at the same time, in no order. Without a barrier a lane may read its neighbour's element before the neighbour has
/// written it. A GPU runs 32 lanes in step, so groups of up to 32 often come out right by luck, until they do not. The
/// interpreter does not wait for bad luck: it remembers who touched what since the last barrier.

/// ## The right kernel
///
/// A barrier before every round. All lanes must reach it, also those that have nothing to add: it stands outside of the `if`.

class Right {
    static void sums(KernelContext context, FloatArray x, FloatArray out) {
        float[] partials = context.allocateFloatLocalArray(Kernels.LANES);
        int lane = context.localIdx;
        partials[lane] = x.get(context.globalIdx);
        for (int stride = Kernels.LANES / 2; stride > 0; stride = stride / 2) {
            context.localBarrier();
            if (lane < stride) {
                partials[lane] += partials[lane + stride];
            }
        }
        if (lane == 0) {
            out.set(context.groupIdx, partials[0]);
        }
    }
}
execute(new TaskGraph("lesson")
        .transferToDevice(DataTransferMode.EVERY_EXECUTION, x)
        .task("sums", Right::sums, new KernelContext(), x, sums)
        .transferToHost(DataTransferMode.EVERY_EXECUTION, sums), "sums", elements);
double[] found = IntStream.range(0, groups).mapToDouble(sums::get).toArray();
double[] expected = IntStream.range(0, groups).mapToDouble(g -> IntStream.range(0, Kernels.LANES).mapToDouble(i -> g * Kernels.LANES + i + 1).sum()).toArray();
System.out.println(Arrays.toString(found));
Check.close("every group's sum", expected, found, 0);

/// Why is lane 0 allowed to read `partials[0]` without a barrier behind the loop? Because it wrote it itself.
///
/// ## The tree as a picture
///
/// The rounds of one group, top to bottom; dark is a larger partial sum. After three rounds lane 0 has everything.

double[][] rounds = new double[4][Kernels.LANES];
for (int i = 0; i < Kernels.LANES; i++) {
    rounds[0][i] = i + 1;
}
for (int round = 1, stride = Kernels.LANES / 2; stride > 0; round++, stride /= 2) {
    rounds[round] = rounds[round - 1].clone();
    for (int i = 0; i < stride; i++) {
        rounds[round][i] += rounds[round - 1][i + stride];
    }
}
Check.that("lane 0 has the sum of the first group", rounds[3][0] == found[0]);
Plots.heatMap("Partial sums of a work group", "lane", "round", rounds)

/// **Question.** What happens if the barrier stands inside of the `if`? Predict it, then read the message.

class Stuck {
    static void sums(KernelContext context, FloatArray x, FloatArray out) {
        float[] partials = context.allocateFloatLocalArray(Kernels.LANES);
        int lane = context.localIdx;
        partials[lane] = x.get(context.globalIdx);
        for (int stride = Kernels.LANES / 2; stride > 0; stride = stride / 2) {
            if (lane < stride) {
                context.localBarrier();
                partials[lane] += partials[lane + stride];
            }
        }
        if (lane == 0) {
            out.set(context.groupIdx, partials[0]);
        }
    }
}
String stuck = "none";
try {
    execute(new TaskGraph("lesson")
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, x)
            .task("sums", Stuck::sums, new KernelContext(), x, sums)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, sums), "sums", elements);
} catch (RuntimeException e) {
    stuck = e.getMessage();
}
System.out.println(stuck);
Check.that("not all lanes reach the barrier; a GPU would hang or compute nonsense", stuck.contains("barrier") || stuck.contains("Barrier"));

/// **Try.** Read past the end of `x` (`context.globalIdx + 1`), or leave `transferToHost` out. Then look at the project's own
/// kernels, such as `sala.kernels.norm.RmsNormF32`: the same tree, 256 lanes wide.
