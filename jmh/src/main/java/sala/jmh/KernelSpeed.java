package sala.jmh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import sala.kernels.KernelGraph;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * Speed of the kernels on TornadoVM's default device, at the shapes of the 9B model, each beside the limit that is
 * measured in the same run: a device copy for kernels that the memory bounds, and for matrix products the figure given as
 * {@code --matrix-peak} (what the vendor's library reaches on the same machine).
 *
 * <p>On PTX and CUDA graphs are recorded and replayed, and a launch takes the difference between a graph with twice the
 * launches and one with once, over the launches: what a graph costs by itself drops out. OpenCL cannot record: the host
 * enqueues every launch anew, which takes longer than a small kernel runs, so there the device's own kernel times are
 * taken. A result is checked against double precision before its speed is printed; a row that fails is named, and the
 * exit status is 1.
 *
 * <p>HOW TO RUN, on an installed TornadoVM SDK, after {@code mvn -Ptornadovm package}:
 *
 * <pre>
 *   java &#64;$TORNADOVM_HOME/tornado-argfile -Dtornado.device.memory=20GB -Dtornado.max.events=1024 \
 *       -Dtornado.tvm.maxbytecodesize=65536 \
 *       -cp jmh/target/benchmarks.jar sala.jmh.KernelSpeed [--matrix-peak TFLOPS] [REGEX of names]
 * </pre>
 */
public final class KernelSpeed {
    /** Long enough for the clocks of an idle card to rise. */
    private static final long WARM_UP_NANOS = 150_000_000;

    private static final int RUNS = 40;

    private KernelSpeed() {}

    /** Prints the table. */
    public static void main(String[] args) throws TornadoExecutionPlanException {
        double matrixPeak = 0;
        String names = ".*";
        for (int i = 0; i < args.length; i++) {
            if ("--matrix-peak".equals(args[i]) && i + 1 < args.length) {
                matrixPeak = Double.parseDouble(args[++i]) * 1e12;
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
        Time copy = measure(new DeviceCopy(1 << 25), backend);
        double bandwidth = new DeviceCopy(1 << 25).bytes() / copy.medianSeconds();
        print(new DeviceCopy(1 << 25), copy, bandwidth, matrixPeak);
        int failures = 0;
        for (KernelSpeedRow row : rows()) {
            if (!row.name().matches(names) || !row.runsOn(backend)) {
                continue;
            }
            try {
                print(row, measure(row, backend), bandwidth, matrixPeak);
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
        int[][] projections = {{4096, 4096}, {256, 4096}, {16_384, 4096}, {4096, 16_384}, {73_448, 4096}};
        for (StorageType type : List.of(StorageType.PACKED_BF16, StorageType.F16, StorageType.F32)) {
            for (int[] shape : projections) {
                rows.add(new MatVecSpeed(type, shape[0], shape[1]));
            }
        }
        for (TensorMatMulSpeed.Form form : TensorMatMulSpeed.Form.values()) {
            rows.add(new TensorMatMulSpeed(form, 4096, 4096, 4096));
            rows.add(new TensorMatMulSpeed(form, 4096, 16_384, 4096));
            rows.add(new TensorMatMulSpeed(form, 4096, 4096, 16_384));
        }
        rows.add(new LightningStepSpeed(24));
        rows.add(new LightningStepSpeed(40));
        rows.add(new SparseDecodeSpeed(262_144, 32));
        rows.add(new SparseDecodeSpeed(262_144, 64));
        rows.add(new DecodeSelectionSpeed(262_144, 64));
        rows.add(new LightningPrefillSpeed(2048, 64));
        rows.add(new LightningPrefillSpeed(2048, 128));
        rows.add(new RmsNormSpeed(1));
        rows.add(new RmsNormSpeed(2048));
        rows.add(new SamplingSpeed(0));
        rows.add(new SamplingSpeed(40));
        rows.add(new SamplingSpeed(1000));
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

    private static Time measure(KernelSpeedRow row, TornadoVMBackendType backend) throws TornadoExecutionPlanException {
        KernelSpeedRow.Work work = row.allocate();
        boolean shuffles = backend == TornadoVMBackendType.PTX || backend == TornadoVMBackendType.CUDA;
        runs(work, "check", 1, shuffles, 1, Clock.CHECK);
        double error = work.error();
        if (!(error <= work.tolerance())) {
            throw new IllegalStateException(
                    "error %.3g is above %.3g: no speed of a wrong result".formatted(error, work.tolerance()));
        }
        if (!shuffles) {
            double[] kernels = runs(work, "kernels", work.launches(), false, RUNS, Clock.DEVICE);
            return new Time(percentile(kernels, 0.5) / work.launches(), spread(kernels), error);
        }
        double[] once = runs(work, "once", work.launches(), true, RUNS, Clock.HOST_OVER_RECORDED);
        double[] twice = runs(work, "twice", 2 * work.launches(), true, RUNS, Clock.HOST_OVER_RECORDED);
        double median = (percentile(twice, 0.5) - percentile(once, 0.5)) / work.launches();
        return new Time(median, spread(twice), error);
    }

    /** What runs are for. */
    private enum Clock {
        /** The result comes back; the time does not matter. */
        CHECK,
        /** The host's clock around a recorded graph. */
        HOST_OVER_RECORDED,
        /** The device's kernel times. */
        DEVICE
    }

    /** Seconds of each run of a graph, ascending. */
    private static double[] runs(
            KernelSpeedRow.Work work, String name, int launches, boolean warpShuffles, int runs, Clock clock)
            throws TornadoExecutionPlanException {
        KernelGraph graph = new KernelGraph(name, warpShuffles);
        graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, work.inputs());
        for (int launch = 0; launch < launches; launch++) {
            work.addTo(graph, "launch" + launch, launch);
        }
        if (clock == Clock.CHECK) {
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, work.output());
        } else {
            graph.taskGraph().persistOnDevice(work.output());
        }
        double[] seconds = new double[runs];
        try (TornadoExecutionPlan plan =
                new TornadoExecutionPlan(graph.taskGraph().snapshot())) {
            plan.withGridScheduler(graph.gridScheduler());
            if (clock == Clock.HOST_OVER_RECORDED) {
                plan.withCUDAGraph();
            }
            if (clock != Clock.CHECK) {
                long start = System.nanoTime();
                while (System.nanoTime() - start < WARM_UP_NANOS) {
                    plan.execute();
                }
            }
            if (clock == Clock.DEVICE) {
                plan.withProfiler(ProfilerMode.SILENT);
            }
            for (int i = 0; i < runs; i++) {
                long start = System.nanoTime();
                TornadoExecutionResult result = plan.execute();
                seconds[i] = clock == Clock.DEVICE
                        ? result.getProfilerResult().getDeviceKernelTime() * 1e-9
                        : (System.nanoTime() - start) * 1e-9;
            }
        }
        Arrays.sort(seconds);
        return seconds;
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
