package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class QuantitiesTest {
    @Test
    void writesBytesInBinaryUnits() {
        assertEquals("0 B", Quantities.bytes(0));
        assertEquals("1023 B", Quantities.bytes(1023));
        assertEquals("1.00 KiB", Quantities.bytes(1024));
        assertEquals("8.63 MiB", Quantities.bytes(9_053_568));
        assertEquals("17.65 GiB", Quantities.bytes(18_954_407_936L));
        assertEquals("8388608.00 TiB", Quantities.bytes(Long.MAX_VALUE));
    }

    @Test
    void writesCounts() {
        assertEquals("4.53 M", Quantities.parameters(4_526_784));
        assertEquals("9.48 B", Quantities.parameters(9_477_203_968L));
        assertEquals("9,477,203,968", Quantities.grouped(9_477_203_968L));
        assertEquals("4K", Quantities.tokens(4096));
        assertEquals("1M", Quantities.tokens(1 << 20));
        assertEquals("1000", Quantities.tokens(1000));
    }
}
