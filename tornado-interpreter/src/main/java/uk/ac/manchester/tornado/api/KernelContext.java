package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FP8Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.vectors.Half2;

/**
 * A lane's view of its place in the grid, and what lanes of a work group share. In a launch the interpreter answers
 * every use of it for the lane that runs. Outside of a launch, as in a kernel called as a plain method, it is the
 * context of a single lane: ids are 0, barriers return at once, local arrays are new arrays, lanes exchange nothing.
 */
public class KernelContext {
    public final Integer globalIdx = 0;
    public final Integer globalIdy = 0;
    public final Integer globalIdz = 0;
    public final Integer groupIdx = 0;
    public final Integer groupIdy = 0;
    public final Integer groupIdz = 0;
    public final Integer localIdx = 0;
    public final Integer localIdy = 0;
    public final Integer localIdz = 0;
    public final Integer globalGroupSizeX = 0;
    public final Integer globalGroupSizeY = 0;
    public final Integer globalGroupSizeZ = 0;
    public final Integer localGroupSizeX = 0;
    public final Integer localGroupSizeY = 0;
    public final Integer localGroupSizeZ = 0;

    public KernelContext() {}

    /** Waits for the lanes of the work group and orders accesses to local memory. */
    public void localBarrier() {}

    /** Waits for the lanes of the work group and orders accesses to global memory. */
    public void globalBarrier() {}

    public int[] allocateIntLocalArray(int size) {
        return new int[size];
    }

    public byte[] allocateByteLocalArray(int size) {
        return new byte[size];
    }

    public HalfFloat[] allocateHalfFloatLocalArray(int size) {
        return new HalfFloat[size];
    }

    public Half2[] allocateHalf2LocalArray(int size) {
        return new Half2[size];
    }

    public long[] allocateLongLocalArray(int size) {
        return new long[size];
    }

    public float[] allocateFloatLocalArray(int size) {
        return new float[size];
    }

    public double[] allocateDoubleLocalArray(int size) {
        return new double[size];
    }

    /** The sum of the warp's values; the first lane of the warp has it. */
    public float simdSum(float value) {
        return value;
    }

    /** The value of the lane {@code delta} further in the warp; the own value where there is none. */
    public float simdShuffleDown(float value, int delta) {
        return value;
    }

    /** The value of the warp's first lane. */
    public float simdBroadcastFirst(float value) {
        return value;
    }

    public void atomicAdd(IntArray array, int index, int value) {
        array.set(index, array.get(index) + value);
    }

    public void atomicAdd(int[] array, int index, int value) {
        array[index] += value;
    }

    public void atomicAdd(LongArray array, int index, long value) {
        array.set(index, array.get(index) + value);
    }

    public void atomicAdd(FloatArray array, int index, float value) {
        array.set(index, array.get(index) + value);
    }

    public void atomicAdd(DoubleArray array, int index, double value) {
        array.set(index, array.get(index) + value);
    }

    /** Reads a tile whose 16-byte pieces are permuted by bits 7 to 9 of their place. */
    public HalfFloat swizzleLoadFp16Stride32(HalfFloat[] tile, int row, int column, int stride) {
        return tile[wide((row * stride + column) * 2) / 2];
    }

    public void swizzleStoreFp16Stride32(HalfFloat[] tile, int row, int column, int stride, HalfFloat value) {
        tile[wide((row * stride + column) * 2) / 2] = value;
    }

    /** Reads a tile whose 8-byte pieces are permuted by bits 6 to 8 of their place. */
    public HalfFloat swizzleLoadFp16Stride16(HalfFloat[] tile, int row, int column, int stride) {
        return tile[narrow((row * stride + column) * 2) / 2];
    }

    public void swizzleStoreFp16Stride16(HalfFloat[] tile, int row, int column, int stride, HalfFloat value) {
        tile[narrow((row * stride + column) * 2) / 2] = value;
    }

    public byte swizzleLoadInt8(byte[] tile, int row, int column, int stride) {
        return tile[wide(row * stride + column)];
    }

    public void swizzleStoreInt8(byte[] tile, int row, int column, int stride, byte value) {
        tile[wide(row * stride + column)] = value;
    }

    private static int wide(int offsetBytes) {
        return offsetBytes ^ ((offsetBytes >> 7 & 0b111) << 4);
    }

    private static int narrow(int offsetBytes) {
        return offsetBytes ^ ((offsetBytes >> 6 & 0b111) << 3);
    }

