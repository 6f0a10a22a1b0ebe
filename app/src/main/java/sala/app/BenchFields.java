package sala.app;

import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;
import sala.model.cpu.MachineLimits;

/** A result as named values: llama-bench's names where it has the value, in its order, then what it has not. */
final class BenchFields {
    private BenchFields() {}

    /** Values are {@link String}, {@link Long}, or {@link Double}; NaN where a test has no such value. */
    static SequencedMap<String, Object> of(BenchResult result) {
        var nanos = result.nanos();
        var rates = result.tokensPerSecond();
        SequencedMap<String, Object> fields = new LinkedHashMap<>();
        fields.put("build_version", SalaCommand.Version.current());
        fields.put("java_version", Runtime.version().toString());
        fields.put("cpu_info", Machine.cpuName());
        fields.put("gpu_info", result.device().orElse(""));
        fields.put("backends", result.backend());
        fields.put("model_filename", result.model().name());
        fields.put("model_type", result.model().label());
        fields.put("model_size", result.model().weightBytes());
        fields.put("model_n_params", result.model().parameterCount());
        fields.put("n_threads", (long) result.threads());
        fields.put("n_prompt", (long) result.test().promptLength());
        fields.put("n_gen", (long) result.test().genLength());
        fields.put("n_depth", (long) result.test().depth());
        fields.put(
                "test_time", result.testTime().truncatedTo(ChronoUnit.SECONDS).toString());
        fields.put("avg_ns", Math.round(nanos.getMean()));
        fields.put("stddev_ns", Math.round(nanos.getStandardDeviation()));
        fields.put("avg_ts", rates.getMean());
        fields.put("stddev_ts", rates.getStandardDeviation());
        fields.put("median_ts", result.medianTokensPerSecond());
        fields.put("min_ts", rates.getMin());
        fields.put("max_ts", rates.getMax());
        fields.put("read_bytes_per_second", result.samples().medianLimit(MachineLimits::readBytesPerSecond));
        fields.put("peak_flops_per_second", result.samples().medianLimit(MachineLimits::flopsPerSecond));
        putShares(fields, "bandwidth_share", result.bandwidthShares());
        putShares(fields, "peak_share", result.peakShares());
        fields.put(
                "kernel_ns_per_token",
                result.profile().map(BenchProfile::kernelNanosPerToken).orElse(Double.NaN));
        fields.put("host_share", orNaN(result.hostShare()));
        return fields;
    }

    /** Median and range, which are NaN where there are no shares. */
    private static void putShares(SequencedMap<String, Object> fields, String name, DescriptiveStatistics shares) {
        fields.put(name, shares.getPercentile(50));
        fields.put(name + "_min", shares.getMin());
        fields.put(name + "_max", shares.getMax());
    }

    private static double orNaN(OptionalDouble value) {
        return value.orElse(Double.NaN);
    }
}
