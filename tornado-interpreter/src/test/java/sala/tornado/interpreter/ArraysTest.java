package sala.tornado.interpreter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.FP8;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;
import uk.ac.manchester.tornado.api.types.collections.VectorFloat4;
import uk.ac.manchester.tornado.api.types.collections.VectorHalf8;
import uk.ac.manchester.tornado.api.types.vectors.Float4;
import uk.ac.manchester.tornado.api.types.vectors.Half2;

/** Arrays, their headers and segments, and the narrow floating-point types. */
class ArraysTest {
    @Test
    void headerOfSixteenBytesHoldsTheNumberOfElements() {
        FloatArray array = new FloatArray(5);
        assertEquals(16, TornadoNativeArray.ARRAY_HEADER);
        assertEquals(5, array.getSize());
        assertEquals(20, array.getNumBytesOfSegment());
        assertEquals(36, array.getNumBytesOfSegmentWithHeader());
        assertEquals(36, array.getSegmentWithHeader().byteSize());
        assertEquals(5, array.getSegmentWithHeader().get(ValueLayout.JAVA_INT, 0));
        array.set(2, 7f);
        assertEquals(7f, array.getSegment().getAtIndex(ValueLayout.JAVA_FLOAT, 2));
        assertEquals(7f, array.getSegmentWithHeader().get(ValueLayout.JAVA_FLOAT, 16 + 8));
        assertEquals(0f, array.get(4));
        assertThrows(IndexOutOfBoundsException.class, () -> array.get(5));
        assertThrows(IndexOutOfBoundsException.class, () -> array.get(-1));
    }