    /** A lane's four of the 16 x 8 sums of a warp, each set to a value. */
    public float[] mmaFragment(float value) {
        return new float[] {value, value, value, value};
    }

    /** A lane's eight of the 16 x 16 values of A in a tile of packed pairs, {@code k} values a row. */
    public HalfFloat[] mmaLoadA(int[] tile, int k) {
        return new HalfFloat[8];
    }

    public HalfFloat[] mmaLoadA(int[] tile, int k, int offsetBytes) {
        return new HalfFloat[8];
    }

    /** A lane's four of the 16 x 8 values of B in a tile of packed pairs, eight values a row. */
    public HalfFloat[] mmaLoadB(int[] tile, int k) {
        return new HalfFloat[4];
    }

    public HalfFloat[] mmaLoadB(int[] tile, int k, int offsetBytes) {
        return new HalfFloat[4];
    }

    public HalfFloat[] mmaLoadBSwizzled(HalfFloat[] tile, int k) {
        return new HalfFloat[4];
    }

    public HalfFloat[] mmaLoadBSwizzled(HalfFloat[] tile, int k, int offsetBytes) {
        return new HalfFloat[4];
    }

    public void mmaStoreBSwizzled(
            HalfFloat[] tile, int row, int column, int stride, HalfFloat value, int offsetBytes) {}

    /** {@code a * b + c} of a warp, half precision factors, float sums. */
    public float[] mma(HalfFloat[] a, HalfFloat[] b, float[] c, MMAShape shape) {
        return c;
    }

    /** {@code a * b + c} of a warp, the factors' bits taken as bfloat16. */
    public float[] mmaBF16(HalfFloat[] a, HalfFloat[] b, float[] c, MMAShape shape) {
        return c;
    }

    /** Writes the warp's 16 x 8 sums to a row-major matrix of {@code numColumns} columns. */
    public void mmaStore(float[] d, FloatArray matrix, int row, int column, int numColumns) {}

    /** {@link #mmaFragment(float)} for int8 products. */
    public int[] mmaFragmentInt(int value) {
        return new int[] {value, value, value, value};
    }

    public byte[] mmaLoadAInt8(int[] tile, int k) {
        return new byte[16];
    }

    public byte[] mmaLoadBInt8(int[] tile, int k) {
        return new byte[8];
    }

    public int[] mmaInt8(byte[] a, byte[] b, int[] c, MMAShape shape) {
        return c;
    }

    public void mmaStoreInt(int[] d, IntArray matrix, int row, int column, int numColumns) {}

    public byte[] mmaLoadAFP8(int[] tile, int k) {
        return new byte[16];
    }

    public byte[] mmaLoadBFP8(int[] tile, int k) {
        return new byte[8];
    }

    public float[] mmaFP8E4M3(byte[] a, byte[] b, float[] c, MMAShape shape) {
        return c;
    }

    public float[] mmaFP8E5M2(byte[] a, byte[] b, float[] c, MMAShape shape) {
        return c;
    }

    /** Starts the copy of two neighbouring half floats into one element of a tile. */
    public void asyncCopyToLocal(int[] tile, int index, HalfFloatArray source, int sourceIndex) {
        int low = source.get(sourceIndex).getHalfFloatValue() & 0xFFFF;
        int high = source.get(sourceIndex + 1).getHalfFloatValue();
        tile[index] = low | high << 16;
    }

    /** Starts the copy of four neighbouring FP8 values into one element of a tile. */
    public void asyncCopyToLocal(int[] tile, int index, FP8Array source, int sourceIndex) {
        tile[index] = pack(
                source.get(sourceIndex),
                source.get(sourceIndex + 1),
                source.get(sourceIndex + 2),
                source.get(sourceIndex + 3));
    }

    /** Starts the copy of four neighbouring bytes into one element of a tile. */
    public void asyncCopyToLocal(int[] tile, int index, ByteArray source, int sourceIndex) {
        tile[index] = pack(
                source.get(sourceIndex),
                source.get(sourceIndex + 1),
                source.get(sourceIndex + 2),
                source.get(sourceIndex + 3));
    }

    private static int pack(byte first, byte second, byte third, byte fourth) {
        return (first & 0xFF) | (second & 0xFF) << 8 | (third & 0xFF) << 16 | fourth << 24;
    }

    /** Closes a group of copies. */
    public void asyncCopyCommit() {}

    /** Waits until at most so many groups of copies are under way. */
    public void asyncCopyWaitGroup(int groups) {}
}
