package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntRangesTest {
    @Test
    void readsListsAndRanges() {
        assertEquals(List.of(0, 512), IntRanges.parse("-p", List.of("0,512")));
        assertEquals(List.of(7, 1, 2), IntRanges.parse("-p", List.of("7", "1,2")));
        assertEquals(List.of(1, 2, 3, 4), IntRanges.parse("-p", List.of("1-4")));
        assertEquals(List.of(0, 128, 256), IntRanges.parse("-p", List.of("0-300+128")));
        assertEquals(List.of(128, 256, 512), IntRanges.parse("-p", List.of("128-1000*2")));
        assertEquals(List.of(2147483647), IntRanges.parse("-p", List.of("2147483647-2147483647")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "1,", "-1", "1-", "4-1", "1-4+0", "1-4*1", "0-4*2", "99999999999", "1-2-3"})
    void refusesOthers(String text) {
        assertThrows(UsageException.class, () -> IntRanges.parse("-p", List.of(text)));
    }
}
