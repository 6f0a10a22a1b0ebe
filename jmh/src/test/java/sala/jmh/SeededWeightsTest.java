package sala.jmh;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import sala.kernels.storage.PackedBf16;
import sala.kernels.storage.StorageType;
import sala.loader.DType;
import sala.loader.TensorView;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

class SeededWeightsTest {
    /** More than two rounds of the table, and no multiple of it. */
    private static final int COUNT = 150_000;

    private final SeededWeights seeded = new SeededWeights(42);

    @ParameterizedTest
    @EnumSource
    void everyElementOfAnArrayIsTheValueOfItsIndex(StorageType type) {
        TornadoNativeArray array = seeded.array(type, COUNT);
        for (int i = 0; i < COUNT; i++) {
            assertEquals(seeded.value(i), element(array, i), type + ", element " + i);
        }
    }

    private static float element(TornadoNativeArray array, int index) {
        return switch (array) {
            case FloatArray floats -> floats.get(index);
            case HalfFloatArray halves -> halves.get(index).getFloat32();
            case BFloat16Array halves -> halves.getFloat(index);
            case LongArray words ->
                PackedBf16.element(words.get(index / PackedBf16.PER_WORD), index % PackedBf16.PER_WORD);
            default -> throw new IllegalStateException("no weights are kept in " + array.getClass());
        };
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void everyElementOfATensorIsTheValueOfItsIndex(DType dtype) {
        try (Arena arena = Arena.ofShared()) {
            TensorView tensor = seeded.tensor(dtype, COUNT / 100, 100, arena);
            for (int i = 0; i < COUNT; i++) {
                assertEquals(seeded.value(i), tensor.getDouble(i), dtype + ", element " + i);
            }
        }
    }

    @Test
    void aStretchBeginsAnywhere() {
        for (long from : new long[] {0, 65_520, 65_521, 200_000, 3_000_000_000L}) {
            float[] expected = new float[70_000];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = seeded.value(from + i);
            }
            assertArrayEquals(expected, seeded.floats(from, expected.length), "from " + from);
        }
        double[] doubles = seeded.doubles(100_000);
        assertEquals(seeded.value(99_999), doubles[99_999]);
    }
}
