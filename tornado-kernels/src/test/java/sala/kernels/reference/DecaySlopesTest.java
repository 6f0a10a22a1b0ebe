package sala.kernels.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.testing.Golden;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

class DecaySlopesTest {
    static List<String> headCounts() {
        return Golden.json("kernels/slopes.json").required("slopes").properties().stream()
                .map(entry -> entry.getKey())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("headCounts")
    void equalsGolden(String numHeads) {
        JsonNode slopes = Golden.json("kernels/slopes.json").required("slopes").required(numHeads);
        double[] expected = StreamSupport.stream(slopes.spliterator(), false)
                .mapToDouble(JsonNode::doubleValue)
                .toArray();
        TensorAssert.assertClose(
                "slopes of " + numHeads + " heads",
                expected,
                DecaySlopes.of(Integer.parseInt(numHeads)),
                Tolerance.REFERENCE_F64);
    }

    @Test
    void noHeadIsRefused() {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> DecaySlopes.of(0));
        assertEquals("numHeads: expected at least 1, found 0", e.getMessage());
    }
}
