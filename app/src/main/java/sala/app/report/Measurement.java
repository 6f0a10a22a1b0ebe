package sala.app.report;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One benchmark with one set of parameters.
 *
 * @param benchmark class and method, such as {@code MatVecBenchmark.run}
 * @param parameters in the order of their names
 * @param samples seconds of an operation, each a mean of an iteration, or of a fork where there are several forks
 * @param gigabytesPerSecond of what the operation must move
 * @param gigaflops a second
 * @param bandwidth GB/s that the machine reached in the same fork
 * @param peak GFLOP/s that it reached with multiply-adds on registers
 * @param error of the result against double precision
 * @param device what a device's clock said; empty where no device ran, or nobody asked it
 */
record Measurement(
        String benchmark,
        SortedMap<String, String> parameters,
        List<Double> samples,
        OptionalDouble gigabytesPerSecond,
        OptionalDouble gigaflops,
        OptionalDouble bandwidth,
        OptionalDouble peak,
        OptionalDouble error,
        Optional<DeviceClock> device) {
    private static final String SUFFIX = "Benchmark";

    Measurement {
        parameters = new TreeMap<>(parameters);
        samples = List.copyOf(samples);
    }

    /** The operation as people call it, such as {@code dense attention}: the class name without its suffix, in words. */
    String operation() {
        int dot = benchmark.indexOf('.');
        String type = dot < 0 ? benchmark : benchmark.substring(0, dot);
        String method = dot < 0 ? "" : benchmark.substring(dot + 1);
        String name = type.endsWith(SUFFIX) ? type.substring(0, type.length() - SUFFIX.length()) : type;
        String words = name.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
        return method.isEmpty() || method.equals("run") ? words : words + ", " + method;
    }

    /** The value of {@code backend}; {@code CPU} for benchmarks of the host alone. */
    String backend() {
        return parameters.getOrDefault("backend", "CPU");
    }

    String parameter(String name) {
        return parameters.getOrDefault(name, "");
    }

    /** Parameters but for the named ones, as text. */
    String parametersWithout(String... names) {
        return parameters.entrySet().stream()
                .filter(entry -> !Arrays.asList(names).contains(entry.getKey()))
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(", "));
    }

    /** What makes it the same measurement in another file. */
    String key() {
        return benchmark + " " + parameters;
    }

    /** Mean seconds of an operation. */
    double seconds() {
        return samples.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }

    double[] sampleArray() {
        return samples.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** FLOP/byte, where both are counted. */
    OptionalDouble intensity() {
        return gigaflops.isPresent() && gigabytesPerSecond.isPresent()
                ? OptionalDouble.of(gigaflops.getAsDouble() / gigabytesPerSecond.getAsDouble())
                : OptionalDouble.empty();
    }
}
