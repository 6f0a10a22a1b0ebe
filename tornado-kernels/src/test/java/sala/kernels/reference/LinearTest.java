package sala.kernels.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

class LinearTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 63, 64, 65, 100, 1000})
    void equalsExactSums(int in) {
        int tokenCount = 3;
        int out = 5;
        RandomTensors random = RandomTensors.create();
        double[] x = random.normal(tokenCount * in);
        double[] weight = random.normal(out * in);
        double[] exact = new double[tokenCount * out];
        for (int t = 0; t < tokenCount; t++) {
            for (int o = 0; o < out; o++) {
                BigDecimal sum = BigDecimal.ZERO;
                for (int i = 0; i < in; i++) {
                    sum = sum.add(new BigDecimal(x[t * in + i]).multiply(new BigDecimal(weight[o * in + i])));
                }
                exact[t * out + o] = sum.doubleValue();
            }
        }
        TensorAssert.assertClose(
                "x W^T, " + random, exact, Linear.project(x, Matrix.of(weight, in)), Tolerance.REFERENCE_F64);
    }

    @Test
    void noTokensGiveNothing() {
        assertEquals(0, Linear.project(new double[0], Matrix.of(new double[6], 3)).length);
    }

    @Test
    void partOfARowIsRefused() {
        Matrix weight = Matrix.of(new double[6], 3);
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> Linear.project(new double[4], weight));
        assertEquals("x: expected a multiple of 3 values [T, in], found 4", e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> Matrix.of(new double[5], 3));
    }
}
