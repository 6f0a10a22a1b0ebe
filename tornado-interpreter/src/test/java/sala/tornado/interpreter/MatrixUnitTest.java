package sala.tornado.interpreter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.FP8;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Products of matrices on the matrix instructions against plain products. */
class MatrixUnitTest {
    private static final int M = 32;
    private static final int N = 16;
    private static final int K = 48;
    private static final int A_TILE_BYTES = 16 * 32;
    private static final int B_TILE_BYTES = 16 * 16;

    private final SplittableRandom random = new SplittableRandom(42);

    /** Two warps of a group, one for each 16 rows; each multiplies two columns of 8. A [M, K], B [K, N]. */
    static void half(KernelContext context, HalfFloatArray a, HalfFloatArray b, FloatArray c, int k, int n) {
        int lane = context.localIdx;
        int warp = lane / 32;
        int[] aTile = context.allocateIntLocalArray(2 * 16 * 8);
        int[] bTile = context.allocateIntLocalArray(2 * 16 * 4);
        float[] left = context.mmaFragment(0f);
        float[] right = context.mmaFragment(0f);
        for (int step = 0; step < k; step += 16) {
            for (int i = lane; i < 256; i += 64) {
                context.asyncCopyToLocal(aTile, i, a, i / 8 * k + step + i % 8 * 2);
            }
            context.asyncCopyCommit();
            context.asyncCopyWaitGroup(0);
            for (int i = lane; i < 128; i += 64) {
                int tile = i / 64;
                int row = i % 64 / 4;
                int column = i % 4 * 2;
                int from = (step + row) * n + tile * 8 + column;
                int low = b.get(from).getHalfFloatValue() & 0xFFFF;
                int high = b.get(from + 1).getHalfFloatValue() & 0xFFFF;
                bTile[i] = low | (high << 16);
            }
            context.localBarrier();
            HalfFloat[] fromA = context.mmaLoadA(aTile, 16, warp * A_TILE_BYTES);
            HalfFloat[] first = context.mmaLoadB(bTile, 16, 0);
            HalfFloat[] second = context.mmaLoadB(bTile, 16, B_TILE_BYTES);
            left = context.mma(fromA, first, left, MMAShape.M16N8K16);
            right = context.mma(fromA, second, right, MMAShape.M16N8K16);
            context.localBarrier();
        }
        context.mmaStore(left, c, warp * 16, 0, n);
        context.mmaStore(right, c, warp * 16, 8, n);
    }

