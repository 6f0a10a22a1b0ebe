package sala.kernels.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

class OutputGateTest {
    @Test
    void multipliesBySigmoid() {
        // sigmoid(ln 3) = 3/4, sigmoid(-ln 3) = 1/4
        double[] gate = {0, Math.log(3), -Math.log(3), 1e4, -1e4};
        double[] out = OutputGate.apply(new double[] {2, 4, 4, 5, 5}, gate);
        TensorAssert.assertClose("gated", new double[] {1, 3, 1, 5, 0}, out, Tolerance.REFERENCE_F64);
    }

    @Test
    void differentLengthsAreRefused() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> OutputGate.apply(new double[4], new double[3]));
        assertEquals("gate: expected 4 values as x, [T, width], found 3", e.getMessage());
    }
}
