package sala.jmh;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import sala.kernels.storage.StorageType;
import sala.loader.DType;
import sala.loader.Shape;
import sala.loader.TensorView;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Seeded arrays of any storage type, of the device and of the host: values of a table of 65,521 normal ones, exact in f16
 * and in bf16, so that a huge matrix costs no time to make and its elements are known without reading it back.
 */
final class SeededWeights {
    /** A prime, so that rows of a power of two do not repeat each other. */
    private static final int TABLE_SIZE = 65_521;

    private static final ValueLayout.OfShort LE_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat LE_FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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

    /** The first elements, on the host. */
    float[] floats(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = value(i);
        }
        return values;
    }

    /** The same in double precision. */
    double[] doubles(int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = value(i);
        }
        return values;
    }

    /** A weight matrix of the host. */
    TensorView tensor(DType dtype, int rows, int columns, Arena arena) {
        long count = (long) rows * columns;
        MemorySegment data = arena.allocate(count * dtype.bytes(), 64);
        for (long i = 0; i < count; i++) {
            switch (dtype) {
                case BF16 -> data.set(LE_SHORT, i * Short.BYTES, BFloat16.bf16FromFloat(value(i)));
                case F16 -> data.set(LE_SHORT, i * Short.BYTES, Float.floatToFloat16(value(i)));
                case F32 -> data.set(LE_FLOAT, i * Float.BYTES, value(i));
                case F64, F8_E4M3, F8_E5M2, F8_E8M0, I64, I32, I16, I8, U64, U32, U16, U8, BOOL ->
                    throw new IllegalArgumentException("expected BF16, F16 or F32, found " + dtype);
            }
        }
        return new TensorView("weight", dtype, Shape.of(rows, columns), data, "seed");
    }

    /** A device array of so many elements. */
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