    @Test
    void segmentsAreCopiedOrWrapped() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1f, 2f, 3f, 4f, 5f, 6f);
            FloatArray copy = FloatArray.fromSegment(values);
            values.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 9f);
            assertEquals(6, copy.getSize());
            assertEquals(1f, copy.get(0));
            FloatArray shallow = FloatArray.fromSegmentShallow(values);
            assertEquals(2, shallow.getSize());
            assertEquals(5f, shallow.get(0));
            values.setAtIndex(ValueLayout.JAVA_FLOAT, 5, 8f);
            assertEquals(8f, shallow.get(1));
            assertEquals(2, values.getAtIndex(ValueLayout.JAVA_INT, 0));
            MemorySegment odd = arena.allocate(10);
            assertThrows(IllegalArgumentException.class, () -> FloatArray.fromSegment(odd));
        }
    }

    @Test
    void partsAndSequences() {
        IntArray joined = IntArray.concat(IntArray.fromElements(1, 2), IntArray.fromArray(new int[] {3}));
        assertArrayEquals(new int[] {1, 2, 3}, joined.toHeapArray());
        assertArrayEquals(new int[] {2, 3}, joined.slice(1, 2).toHeapArray());
        assertThrows(IllegalArgumentException.class, () -> joined.slice(2, 2));
        LongArray longs = new LongArray(3);
        longs.init(4);
        longs.clear();
        assertEquals(0, longs.get(2));
        assertThrows(IllegalArgumentException.class, () -> new LongArray(-1));
    }

    @Test
    void everyHalfFloat() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            HalfFloat half = new HalfFloat((short) bits);
            float expected = Float.float16ToFloat((short) bits);
            assertEquals(expected, half.getFloat32());
            if (!Float.isNaN(expected)) {
                assertEquals((short) bits, new HalfFloat(expected).getHalfFloatValue());
            }
        }
        assertEquals(3.5f, HalfFloat.add(new HalfFloat(1.5f), new HalfFloat(2f)).getFloat32());
        assertEquals(
                2048f, HalfFloat.add(new HalfFloat(2048f), new HalfFloat(1f)).getFloat32());
        assertEquals(
                0.75f, HalfFloat.div(new HalfFloat(1.5f), new HalfFloat(2f)).getFloat32());
    }

    @Test
    void everyBfloat16AndWhatLiesBetween() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = Float.intBitsToFloat(bits << 16);
            assertEquals(value, BFloat16.bf16ToFloat((short) bits));
            if (Float.isNaN(value)) {
                assertEquals(0x7FC0, BFloat16.bf16FromFloat(value));
                continue;
            }
            assertEquals((short) bits, BFloat16.bf16FromFloat(value));
            if (Float.isFinite(value) && Math.abs(value) < BFloat16.BF16_MAX) {
                float middle = Float.intBitsToFloat(bits << 16 | 0x8000);
                short up = (short) (bits + 1);
                assertEquals(bits % 2 == 0 ? (short) bits : up, BFloat16.bf16FromFloat(middle), "tie to even");
                assertEquals((short) bits, BFloat16.bf16FromFloat(Float.intBitsToFloat(bits << 16 | 0x7FFF)));
                assertEquals(up, BFloat16.bf16FromFloat(Float.intBitsToFloat(bits << 16 | 0x8001)));
            }
        }
        BFloat16Array array = BFloat16Array.fromFloats(1f, -2.5f);
        assertEquals(-2.5f, array.getFloat(1));
        assertEquals((short) 0x3F80, array.get(0));
    }

    @Test
    void everyFp8IsTheNearest() {
        for (int bits = 0; bits < 256; bits++) {
            byte code = (byte) bits;
            float wide = FP8.e4m3ToFloat(code);
            assertEquals((bits & 0x7F) == 0x7F, Float.isNaN(wide));
            if (!Float.isNaN(wide)) {
                assertEquals(code, FP8.e4m3FromFloat(wide));
            }
            float wider = FP8.e5m2ToFloat(code);
            if (!Float.isNaN(wider)) {
                assertEquals(code, FP8.e5m2FromFloat(wider));
            }
        }
        assertEquals(448f, FP8.e4m3ToFloat((byte) 0x7E));
        assertEquals(57344f, FP8.e5m2ToFloat((byte) 0x7B));
        assertEquals(448f, FP8.e4m3ToFloat(FP8.e4m3FromFloat(1e9f)));
        assertEquals(Float.NEGATIVE_INFINITY, FP8.e5m2ToFloat(FP8.e5m2FromFloat(-1e9f)));
        for (float value = -460; value < 460; value += 0.37f) {
            float found = FP8.e4m3ToFloat(FP8.e4m3FromFloat(value));
            double distance = Math.abs(found - value);
            for (int bits = 0; bits < 256; bits++) {
                float other = FP8.e4m3ToFloat((byte) bits);
                if (!Float.isNaN(other)) {
                    assertEquals(
                            true,
                            distance
                                    <= Math.abs(new BigDecimal(other)
                                            .subtract(new BigDecimal(value))
                                            .doubleValue()));
                }
            }
        }
    }

    @Test
    void vectorsOverArrays() {
        VectorFloat4 vectors = new VectorFloat4(FloatArray.fromElements(1, 2, 3, 4, 5, 6, 7, 8));
        assertEquals(2, vectors.getLength());
        Float4 second = vectors.get(1);
        assertEquals(26f, Float4.sum(second));
        assertEquals(70f, Float4.dot(vectors.get(0), second));
        vectors.set(0, Float4.mult(second, 2f));
        assertArrayEquals(new float[] {10, 12, 14, 16}, vectors.get(0).toArray());
        VectorHalf8 halves = new VectorHalf8(2);
        halves.fill(new HalfFloat(0.5f));
        assertEquals(0.5f, halves.get(1).getS7().getFloat32());
        HalfFloatArray array = HalfFloatArray.fromElements(new HalfFloat(1f), new HalfFloat(2f), new HalfFloat(3f));
        Half2 pair = array.getHalf2(1);
        assertEquals(2f, Half2.lowFloat(pair));
        assertEquals(3f, Half2.highFloat(pair));
        array.setHalf2(0, Half2.fma(pair, pair, pair));
        assertEquals(6f, array.get(0).getFloat32());
        ByteArray bytes = new ByteArray(5);
        bytes.setHalfFloat(1, new HalfFloat(-4f));
        assertEquals(-4f, bytes.getHalfFloat(1).getFloat32());
    }
}
