package sala.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import sala.model.cpu.MachineLimits;

/** Shares of made-up durations and limits. */
class BenchSamplesTest {
    private static final long SECOND = 1_000_000_000;

    /** A peak of a hundred times the bandwidth. */
    private static List<MachineLimits> limits(double... bytesPerSecond) {
        return DoubleStream.of(bytesPerSecond)
                .mapToObj(bandwidth -> new MachineLimits(2, bandwidth, 100 * bandwidth))
                .toList();
    }

    /** A model whose decode step reads 10 bytes and whose prefill of n tokens does 60 n + 40 operations. */
    private static BenchResult result(BenchTest test, BenchSamples samples) {
        BenchModel model = new BenchModel("m", "BF16", 12, 6, 10, 60, 40);
        return new BenchResult(model, "cpu", Optional.empty(), 2, test, Instant.EPOCH, samples, Optional.empty());
    }

    @Test
    void aRepetitionIsSetBesideItsLargerNeighbour() {
        BenchSamples samples = new BenchSamples(new long[] {SECOND, 2 * SECOND, 4 * SECOND}, limits(100, 80, 20, 50));
        assertArrayEquals(
                new double[] {60.0 / 100, 30.0 / 80, 15.0 / 50},
                samples.shares(60, MachineLimits::readBytesPerSecond),
                1e-12);
        assertEquals(65, samples.medianLimit(MachineLimits::readBytesPerSecond));
    }

    /** The ratio of medians would be 4 tokens of 10 bytes in two seconds over 40, a half. */
    @Test
    void theShareIsTheMedianOfRatiosNotTheRatioOfMedians() {
        BenchSamples samples = new BenchSamples(new long[] {SECOND, 2 * SECOND, 5 * SECOND}, limits(100, 100, 25, 10));
        BenchResult result = result(new BenchTest(0, 4, 0), samples);
        assertEquals(0.32, result.bandwidthShares().getPercentile(50), 1e-12);
        assertEquals(0.2, result.bandwidthShares().getMin(), 1e-12);
        assertEquals(0.4, result.bandwidthShares().getMax(), 1e-12);
        assertEquals(0, result.peakShares().getN());
    }

    /** A machine that becomes half as fast between two repetitions changes no share but that of the repetition it happens in. */
    @Test
    void aSlowerMachineLeavesTheShare() {
        BenchSamples samples = new BenchSamples(
                new long[] {SECOND, SECOND, 2 * SECOND, 2 * SECOND, 2 * SECOND}, limits(8, 8, 8, 4, 4, 4));
        BenchResult result = result(new BenchTest(4, 0, 0), samples);
        assertArrayEquals(
                new double[] {0.35, 0.35, 0.175, 0.35, 0.35},
                result.peakShares().getValues(),
                1e-12);
        assertEquals(0.35, result.peakShares().getPercentile(50), 1e-12);
    }

    @Test
    void testsOfBothHaveNoShareAndDevicesNone() {
        BenchSamples samples = new BenchSamples(new long[] {SECOND}, limits(5, 5));
        BenchResult both = result(new BenchTest(4, 4, 0), samples);
        assertEquals(0, both.peakShares().getN() + both.bandwidthShares().getN());
        BenchResult device = result(new BenchTest(0, 4, 0), BenchSamples.ofDevice(new long[] {SECOND}));
        assertEquals(0, device.bandwidthShares().getN());
        assertEquals(Double.NaN, device.samples().medianLimit(MachineLimits::flopsPerSecond));
    }

    @Test
    void aReadingTooFewIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new BenchSamples(new long[] {1, 2}, limits(1, 1)));
    }
}
