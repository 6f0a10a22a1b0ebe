/// # 10. The same kernel on a real device
///
/// The kernels of this project are compiled once. Their class files run on the interpreter of the last lesson, or, unchanged, on
/// TornadoVM, which turns their bytecode into OpenCL C, PTX or CUDA C++ for the device it finds. This lesson runs one kernel on
/// whatever is there and looks at generated code.
///
/// With a TornadoVM SDK 5.2.0 for JDK 25: `TORNADOVM_HOME=... ./sala jshell samples/notebooks/10-real-device.jsh`. Without one it
/// says so, runs on the interpreter, and shows code that was generated before.

import java.util.*;
import java.util.stream.*;
import sala.kernels.reference.RmsNorm;
import sala.samples.lesson.*;
import uk.ac.manchester.tornado.api.*;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.*;

/// ## The kernel
///
/// RMS norm, which stands before every mixer and MLP: divide a row by the root of the mean of its squares, multiply by a weight.
/// A work group a row; the sum of squares is the tree of lesson 9.

class Norm {
    static final int LANES = 64;

    static void rmsNorm(KernelContext context, FloatArray x, FloatArray weight, FloatArray out, int width, float eps) {
        float[] partials = context.allocateFloatLocalArray(LANES);
        int lane = context.localIdx;
        int row = context.groupIdx * width;
        float squares = 0f;
        for (int i = lane; i < width; i += LANES) {
            float value = x.get(row + i);
            squares += value * value;
        }
        partials[lane] = squares;
        for (int stride = LANES / 2; stride > 0; stride = stride / 2) {
            context.localBarrier();
            if (lane < stride) {
                partials[lane] += partials[lane + stride];
            }
        }
        context.localBarrier();
        float inverseRms = 1f / TornadoMath.sqrt(partials[0] / width + eps);
        for (int i = lane; i < width; i += LANES) {
            out.set(row + i, x.get(row + i) * inverseRms * weight.get(i));
        }
    }
}

/// ## Which device

//%% varies
var device = TornadoExecutionPlan.DEFAULT_DEVICE;
System.out.println("device: " + device.getDeviceName());
boolean interpreted = device.getDeviceName().contains("interpreter");
if (interpreted) {
    System.out.println("no TornadoVM here: the kernel runs on the interpreter. Set TORNADOVM_HOME to run it on a device.");
}

/// ## Run it

int rows = 4, width = 192;
var random = new Random(42);
FloatArray x = new FloatArray(rows * width), weight = new FloatArray(width), out = new FloatArray(rows * width);
for (int i = 0; i < x.getSize(); i++) {
    x.set(i, (float) random.nextGaussian());
}
for (int i = 0; i < width; i++) {
    weight.set(i, 1 + 0.1f * (float) random.nextGaussian());
}
float eps = 1e-6f;
WorkerGrid1D grid = new WorkerGrid1D(rows * Norm.LANES);
grid.setLocalWork(Norm.LANES, 1, 1);
var graph = new TaskGraph("lesson")
        .transferToDevice(DataTransferMode.EVERY_EXECUTION, x, weight)
        .task("rmsNorm", Norm::rmsNorm, new KernelContext(), x, weight, out, width, eps)
        .transferToHost(DataTransferMode.EVERY_EXECUTION, out);

//%% varies
try (var plan = new TornadoExecutionPlan(graph.snapshot())) {
    plan.withGridScheduler(new GridScheduler("lesson.rmsNorm", grid));
    if (!interpreted) {
        plan.withPrintKernel(); // the code that TornadoVM generates, on standard output
    }
    plan.execute();
}

/// Right on every device means: the same as the reference in double precision, up to the rounding of floats.

double[] doubles(FloatArray array) {
    return IntStream.range(0, array.getSize()).mapToDouble(array::get).toArray();
}
Check.close("the device's result is the reference's", RmsNorm.normalize(doubles(x), doubles(weight), eps), doubles(out), 1e-5);
Plots.lines("Row 0 behind the norm", "channel", "value", IntStream.range(0, width).asDoubleStream().toArray(),
        Map.of("device", Arrays.copyOf(doubles(out), width), "reference", Arrays.copyOf(RmsNorm.normalize(doubles(x), doubles(weight), eps), width)))

/// ## What TornadoVM makes of it
///
/// This is OpenCL C that TornadoVM 5.2.0 generated from the class above, for a processor through PoCL. Find the three loops, the
/// barrier and the local array. Array accesses became address arithmetic: 24 bytes of header come before the elements.

String openCl = Stored.text("rms-norm.cl");
System.out.println(openCl);
Check.that("one local array of 64 floats", openCl.contains("__local") && openCl.contains("64"));
Check.that("a barrier of local memory", openCl.contains("barrier(CLK_LOCAL_MEM_FENCE)"));

/// **Question.** How many barriers stand in the text, and how often does a lane pass one? (Once a round of the tree, of which there
/// are log2(64), and once behind it, unless the compiler unrolled the loop.)

long barriers = openCl.split("barrier\\(", -1).length - 1;
System.out.println(barriers + " in the text");
Check.equal("rounds of a tree over 64 lanes", 6, Integer.numberOfTrailingZeros(Norm.LANES));

/// **Try.** On a device: `int rows = 4096`, and time `plan.execute()` after a first call, which compiles. `docs/kernels-notebook.md`
/// has what was measured of the project's kernels on an H100.
