package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class MachineLimitsTest {
    /** The measurement itself checks the sums that it times. */
    @Test
    void limitsAreMeasured() {
        MachineLimits limits = MachineLimits.measure(2);
        assertEquals(2, limits.threads());
        assertTrue(limits.readBytesPerSecond() > 0 && limits.flopsPerSecond() > 0, limits.toString());
    }
}
