package sala.kernels.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.testing.Golden;
import sala.testing.GoldenVariant;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

class KeyCompressionTest {
    static List<GoldenVariant> variants() {
        return Golden.variants("compressed_keys");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void equalsGolden(GoldenVariant variant) {
        int width = variant.integer("kv_heads") * variant.integer("dim");
        int size = variant.integer("size");
        int stride = variant.integer("stride");
        assertEquals(variant.integer("count"), KeyCompression.count(variant.integer("length"), size, stride));
        double[] out = KeyCompression.compress(variant.doubles("k"), width, size, stride);
        TensorAssert.assertClose(variant.label("out"), variant.doubles("out"), out, Tolerance.REFERENCE_F64);
    }

    @Test
    void windowsCountFromTheFirstWholeOne() {
        // The released sizes at 8192 tokens: 511 fine windows and 127 coarse ones.
        assertEquals(511, KeyCompression.count(8192, 32, 16));
        assertEquals(127, KeyCompression.count(8192, 128, 64));
        assertArrayEquals(new int[] {0, 1, 1, 2}, new int[] {
            KeyCompression.count(31, 32, 16),
            KeyCompression.count(32, 32, 16),
            KeyCompression.count(47, 32, 16),
            KeyCompression.count(48, 32, 16)
        });
    }

    @Test
    void partOfATokenIsRefused() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> KeyCompression.compress(new double[9], 4, 2, 1));
        assertEquals("keys: expected a multiple of 4 values [length, numKvHeads, headDim], found 9", e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> KeyCompression.compress(new double[8], 4, 2, 0));
    }
}
