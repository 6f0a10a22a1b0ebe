package sala.jmh;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.ScalarResult;

/**
 * JMH profiler of a device: what of a run is kernels, copies and compilation, by TornadoVM's profiler.
 *
 * <pre>  ./sala-jmh -prof sala.jmh.TornadoProfiler -p backend=TORNADO MatVecBenchmark  </pre>
 *
 * <p>The host's clock around an execution cannot tell them apart. {@code device.kernel} is the time of a launch by the
 * device's clock: what to compare kernels by. Arrays are copied to the device on the first execution, which is also when
 * kernels are compiled; both happen before the first iteration ends, and are reported with every one.
 *
 * <p>TornadoVM synchronises after every task while its profiler runs, and graphs are not recorded: the score beside these
 * figures is lower than without the profiler. Take the score from a run without it.
 */
public final class TornadoProfiler implements InternalProfiler {
    private @Nullable Recording recording;
    private long compileNanos;
    private long copyInNanos;

    @Override
    public String getDescription() {
        return "kernel, copy and compile time of TornadoVM's execution plans";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmarkParams, IterationParams iterationParams) {
        Recording started = new Recording();
        started.enable(DeviceTimesEvent.NAME);
        started.start();
        recording = started;
    }

    @Override
    public Collection<ScalarResult> afterIteration(
            BenchmarkParams benchmarkParams, IterationParams iterationParams, IterationResult result) {
        Recording stopped = recording;
        if (stopped == null) {
            return List.of();
        }
        recording = null;
        long kernelNanos = 0;
        long copyOutNanos = 0;
        long launches = 0;
        for (RecordedEvent event : events(stopped)) {
            kernelNanos += event.getLong("kernelNanos");
            copyOutNanos += event.getLong("copyOutNanos");
            copyInNanos += event.getLong("copyInNanos");
            compileNanos += event.getLong("compileNanos");
            launches += event.getInt("launches");
        }
        if (launches == 0) {
            return List.of();
        }
        List<ScalarResult> results = new ArrayList<>();
        results.add(
                new ScalarResult("device.kernel", kernelNanos * 1e-3 / launches, "us/launch", AggregationPolicy.AVG));
        results.add(
                new ScalarResult("device.copyOut", copyOutNanos * 1e-3 / launches, "us/launch", AggregationPolicy.AVG));
        results.add(new ScalarResult("device.copyIn", copyInNanos * 1e-6, "ms", AggregationPolicy.AVG));
        results.add(new ScalarResult("device.compile", compileNanos * 1e-6, "ms", AggregationPolicy.AVG));
        return results;
    }

    private static List<RecordedEvent> events(Recording recording) {
        try (recording) {
            recording.stop();
            Path file = Files.createTempFile("sala-device-times", ".jfr");
            try {
                recording.dump(file);
                return RecordingFile.readAllEvents(file).stream()
                        .filter(event -> event.getEventType().getName().equals(DeviceTimesEvent.NAME))
                        .toList();
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the recorded device times", e);
        }
    }
}
