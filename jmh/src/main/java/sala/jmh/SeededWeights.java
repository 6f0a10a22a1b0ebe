package sala.jmh;

import java.util.Random;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Seeded device arrays of any storage type for {@link KernelSpeed}: values of a table of 65,521 normal ones, exact in f16
 * and in bf16, so that a huge matrix costs no time to make and its elements are known without reading it back.
 */
final class SeededWeights {
    /** A prime, so that rows of a power of two do not repeat each other. */
    private static final int TABLE_SIZE = 65_521;

    private final float[] table = new float[TABLE_SIZE];

    SeededWeights(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < TABLE_SIZE; i++) {
            float rounded = Float.float16ToFloat(Float.floatToFloat16((float) (0.25 * random.nextGaussian())));
            table[i] = BFloat16.bf16ToFloat(BFloat16.bf16FromFloat(rounded));
        }
    }

    /** Value of an element. */
    float value(long index) {
        return table[(int) (index % TABLE_SIZE)];
    }

    /** An array of so many elements. */
    TornadoNativeArray array(StorageType type, int elements) {
        return switch (type) {
            case F32 -> {
                FloatArray array = new FloatArray(elements);
                for (int i = 0; i < elements; i++) {
                    array.set(i, value(i));
                }
                yield array;
            }
            case F16 -> {
                HalfFloat[] halfs = new HalfFloat[TABLE_SIZE];
                for (int i = 0; i < TABLE_SIZE; i++) {
                    halfs[i] = new HalfFloat(table[i]);
                }
                HalfFloatArray array = new HalfFloatArray(elements);
                for (int i = 0; i < elements; i++) {
                    array.set(i, halfs[i % TABLE_SIZE]);
                }
                yield array;
            }
            case BF16 -> {
                BFloat16Array array = new BFloat16Array(elements);
                for (int i = 0; i < elements; i++) {
                    array.setFloat(i, value(i));
                }
                yield array;
            }
            case PACKED_BF16 -> packed(elements, true);
        };
    }

    /** Four elements a word, bits of bf16 or of f16. */
    LongArray packed(int elements, boolean bf16) {
        short[] bits = new short[TABLE_SIZE];
        for (int i = 0; i < TABLE_SIZE; i++) {
            bits[i] = bf16 ? BFloat16.bf16FromFloat(table[i]) : Float.floatToFloat16(table[i]);
        }
        LongArray words = new LongArray(elements / 4);
        for (int word = 0; word < words.getSize(); word++) {
            long packed = 0;
            for (int i = 3; i >= 0; i--) {
                packed = (packed << 16) | (bits[(int) ((4L * word + i) % TABLE_SIZE)] & 0xffffL);
            }
            words.set(word, packed);
        }
        return words;
    }
}
