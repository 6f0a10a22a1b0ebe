package sala.jmh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import sala.kernels.KernelGraph;
import sala.kernels.sampling.LogitAdjustment;
import sala.kernels.storage.StorageType;
import sala.model.tornado.TornadoOptions;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * Speed of the kernels on TornadoVM's default device, at the shapes of the 9B model, each beside the limit that is
 * measured in the same run: a device copy for kernels that the memory bounds, and for matrix products the figure given as
 * {@code --matrix-peak} (what the vendor's library reaches on the same machine).
 *
 * <p>On PTX and CUDA graphs are recorded and replayed, and a launch takes the difference between a graph with twice the
 * launches and one with once, over the launches: what a graph costs by itself drops out. The two graphs run in turn,
 * since the host gets faster while it warms up. OpenCL cannot record: the host
 * enqueues every launch anew, which takes longer than a small kernel runs, so there the device's own kernel times are
 * taken; they hold some microseconds of the launch. {@code --device-clock} takes them on every backend, to compare backends. A
 * result is checked against double precision before its speed is printed; a row that fails is named, and the
 * exit status is 1.
 *
 * <p>HOW TO RUN, on an installed TornadoVM SDK, after {@code mvn -Ptornadovm package}:
 *
 * <pre>
 *   java &#64;$TORNADOVM_HOME/tornado-argfile -Dtornado.device.memory=20GB -Dtornado.max.events=1024 \
 *       -Dtornado.tvm.maxbytecodesize=65536 \
 *       -cp jmh/target/benchmarks.jar sala.jmh.KernelSpeed [--matrix-peak TFLOPS] [--device-clock] [REGEX]
 * </pre>
 *
 * <p>Without the third option graphs of more than some 30 tasks fail with a buffer overflow.
 */
public final class KernelSpeed {
    private static final int RUNS = 40;

    private KernelSpeed() {}

    /** Prints the table. */
    public static void main(String[] args) throws TornadoExecutionPlanException {
        double matrixPeak = 0;
        boolean deviceClock = false;
        String names = ".*";
        for (int i = 0; i < args.length; i++) {
            if ("--matrix-peak".equals(args[i]) && i + 1 < args.length) {
                matrixPeak = Double.parseDouble(args[++i]) * 1e12;
            } else if ("--device-clock".equals(args[i])) {
                deviceClock = true;
            } else {
                names = args[i];
            }
        }
        TornadoDevice device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
        TornadoVMBackendType backend = device.getTornadoVMBackend();
        System.out.printf("%s, %s, backend %s%n", device.getDeviceName().strip(), device.getPlatformName(), backend);
        System.out.printf(
                "%-28s %-22s %12s %8s %14s %8s %9s%n",
                "kernel", "shape", "median us", "spread", "rate", "share", "error");
        Time copy = measure(DeviceCopy.YARDSTICK, backend, deviceClock);
        double bandwidth = DeviceCopy.YARDSTICK.bytes() / copy.medianSeconds();
        print(DeviceCopy.YARDSTICK, copy, bandwidth, matrixPeak);
        int failures = 0;
        for (KernelSpeedRow row : rows()) {
            if (!row.name().matches(names) || !row.runsOn(backend)) {
                continue;
            }
            try {
                print(row, measure(row, backend, deviceClock), bandwidth, matrixPeak);
            } catch (RuntimeException e) {
                failures++;
                System.out.printf("%-28s %-22s failed: %s%n", row.name(), row.shape(), e);
            }
        }
        if (failures > 0) {
            System.exit(1);
        }
    }

    /** All rows; a kernel joins the table here. */
    private static List<KernelSpeedRow> rows() {
        List<KernelSpeedRow> rows = new ArrayList<>();
        HeadLayout released = HeadLayout.of(HeadLayout.RELEASED);
        int[][] projections = {{4096, 4096}, {256, 4096}, {16_384, 4096}, {4096, 16_384}, {73_448, 4096}};
        for (StorageType type : List.of(StorageType.PACKED_BF16, StorageType.F16, StorageType.F32)) {
            for (int[] shape : projections) {
                rows.add(MatVecSpeed.plain(type, shape[0], shape[1]));
            }
        }
        for (StorageType type : List.of(StorageType.PACKED_BF16, StorageType.F16)) {
            rows.add(new MatVecSpeed(MatVecSpeed.Form.QKV, type, 4096, 4096, 4096));
            rows.add(new MatVecSpeed(MatVecSpeed.Form.QKV, type, 4096, 256, 4096));
            rows.add(new MatVecSpeed(MatVecSpeed.Form.QKV_GATE, type, 4096, 4096, 4096));
            rows.add(new MatVecSpeed(MatVecSpeed.Form.QKV_GATE, type, 4096, 256, 4096));
            rows.add(new MatVecSpeed(MatVecSpeed.Form.RESIDUAL, type, 4096, 0, 4096));
            rows.add(new MatVecSpeed(MatVecSpeed.Form.SWIGLU, type, 16_384, 0, 4096));
            rows.add(new MatVecSpeed(MatVecSpeed.Form.RESIDUAL, type, 4096, 0, 16_384));
        }
        for (TensorMatMulSpeed.Form form : TensorMatMulSpeed.Form.values()) {
            rows.add(new TensorMatMulSpeed(form, 4096, 4096, 4096));
            rows.add(new TensorMatMulSpeed(form, 4096, 16_384, 4096));
            rows.add(new TensorMatMulSpeed(form, 4096, 4096, 16_384));
        }
        rows.add(new DeviceCopy(1 << 10, 1)); // what a launch takes that moves next to nothing
        rows.add(new DeviceCopy(1 << 18, 40)); // as many bytes as a lightning step
        rows.add(new DeviceCopy(3 << 17, 40)); // as many as block-sparse attention of a token
        rows.add(new LightningStepSpeed(released, 24));
        rows.add(new LightningStepSpeed(released, 40));
        AttentionInputs token = new AttentionInputs(released, 262_144, 1);
        AttentionInputs chunk = new AttentionInputs(released, 65_536, 1024);
        rows.add(new AttentionSpeed(token, true, false, StorageType.F16, 32));
        rows.add(new AttentionSpeed(token, true, false, StorageType.F16, 64));
        rows.add(new AttentionSpeed(token, false, false, StorageType.F16, 64));
        rows.add(new AttentionSpeed(new AttentionInputs(released, 4096, 1), false, false, StorageType.F16, 64));
        HeadLayout dense8b = HeadLayout.of(HeadLayout.DENSE_8B);
        for (int contextLength : new int[] {4096, 262_144}) {
            rows.add(new AttentionSpeed(
                    new AttentionInputs(dense8b, contextLength, 1), false, false, StorageType.F16, 64));
        }
        for (int splits : new int[] {48, 96}) {
            rows.add(new TensorDecodeAttentionSpeed(token, true, splits));
        }
        for (int contextLength : new int[] {4096, 65_536, 262_144}) {
            rows.add(TensorDecodeAttentionSpeed.ofModel(new AttentionInputs(released, contextLength, 1), false));
        }
        for (int contextLength : new int[] {4096, 262_144}) {
            rows.add(TensorDecodeAttentionSpeed.ofModel(new AttentionInputs(dense8b, contextLength, 1), false));
        }
        for (int splits : new int[] {48, 96, 132}) {
            rows.add(new SplitCombineSpeed(released, splits));
        }
        for (int contextLength : new int[] {262_144, 1_048_576}) {
            rows.add(new SelectionSpeed(
                    released, StorageType.F16, false, contextLength, 1, 64, TornadoOptions.WORK_GROUPS));
        }
        for (int contextLength : new int[] {4096, 65_536, 262_144, 1_048_576}) {
            rows.add(new SelectionSpeed(
                    released, StorageType.F16, true, contextLength, 1, 64, TornadoOptions.WORK_GROUPS));
        }
        rows.add(new AttentionSpeed(chunk, true, false, StorageType.F16, 1));
        rows.add(new AttentionSpeed(chunk, true, true, StorageType.F16, 1));
        rows.add(new AttentionSpeed(chunk, false, false, StorageType.F16, 1));
        for (boolean tensorCores : new boolean[] {false, true}) {
            rows.add(new SelectionSpeed(
                    released, StorageType.F16, tensorCores, 65_536, 1024, 64, TornadoOptions.WORK_GROUPS));
        }
        for (HeadLayout heads : List.of(released, dense8b)) {
            // The portable kernel at 256K tokens would take minutes, and is no other than at 64K.
            rows.add(new AttentionSpeed(new AttentionInputs(heads, 4096, 2048), false, false, StorageType.F16, 1));
            rows.add(new AttentionSpeed(new AttentionInputs(heads, 6144, 2048), false, false, StorageType.F16, 1));
            rows.add(new TensorDenseAttentionSpeed(new AttentionInputs(heads, 6144, 2048)));
            for (int contextLength : List.of(4096, 65_536, 262_144)) {
                rows.add(new TensorDenseAttentionSpeed(new AttentionInputs(heads, contextLength, 1024)));
                rows.add(new TensorDenseAttentionSpeed(new AttentionInputs(heads, contextLength, 2048)));
            }
        }
        rows.add(new LightningPrefillSpeed(released, 2048, 64));
        rows.add(new LightningPrefillSpeed(released, 2048, 128));
        for (NormSpeed.Form form : NormSpeed.Form.values()) {
            rows.add(new NormSpeed(form, 1, 4096));
            rows.add(new NormSpeed(form, 2048, 4096));
        }
        rows.add(SamplingSpeed.argmax());
        rows.add(new SamplingSpeed(1, 0.9));
        rows.add(new SamplingSpeed(40, 0.9));
        rows.add(new SamplingSpeed(1000, 0.9));
        rows.add(new SamplingSpeed(0, 0.9));
        rows.add(new SamplingSpeed(0, 1));
        rows.add(new LogitAdjustmentSpeed(0));
        rows.add(new LogitAdjustmentSpeed(64));
        rows.add(new LogitAdjustmentSpeed(LogitAdjustment.MAX_CHANGES));
        return rows;
    }

    /**
     * Time of a launch.
     *
     * @param medianSeconds median
     * @param spread tenth to ninetieth percentile of the runs, as a share of their median
     * @param error of the checked result
     */
    private record Time(double medianSeconds, double spread, double error) {}

    private static Time measure(KernelSpeedRow row, TornadoVMBackendType backend, boolean deviceClock)
            throws TornadoExecutionPlanException {
        KernelSpeedRow.Work work = row.allocate();
        boolean shuffles = DeviceGraphs.hasShuffles(backend);
        double error = DeviceGraphs.check(work, shuffles).error();
        return shuffles && !deviceClock
                ? timeRecorded(work, error)
                : time(DeviceGraphs.kernelSeconds(work, RUNS), error);
    }

    /** By the host's clock, around recorded graphs. */
    private static Time timeRecorded(KernelSpeedRow.Work work, double error) throws TornadoExecutionPlanException {
        KernelGraph single = DeviceGraphs.graph(work, "single", work.launches(), true);
        KernelGraph twofold = DeviceGraphs.graph(work, "twofold", 2 * work.launches(), true);
        single.taskGraph().persistOnDevice(work.output());
        twofold.taskGraph().persistOnDevice(work.output());
        double[] differences = new double[RUNS];
        try (TornadoExecutionPlan once = DeviceGraphs.plan(single).withCUDAGraph();
                TornadoExecutionPlan twice = DeviceGraphs.plan(twofold).withCUDAGraph()) {
            long start = System.nanoTime();
            while (System.nanoTime() - start < DeviceGraphs.WARM_UP_NANOS) {
                once.execute();
                twice.execute();
            }
            for (int i = 0; i < RUNS; i++) {
                double onceSeconds = seconds(once);
                differences[i] = (seconds(twice) - onceSeconds) / work.launches();
            }
        }
        return time(differences, error);
    }

    private static double seconds(TornadoExecutionPlan plan) {
        long start = System.nanoTime();
        plan.execute();
        return (System.nanoTime() - start) * 1e-9;
    }

    private static Time time(double[] seconds, double error) {
        Arrays.sort(seconds);
        return new Time(percentile(seconds, 0.5), spread(seconds), error);
    }

    private static double spread(double[] ascending) {
        return (percentile(ascending, 0.9) - percentile(ascending, 0.1)) / percentile(ascending, 0.5);
    }

    private static double percentile(double[] ascending, double share) {
        return ascending[(int) Math.round(share * (ascending.length - 1))];
    }

    private static void print(KernelSpeedRow row, Time time, double bandwidth, double matrixPeak) {
        double seconds = time.medianSeconds();
        boolean memoryBound = row.bytes() > 0;
        double rate = memoryBound ? row.bytes() / seconds : row.flops() / seconds;
        double limit = memoryBound ? bandwidth : matrixPeak;
        System.out.printf(
                Locale.ROOT,
                "%-28s %-22s %12.1f %7.0f%% %14s %8s %9.1e%n",
                row.name(),
                row.shape(),
                seconds * 1e6,
                time.spread() * 100,
                memoryBound
                        ? String.format(Locale.ROOT, "%.0f GB/s", rate * 1e-9)
                        : String.format(Locale.ROOT, "%.1f TFLOP/s", rate * 1e-12),
                limit > 0 ? String.format(Locale.ROOT, "%.0f%%", 100 * rate / limit) : "-",
                time.error());
    }
}
