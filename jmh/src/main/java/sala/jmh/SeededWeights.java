package sala.jmh;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.LongStream;
import sala.kernels.storage.StorageType;
import sala.loader.DType;
import sala.loader.Shape;
import sala.loader.TensorView;
import uk.ac.manchester.tornado.api.types.BFloat16;
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
        return floats(0, count);
    }

    /** Elements from an index on. */
    float[] floats(long from, int count) {
        float[] values = new float[count];
        int read = (int) (from % TABLE_SIZE);
        for (int written = 0; written < count; ) {
            int piece = Math.min(count - written, TABLE_SIZE - read);
            System.arraycopy(table, read, values, written, piece);
            written += piece;
            read = 0;
        }
        return values;
    }

    /** The first elements in double precision. */
    double[] doubles(int count) {
        float[] floats = floats(count);
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = floats[i];
        }
        return values;
    }

    /** A weight matrix of the host, in an arena that all threads may use. */
    TensorView tensor(DType dtype, int rows, int columns, Arena arena) {
        long count = (long) rows * columns;
        MemorySegment data = arena.allocate(count * dtype.bytes(), 64);
        repeat(
                switch (dtype) {
                    case BF16 -> MemorySegment.ofArray(bf16());
                    case F16 -> MemorySegment.ofArray(f16());
                    case F32 -> MemorySegment.ofArray(table);
                    case F64, F8_E4M3, F8_E5M2, F8_E8M0, I64, I32, I16, I8, U64, U32, U16, U8, BOOL ->
                        throw new IllegalArgumentException("expected BF16, F16 or F32, found " + dtype);
                },
                data);
        return new TensorView("weight", dtype, Shape.of(rows, columns), data, "seed");
    }

    /** A device array of so many elements. */
    TornadoNativeArray array(StorageType type, int elements) {
        return switch (type) {
            case F32 -> filled(new FloatArray(elements), MemorySegment.ofArray(table));
            case F16 -> filled(new HalfFloatArray(elements), MemorySegment.ofArray(f16()));
            case BF16 -> filled(new BFloat16Array(elements), MemorySegment.ofArray(bf16()));
            case PACKED_BF16 -> packed(elements, true);
        };
    }

    /** Four elements a word, bits of bf16 or of f16. */
    LongArray packed(int elements, boolean bf16) {
        return filled(new LongArray(elements / 4), MemorySegment.ofArray(bf16 ? bf16() : f16()));
    }

    private short[] bf16() {
        short[] bits = new short[TABLE_SIZE];
        for (int i = 0; i < TABLE_SIZE; i++) {
            bits[i] = BFloat16.bf16FromFloat(table[i]);
        }
        return bits;
    }

    private short[] f16() {
        short[] bits = new short[TABLE_SIZE];
        for (int i = 0; i < TABLE_SIZE; i++) {
            bits[i] = Float.floatToFloat16(table[i]);
        }
        return bits;
    }

    private static <A extends TornadoNativeArray> A filled(A array, MemorySegment pattern) {
        repeat(pattern, array.getSegment());
        return array;
    }

    /** Copies a pattern over an array as often as it takes, by all processors: a long context has gigabytes of keys. */
    private static void repeat(MemorySegment pattern, MemorySegment to) {
        long size = pattern.byteSize();
        LongStream.range(0, Math.ceilDiv(to.byteSize(), size)).parallel().forEach(piece -> {
            long offset = piece * size;
            MemorySegment.copy(pattern, 0, to, offset, Math.min(size, to.byteSize() - offset));
        });
    }
}
