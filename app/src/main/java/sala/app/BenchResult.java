package sala.app;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;
import sala.model.cpu.MachineLimits;

/**
 * What one test gave.
 *
 * @param backend as typed, such as {@code cpu}
 * @param device that computed; empty for this machine's processor
 * @param testTime when it began
 * @param samples duration of each repetition, and this processor's limits around it
 * @param profile what the device did; empty unless asked for
 */
record BenchResult(
        BenchModel model,
        String backend,
        Optional<String> device,
        int threads,
        BenchTest test,
        Instant testTime,
        BenchSamples samples,
        Optional<BenchProfile> profile) {
    /** Durations in nanoseconds. */
    DescriptiveStatistics nanos() {
        DescriptiveStatistics statistics = new DescriptiveStatistics();
        for (long sample : samples.nanos()) {
            statistics.addValue((double) sample);
        }
        return statistics;
    }

    /** Rates in tokens per second; mean and deviation are those of the rates, as llama-bench computes them. */
    DescriptiveStatistics tokensPerSecond() {
        return new DescriptiveStatistics(samplesTokensPerSecond());
    }

    double[] samplesTokensPerSecond() {
        double[] rates = new double[samples.nanos().length];
        for (int i = 0; i < rates.length; i++) {
            rates[i] = test.timedTokens() * 1e9 / samples.nanos()[i];
        }
        return rates;
    }

    /** Median of the rates. */
    double medianTokensPerSecond() {
        return tokensPerSecond().getPercentile(50);
    }

    /** Median time of a token. */
    double nanosPerToken() {
        return nanos().getPercentile(50) / test.timedTokens();
    }

    /**
     * What of the time the device's tasks do not account for. Their times hold some of their launches, so the share may come
     * out too small, even below zero.
     */
    OptionalDouble hostShare() {
        return profile.isPresent()
                ? OptionalDouble.of(1 - profile.get().kernelNanosPerToken() / nanosPerToken())
                : OptionalDouble.empty();
    }

    /**
     * Weight bytes read per second by decoding alone, over the bandwidth, for each repetition; none but for tests that only decode
     * on this processor.
     */
    DescriptiveStatistics bandwidthShares() {
        return new DescriptiveStatistics(
                test.promptLength() == 0
                        ? samples.shares(
                                (double) model.decodeBytes() * test.genLength(), MachineLimits::readBytesPerSecond)
                        : new double[0]);
    }

    /**
     * Multiply-adds with weights per second, over the peak, for each repetition; none but for tests that only process a prompt on
     * this processor.
     */
    DescriptiveStatistics peakShares() {
        return new DescriptiveStatistics(
                test.genLength() == 0
                        ? samples.shares(model.prefillFlops(test.promptLength()), MachineLimits::flopsPerSecond)
                        : new double[0]);
    }
}