    private static InterpreterDevice device(boolean checks) {
        return checks ? InterpreterDevice.checking() : InterpreterDevice.fast();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void halfPrecisionFactors(boolean checks) {
        HalfFloatArray a = halves(M * K);
        HalfFloatArray b = halves(K * N);
        FloatArray c = new FloatArray(M * N);
        Run.grid(64, 64)
                .on(device(checks))
                .in(a, b)
                .out(c)
                .execute(graph -> graph.task("task", MatrixUnitTest::half, new KernelContext(), a, b, c, K, N));
        for (int row = 0; row < M; row++) {
            for (int column = 0; column < N; column++) {
                double expected = 0;
                for (int k = 0; k < K; k++) {
                    expected += (double) a.get(row * K + k).getFloat32()
                            * b.get(k * N + column).getFloat32();
                }
                assertEquals(expected, c.get(row * N + column), 1e-5);
            }
        }
    }

    static void brain(KernelContext context, IntArray aBits, IntArray bBits, FloatArray c) {
        int lane = context.localIdx;
        int[] aTile = context.allocateIntLocalArray(128);
        int[] bTile = context.allocateIntLocalArray(64);
        for (int i = lane; i < 128; i += 32) {
            aTile[i] = aBits.get(i);
        }
        for (int i = lane; i < 64; i += 32) {
            bTile[i] = bBits.get(i);
        }
        context.localBarrier();
        float[] sums = context.mmaBF16(
                context.mmaLoadA(aTile, 16), context.mmaLoadB(bTile, 16), context.mmaFragment(1f), MMAShape.M16N8K16);
        context.mmaStore(sums, c, 0, 0, 8);
    }

    @Test
    void bfloat16Factors() {
        float[] a = new float[256];
        float[] b = new float[128];
        IntArray aBits = packBrain(a);
        IntArray bBits = packBrain(b);
        FloatArray c = new FloatArray(128);
        Run.grid(32, 32)
                .in(aBits, bBits)
                .out(c)
                .execute(graph -> graph.task("task", MatrixUnitTest::brain, new KernelContext(), aBits, bBits, c));
        for (int row = 0; row < 16; row++) {
            for (int column = 0; column < 8; column++) {
                double expected = 1;
                for (int k = 0; k < 16; k++) {
                    expected += (double) a[row * 16 + k] * b[k * 8 + column];
                }
                assertEquals(expected, c.get(row * 8 + column), 1e-5);
            }
        }
    }

    private IntArray packBrain(float[] values) {
        IntArray bits = new IntArray(values.length / 2);
        for (int i = 0; i < values.length; i++) {
            short brain = BFloat16.bf16FromFloat((float) random.nextDouble(-1, 1));
            values[i] = BFloat16.bf16ToFloat(brain);
            int pair = i / 2;
            bits.set(pair, i % 2 == 0 ? brain & 0xFFFF : bits.get(pair) | brain << 16);
        }
        return bits;
    }

    static void bytes(
            KernelContext context, ByteArray a, IntArray bPacked, IntArray c, FloatArray e4m3, FloatArray e5m2) {
        int lane = context.localIdx;
        int[] aTile = context.allocateIntLocalArray(128);
        int[] bTile = context.allocateIntLocalArray(64);
        for (int i = lane; i < 128; i += 32) {
            context.asyncCopyToLocal(aTile, i, a, 4 * i);
        }
        context.asyncCopyCommit();
        for (int i = lane; i < 64; i += 32) {
            bTile[i] = bPacked.get(i);
        }
        context.asyncCopyWaitGroup(0);
        context.localBarrier();
        int[] sums = context.mmaInt8(
                context.mmaLoadAInt8(aTile, 32),
                context.mmaLoadBInt8(bTile, 32),
                context.mmaFragmentInt(5),
                MMAShape.M16N8K32);
        context.mmaStoreInt(sums, c, 0, 0, 8);
        byte[] a8 = context.mmaLoadAFP8(aTile, 32);
        byte[] b8 = context.mmaLoadBFP8(bTile, 32);
        context.mmaStore(context.mmaFP8E4M3(a8, b8, context.mmaFragment(0f), MMAShape.M16N8K32), e4m3, 0, 0, 8);
        context.mmaStore(context.mmaFP8E5M2(a8, b8, context.mmaFragment(0f), MMAShape.M16N8K32), e5m2, 0, 0, 8);
    }

    @Test
    void factorsOfOneByte() {
        ByteArray a = new ByteArray(16 * 32);
        byte[] b = new byte[32 * 8];
        for (int i = 0; i < a.getSize(); i++) {
            a.set(i, anyByte());
        }
        // The tile of B holds, for two neighbouring rows of the depth, pairs of bytes: one pair a column.
        IntArray bPacked = new IntArray(64);
        for (int k = 0; k < 32; k++) {
            for (int column = 0; column < 8; column++) {
                byte value = anyByte();
                b[k * 8 + column] = value;
                int offset = k / 2 * 16 + column * 2 + k % 2;
                bPacked.set(offset / 4, bPacked.get(offset / 4) | (value & 0xFF) << (offset % 4 * 8));
            }
        }
        IntArray c = new IntArray(128);
        FloatArray e4m3 = new FloatArray(128);
        FloatArray e5m2 = new FloatArray(128);
        Run.grid(32, 32)
                .in(a, bPacked)
                .out(c, e4m3, e5m2)
                .execute(graph ->
                        graph.task("task", MatrixUnitTest::bytes, new KernelContext(), a, bPacked, c, e4m3, e5m2));
        for (int row = 0; row < 16; row++) {
            for (int column = 0; column < 8; column++) {
                int expected = 5;
                double expected4 = 0;
                double expected5 = 0;
                for (int k = 0; k < 32; k++) {
                    byte fromA = a.get(row * 32 + k);
                    byte fromB = b[k * 8 + column];
                    expected += fromA * fromB;
                    expected4 += (double) FP8.e4m3ToFloat(fromA) * FP8.e4m3ToFloat(fromB);
                    expected5 += (double) FP8.e5m2ToFloat(fromA) * FP8.e5m2ToFloat(fromB);
                }
                int index = row * 8 + column;
                assertEquals(expected, c.get(index));
                assertEquals(expected4, e4m3.get(index), 1e-6 * Math.max(1e4, Math.abs(expected4)));
                assertEquals(expected5, e5m2.get(index), 1e-5 * Math.max(1e6, Math.abs(expected5)));
            }
        }
    }

    /** A number in either format: none of the bytes that are infinite or NaN in one of them. */
    private byte anyByte() {
        return (byte) (random.nextInt(100) | (random.nextBoolean() ? 0x80 : 0));
    }

    static void swizzled(KernelContext context, HalfFloatArray a, HalfFloatArray b, FloatArray c) {
        int lane = context.localIdx;
        int[] aTile = context.allocateIntLocalArray(128);
        HalfFloat[] bTile = context.allocateHalfFloatLocalArray(256);
        for (int i = lane; i < 128; i += 32) {
            context.asyncCopyToLocal(aTile, i, a, 2 * i);
            context.mmaStoreBSwizzled(bTile, i / 8, i % 8, 8, b.get(i), 256);
            context.swizzleStoreFp16Stride32(bTile, i / 8, i % 8, 8, b.get(i));
        }
        context.asyncCopyCommit();
        context.asyncCopyWaitGroup(0);
        context.localBarrier();
        HalfFloat[] fromA = context.mmaLoadA(aTile, 16);
        float[] sums = context.mma(
                fromA, context.mmaLoadBSwizzled(bTile, 16, 256), context.mmaFragment(0f), MMAShape.M16N8K16);
        sums = context.mma(fromA, context.mmaLoadBSwizzled(bTile, 16), sums, MMAShape.M16N8K16);
        context.mmaStore(sums, c, 0, 0, 8);
    }

    @Test
    void permutedTile() {
        HalfFloatArray a = halves(256);
        HalfFloatArray b = halves(128);
        FloatArray c = new FloatArray(128);
        Run.grid(32, 32)
                .in(a, b)
                .out(c)
                .execute(graph -> graph.task("task", MatrixUnitTest::swizzled, new KernelContext(), a, b, c));
        for (int row = 0; row < 16; row++) {
            for (int column = 0; column < 8; column++) {
                double expected = 0;
                for (int k = 0; k < 16; k++) {
                    expected += 2.0
                            * a.get(row * 16 + k).getFloat32()
                            * b.get(k * 8 + column).getFloat32();
                }
                assertEquals(expected, c.get(row * 8 + column), 1e-5);
            }
        }
    }

    @Test
    void needsAWholeWarp() {
        IntArray aBits = new IntArray(128);
        IntArray bBits = new IntArray(64);
        FloatArray c = new FloatArray(128);
        Run run = Run.grid(16, 16).in(aBits, bBits).out(c);
        InterpreterException failure = assertThrows(
                InterpreterException.class,
                () -> run.execute(
                        graph -> graph.task("task", MatrixUnitTest::brain, new KernelContext(), aBits, bBits, c)));
        assertTrue(
                String.valueOf(failure.getMessage()).contains("needs a whole warp of 32 lanes, but this one has 16"));
    }

    private HalfFloatArray halves(int size) {
        HalfFloatArray halves = new HalfFloatArray(size);
        for (int i = 0; i < size; i++) {
            halves.set(i, new HalfFloat((float) random.nextDouble(-1, 1)));
        }
        return halves;
    }
}
