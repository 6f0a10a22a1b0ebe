package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class MachineLimitsTest {
    /** The measurement itself checks the sums that it times. */
    @Test
    void limitsAreReadAsOftenAsAsked() {
        try (LimitMeter meter = new LimitMeter(2)) {
            for (int reading = 0; reading < 3; reading++) {
                MachineLimits limits = meter.measure(0);
                assertEquals(2, limits.threads());
                assertTrue(limits.readBytesPerSecond() > 0 && limits.flopsPerSecond() > 0, limits.toString());
            }
        }
    }

    @Test
    void aClosedMeterReadsNothing() {
        LimitMeter meter = new LimitMeter(1);
        meter.close();
        assertThrows(IllegalStateException.class, () -> meter.measure(0));
    }

    @Test
    void aDisturbedReadingDoesNotCount() {
        assertEquals(30, MachineLimits.between(20, 30));
        assertEquals(30, MachineLimits.between(30, 20));
    }
}
