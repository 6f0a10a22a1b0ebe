/// # 10. The same kernel on a real device
///
/// The kernels of this project are compiled once. Their class files run on the interpreter of the last lesson, or, unchanged, on
/// TornadoVM, which turns their bytecode into OpenCL C, PTX or CUDA C++ for the device it finds. This lesson runs the sum of the
/// last lesson on whatever is there and reads the code that was generated for it.
///
/// With a TornadoVM SDK 5.2.0 for JDK 25: `TORNADOVM_HOME=... ./sala jshell samples/notebooks/10-real-device.jsh`. Without one it
/// says so, runs on the interpreter, and shows code that was generated before.

import java.util.*;
import java.util.stream.*;
import sala.samples.lesson.*;
import uk.ac.manchester.tornado.api.*;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.*;

/// ## The kernel
///
/// TornadoVM reads a kernel's class file from the class path, where what is typed into JShell is not. So the kernel of lesson 9 is
/// there once more, compiled, with 64 lanes: `sala.samples.lesson.GroupSums`.
///
/// ```java
/// public static void compute(KernelContext context, FloatArray x, FloatArray out) {
///     float[] partials = context.allocateFloatLocalArray(LANES);
///     int lane = context.localIdx;
///     partials[lane] = x.get(context.globalIdx);
///     for (int stride = LANES / 2; stride > 0; stride = stride / 2) {
///         context.localBarrier();
///         if (lane < stride) {
///             partials[lane] += partials[lane + stride];
///         }
///     }
///     if (lane == 0) {
///         out.set(context.groupIdx, partials[0]);
///     }
/// }
/// ```
///
/// ## Which device

//%% varies
var device = TornadoExecutionPlan.DEFAULT_DEVICE;
System.out.println("device: " + device.getDescription());
boolean interpreted = device.getDeviceName().contains("interpreter");
if (interpreted) {
    System.out.println("no TornadoVM here: the kernel runs on the interpreter. Set TORNADOVM_HOME to run it on a device.");
}

/// ## Run it

int groups = 8;
FloatArray x = new FloatArray(groups * GroupSums.LANES), sums = new FloatArray(groups);
for (int i = 0; i < x.getSize(); i++) {
    x.set(i, (float) Math.sin(i * 0.05));
}
WorkerGrid1D grid = new WorkerGrid1D(x.getSize());
grid.setLocalWork(GroupSums.LANES, 1, 1);
var graph = new TaskGraph("lesson")
        .transferToDevice(DataTransferMode.EVERY_EXECUTION, x)
        .task("sums", GroupSums::compute, new KernelContext(), x, sums)
        .transferToHost(DataTransferMode.EVERY_EXECUTION, sums);

//%% varies
try (var plan = new TornadoExecutionPlan(graph.snapshot())) {
    plan.withGridScheduler(new GridScheduler("lesson.sums", grid));
    if (!interpreted) {
        plan.withPrintKernel(); // the code that TornadoVM generates, on standard output
    }
    plan.execute();
}

/// Right on every device means: the sum in double precision, up to the rounding of floats.

double[] found = IntStream.range(0, groups).mapToDouble(sums::get).toArray();
double[] expected = IntStream.range(0, groups)
        .mapToDouble(g -> IntStream.range(g * GroupSums.LANES, (g + 1) * GroupSums.LANES).mapToDouble(x::get).sum()).toArray();
Check.close("the device's sums", expected, found, 1e-5);
Plots.bars("Sums of 64 elements of a sine", "work group", "sum", IntStream.range(0, groups).mapToObj(String::valueOf).toList(),
        new TreeMap<>(Map.of("device", found, "expected", expected)))

/// ## What TornadoVM makes of it
///
/// This is OpenCL C that TornadoVM 5.2.0 generated from the class file, for a processor through PoCL. The local array, the lane's
/// index, the barrier and the comparison are easy to find again. Array accesses became address arithmetic: `(i + 4) << 2` is 4 bytes for each
/// float, behind a header of 16. The `else` branches are empty; nothing of Java's checks of indices is left, which is why the
/// interpreter's are worth having.

String openCl = Stored.text("group-sums.cl");
System.out.println(openCl);

/// **Question.** How many barriers stand in the text, and how often does a lane pass one? The Java loop has one barrier and
/// log2(64) = 6 rounds.

Check.equal("one barrier in the text", 1, openCl.split("barrier\\(", -1).length - 1);
int passed = 0;
for (int stride = GroupSums.LANES / 2; stride >= 1; stride >>= 1) { // the loop of the text: i_10 >= 1, i_10 >> 1
    passed++;
}
Check.equal("passed once a round", 6, passed);
Check.that("the local array has its 64 floats", openCl.contains("__local float") && openCl.contains("[64]"));

/// **Try.** On a device: `int groups = 100_000`, and time `plan.execute()` after a first call, which compiles. The project's
/// `docs/kernels-notebook.md` has what was measured of its kernels on an H100. Then run the last lesson's faulty kernel there (put it
/// into a class beside `GroupSums` first), and see whether it is lucky.
