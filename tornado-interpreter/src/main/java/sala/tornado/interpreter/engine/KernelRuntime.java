package sala.tornado.interpreter.engine;

import java.lang.reflect.Array;
import org.jspecify.annotations.Nullable;
import sala.tornado.interpreter.engine.Lane.LaneState;
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
 * What rewritten kernels call: announcements of accesses, and every method of a kernel context, the lane in place of the
 * context and the place in the kernel as last parameter.
 */
public final class KernelRuntime {
    private static final int ASYNC_PATTERN = 0xABABABAB;

    private KernelRuntime() {}

    // Accesses of global memory. Those of a known parameter hand the index back, which spares the caller a copy.

    public static int read(int index, int parameter, int site, Lane lane) {
        GlobalArray array = lane.arrays[parameter];
        if (Integer.compareUnsigned(index, array.size()) >= 0) {
            throw outOfRange(lane, site, "reads", array.name(), index, array.size());
        }
        Shadow shadow = array.shadow();
        if (shadow != null) {
            shadow.read(index, lane.globalTag, lane, site, array.name());
        }
        return index;
    }

    public static int write(int index, int parameter, int site, Lane lane) {
        GlobalArray array = lane.arrays[parameter];
        if (Integer.compareUnsigned(index, array.size()) >= 0) {
            throw outOfRange(lane, site, "writes", array.name(), index, array.size());
        }
        Shadow shadow = array.shadow();
        if (shadow != null) {
            shadow.write(index, lane.globalTag, lane, site, array.name());
        }
        return index;
    }

    public static int readVector(int index, int parameter, int scale, int width, int site, Lane lane) {
        readElements(lane.arrays[parameter], index, scale, width, site, lane);
        return index;
    }

    public static int writeVector(int index, int parameter, int scale, int width, int site, Lane lane) {
        writeElements(lane.arrays[parameter], index, scale, width, site, lane);
        return index;
    }

    public static void readUnknown(Object array, int index, int scale, int width, int site, Lane lane) {
        readElements(globalArray(lane, array, site), index, scale, width, site, lane);
    }

    public static void writeUnknown(Object array, int index, int scale, int width, int site, Lane lane) {
        writeElements(globalArray(lane, array, site), index, scale, width, site, lane);
    }

    private static void readElements(GlobalArray array, int index, int scale, int width, int site, Lane lane) {
        int first = firstElement(array, index, scale, width, site, lane, "reads");
        if (array.shadow() != null) {
            for (int i = first; i < first + width; i++) {
                array.shadow().read(i, lane.globalTag, lane, site, array.name());
            }
        }
    }

    private static void writeElements(GlobalArray array, int index, int scale, int width, int site, Lane lane) {
        int first = firstElement(array, index, scale, width, site, lane, "writes");
        if (array.shadow() != null) {
            for (int i = first; i < first + width; i++) {
                array.shadow().write(i, lane.globalTag, lane, site, array.name());
            }
        }
    }

    private static int firstElement(
            GlobalArray array, int index, int scale, int width, int site, Lane lane, String verb) {
        long first = (long) index * scale;
        if (first < 0 || first + width > array.size()) {
            throw outOfRange(lane, site, verb, array.name(), index, array.size() / scale);
        }
        return (int) first;
    }

    @SuppressWarnings("ReferenceEquality") // the very array is meant
    private static GlobalArray globalArray(Lane lane, Object array, int site) {
        for (GlobalArray candidate : lane.arrays) {
            if (candidate.twin() == array || candidate.storage() == array) {
                return candidate;
            }
        }
        throw lane.failure(site, "uses an array of the API that is no argument of the task: give it as one");
    }

    // Accesses of Java arrays, which are local memory or the lane's own.

    public static void readLocal(Object array, int index, int site, Lane lane) {
        LocalMemory.LocalArray local = lane.group.localMemory().find(array, site);
        checkRange(array, index, site, lane, "reads", local);
        if (local != null && local.shadow() != null) {
            local.shadow().read(index, lane.localTag, lane, site, local.name());
        }
    }

    public static void writeLocal(Object array, int index, int site, Lane lane) {
        LocalMemory.LocalArray local = lane.group.localMemory().find(array, site);
        checkRange(array, index, site, lane, "writes", local);
        if (local != null && local.shadow() != null) {
            local.shadow().write(index, lane.localTag, lane, site, local.name());
        }
    }

    private static void checkRange(
            Object array, int index, int site, Lane lane, String verb, LocalMemory.@Nullable LocalArray local) {
        int length = Array.getLength(array);
        if (Integer.compareUnsigned(index, length) >= 0) {
            String name = lane.group.site(site).what();
            throw outOfRange(
                    lane, site, verb, (local == null ? "its own array " : "the local array ") + name, index, length);
        }
    }

    private static RuntimeException outOfRange(Lane lane, int site, String verb, String array, int index, int size) {
        return lane.failure(
                site,
                "%s %s[%d], but the array has %d elements: bound the index, or make the array larger"
                        .formatted(verb, array, index, size));
    }

    private static void readTile(Lane lane, Object tile, int index, int site) {
        if (lane.group.checks()) {
            readLocal(tile, index, site, lane);
        }
    }

    private static void writeTile(Lane lane, Object tile, int index, int site) {
        if (lane.group.checks()) {
            writeLocal(tile, index, site, lane);
        }
    }

    // Barriers.

    public static void localBarrier(Lane lane, int site) {
        lane.waitAs(LaneState.AT_LOCAL_BARRIER, site);
    }

    public static void globalBarrier(Lane lane, int site) {
        lane.waitAs(LaneState.AT_GLOBAL_BARRIER, site);
    }

    // Local arrays.

    public static int[] allocateIntLocalArray(Lane lane, int size, int site) {
        return lane.group.localMemory().allocate(lane, size, 4, int[].class, int[]::new, site);
    }

    public static byte[] allocateByteLocalArray(Lane lane, int size, int site) {
        return lane.group.localMemory().allocate(lane, size, 1, byte[].class, byte[]::new, site);
    }

    public static HalfFloat[] allocateHalfFloatLocalArray(Lane lane, int size, int site) {
        return lane.group.localMemory().allocate(lane, size, 2, HalfFloat[].class, HalfFloat[]::new, site);
    }

    public static Half2[] allocateHalf2LocalArray(Lane lane, int size, int site) {
        return lane.group.localMemory().allocate(lane, size, 4, Half2[].class, Half2[]::new, site);
    }

    public static long[] allocateLongLocalArray(Lane lane, int size, int site) {
        return lane.group.localMemory().allocate(lane, size, 8, long[].class, long[]::new, site);
    }

    public static float[] allocateFloatLocalArray(Lane lane, int size, int site) {
        return lane.group.localMemory().allocate(lane, size, 4, float[].class, float[]::new, site);
    }

    public static double[] allocateDoubleLocalArray(Lane lane, int size, int site) {
        return lane.group.localMemory().allocate(lane, size, 8, double[].class, double[]::new, site);
    }

    // Atomic sums. A launch that uses them runs its work groups one after the other.

    public static void atomicAdd(Lane lane, IntArray array, int index, int value, int site) {
        announceAtomic(lane, array, index, site);
        array.set(index, array.get(index) + value);
    }

    public static void atomicAdd(Lane lane, LongArray array, int index, long value, int site) {
        announceAtomic(lane, array, index, site);
        array.set(index, array.get(index) + value);
    }

    public static void atomicAdd(Lane lane, FloatArray array, int index, float value, int site) {
        announceAtomic(lane, array, index, site);
        array.set(index, array.get(index) + value);
    }

    public static void atomicAdd(Lane lane, DoubleArray array, int index, double value, int site) {
        announceAtomic(lane, array, index, site);
        array.set(index, array.get(index) + value);
    }

    private static void announceAtomic(Lane lane, Object array, int index, int site) {
        if (!lane.group.checks()) {
            return;
        }
        GlobalArray global = globalArray(lane, array, site);
        firstElement(global, index, 1, 1, site, lane, "adds atomically to");
        if (global.shadow() != null) {
            global.shadow().atomic(index, lane.globalTag, lane, site, global.name());
        }
    }

    public static void atomicAdd(Lane lane, int[] array, int index, int value, int site) {
        if (lane.group.checks()) {
            LocalMemory.LocalArray local = lane.group.localMemory().find(array, site);
            checkRange(array, index, site, lane, "adds atomically to", local);
            if (local != null && local.shadow() != null) {
                local.shadow().atomic(index, lane.localTag, lane, site, local.name());
            }
        }
        array[index] += value;
    }

    // Exchange between the lanes of a warp.

    public static void simdSum(Lane lane, float value, int site) {
        lane.floatOperand = value;
        lane.waitForWarp(WarpOperation.SUM, site);
    }

    public static void simdShuffleDown(Lane lane, float value, int delta, int site) {
        lane.floatOperand = value;
        lane.intOperand = delta;
        lane.waitForWarp(WarpOperation.SHUFFLE_DOWN, site);
    }

    public static void simdBroadcastFirst(Lane lane, float value, int site) {
        lane.floatOperand = value;
        lane.waitForWarp(WarpOperation.BROADCAST_FIRST, site);
    }

    // Permuted tiles.

    public static HalfFloat swizzleLoadFp16Stride32(
            Lane lane, HalfFloat[] tile, int row, int column, int stride, int site) {
        int index = Swizzle.wide((row * stride + column) * 2) / 2;
        readTile(lane, tile, index, site);
        return tile[index];
    }

    public static void swizzleStoreFp16Stride32(
            Lane lane, HalfFloat[] tile, int row, int column, int stride, HalfFloat value, int site) {
        int index = Swizzle.wide((row * stride + column) * 2) / 2;
        writeTile(lane, tile, index, site);
        tile[index] = value;
    }

    public static HalfFloat swizzleLoadFp16Stride16(
            Lane lane, HalfFloat[] tile, int row, int column, int stride, int site) {
        int index = Swizzle.narrow((row * stride + column) * 2) / 2;
        readTile(lane, tile, index, site);
        return tile[index];
    }

    public static void swizzleStoreFp16Stride16(
            Lane lane, HalfFloat[] tile, int row, int column, int stride, HalfFloat value, int site) {
        int index = Swizzle.narrow((row * stride + column) * 2) / 2;
        writeTile(lane, tile, index, site);
        tile[index] = value;
    }

    public static byte swizzleLoadInt8(Lane lane, byte[] tile, int row, int column, int stride, int site) {
        int index = Swizzle.wide(row * stride + column);
        readTile(lane, tile, index, site);
        return tile[index];
    }

    public static void swizzleStoreInt8(Lane lane, byte[] tile, int row, int column, int stride, byte value, int site) {
        int index = Swizzle.wide(row * stride + column);
        writeTile(lane, tile, index, site);
        tile[index] = value;
    }

    public static void mmaStoreBSwizzled(
            Lane lane, HalfFloat[] tile, int row, int column, int stride, HalfFloat value, int offsetBytes, int site) {
        int index = (Swizzle.wide((row * stride + column) * 2) + offsetBytes) / 2;
        writeTile(lane, tile, index, site);
        tile[index] = value;
    }

    // Matrix instructions.

    public static float[] mmaFragment(Lane lane, float value, int site) {
        return new float[] {value, value, value, value};
    }

    public static int[] mmaFragmentInt(Lane lane, int value, int site) {
        return new int[] {value, value, value, value};
    }

    public static void mmaLoadA(Lane lane, int[] tile, int k, int site) {
        load(lane, WarpOperation.LOAD_A, tile, 0, site);
    }

    public static void mmaLoadA(Lane lane, int[] tile, int k, int offsetBytes, int site) {
        load(lane, WarpOperation.LOAD_A, tile, offsetBytes, site);
    }

    public static void mmaLoadB(Lane lane, int[] tile, int k, int site) {
        load(lane, WarpOperation.LOAD_B, tile, 0, site);
    }

    public static void mmaLoadB(Lane lane, int[] tile, int k, int offsetBytes, int site) {
        load(lane, WarpOperation.LOAD_B, tile, offsetBytes, site);
    }

    public static void mmaLoadBSwizzled(Lane lane, HalfFloat[] tile, int k, int site) {
        load(lane, WarpOperation.LOAD_B_SWIZZLED, tile, 0, site);
    }

    public static void mmaLoadBSwizzled(Lane lane, HalfFloat[] tile, int k, int offsetBytes, int site) {
        load(lane, WarpOperation.LOAD_B_SWIZZLED, tile, offsetBytes, site);
    }

    public static void mmaLoadAInt8(Lane lane, int[] tile, int k, int site) {
        load(lane, WarpOperation.LOAD_A_BYTES, tile, 0, site);
    }

    public static void mmaLoadBInt8(Lane lane, int[] tile, int k, int site) {
        load(lane, WarpOperation.LOAD_B_BYTES, tile, 0, site);
    }

    public static void mmaLoadAFP8(Lane lane, int[] tile, int k, int site) {
        load(lane, WarpOperation.LOAD_A_BYTES, tile, 0, site);
    }

    public static void mmaLoadBFP8(Lane lane, int[] tile, int k, int site) {
        load(lane, WarpOperation.LOAD_B_BYTES, tile, 0, site);
    }

    private static void load(Lane lane, WarpOperation operation, Object tile, int offsetBytes, int site) {
        lane.firstOperand = tile;
        lane.intOperand = offsetBytes;
        lane.waitForWarp(operation, site);
    }

    public static void mma(Lane lane, HalfFloat[] a, HalfFloat[] b, float[] c, MMAShape shape, int site) {
        multiply(lane, WarpOperation.MULTIPLY_F16, a, b, c, shape, MMAShape.M16N8K16, site);
    }

    public static void mmaBF16(Lane lane, HalfFloat[] a, HalfFloat[] b, float[] c, MMAShape shape, int site) {
        multiply(lane, WarpOperation.MULTIPLY_BF16, a, b, c, shape, MMAShape.M16N8K16, site);
    }

    public static void mmaInt8(Lane lane, byte[] a, byte[] b, int[] c, MMAShape shape, int site) {
        multiply(lane, WarpOperation.MULTIPLY_INT8, a, b, c, shape, MMAShape.M16N8K32, site);
    }

    public static void mmaFP8E4M3(Lane lane, byte[] a, byte[] b, float[] c, MMAShape shape, int site) {
        multiply(lane, WarpOperation.MULTIPLY_E4M3, a, b, c, shape, MMAShape.M16N8K32, site);
    }

    public static void mmaFP8E5M2(Lane lane, byte[] a, byte[] b, float[] c, MMAShape shape, int site) {
        multiply(lane, WarpOperation.MULTIPLY_E5M2, a, b, c, shape, MMAShape.M16N8K32, site);
    }

    private static void multiply(
            Lane lane,
            WarpOperation operation,
            Object a,
            Object b,
            Object c,
            MMAShape shape,
            MMAShape expected,
            int site) {
        if (shape != expected) {
            throw lane.failure(site, "multiplies with shape %s: expected %s".formatted(shape, expected));
        }
        lane.firstOperand = a;
        lane.secondOperand = b;
        lane.thirdOperand = c;
        lane.waitForWarp(operation, site);
    }

    public static void mmaStore(
            Lane lane, float[] d, FloatArray matrix, int row, int column, int numColumns, int site) {
        for (int i = 0; i < d.length; i++) {
            int index = MatrixUnit.storedIndex(lane, i, row, column, numColumns);
            announceStore(lane, matrix, index, site);
            matrix.set(index, d[i]);
        }
    }

    public static void mmaStoreInt(Lane lane, int[] d, IntArray matrix, int row, int column, int numColumns, int site) {
        for (int i = 0; i < d.length; i++) {
            int index = MatrixUnit.storedIndex(lane, i, row, column, numColumns);
            announceStore(lane, matrix, index, site);
            matrix.set(index, d[i]);
        }
    }

    private static void announceStore(Lane lane, Object matrix, int index, int site) {
        if (lane.group.checks()) {
            writeUnknown(matrix, index, 1, 1, site, lane);
        }
    }

    // Copies under way. The target holds a pattern until the copy is waited for.

    public static void asyncCopyToLocal(
            Lane lane, int[] tile, int index, HalfFloatArray source, int sourceIndex, int site) {
        announceSource(lane, source, sourceIndex, 2, site);
        int low = source.get(sourceIndex).getHalfFloatValue() & 0xFFFF;
        start(lane, tile, index, low | source.get(sourceIndex + 1).getHalfFloatValue() << 16, site);
    }

    public static void asyncCopyToLocal(Lane lane, int[] tile, int index, FP8Array source, int sourceIndex, int site) {
        announceSource(lane, source, sourceIndex, 4, site);
        int value = 0;
        for (int i = 0; i < 4; i++) {
            value |= (source.get(sourceIndex + i) & 0xFF) << (8 * i);
        }
        start(lane, tile, index, value, site);
    }

    public static void asyncCopyToLocal(Lane lane, int[] tile, int index, ByteArray source, int sourceIndex, int site) {
        announceSource(lane, source, sourceIndex, 4, site);
        int value = 0;
        for (int i = 0; i < 4; i++) {
            value |= (source.get(sourceIndex + i) & 0xFF) << (8 * i);
        }
        start(lane, tile, index, value, site);
    }

    private static void announceSource(Lane lane, Object source, int sourceIndex, int width, int site) {
        if (!lane.group.checks()) {
            return;
        }
        readUnknown(source, sourceIndex, 1, width, site, lane);
        if (sourceIndex % width != 0) {
            throw lane.failure(
                    site,
                    "copies 4 bytes from index %d: expected a multiple of %d, since such copies are aligned"
                            .formatted(sourceIndex, width));
        }
    }

    private static void start(Lane lane, int[] tile, int index, int value, int site) {
        writeTile(lane, tile, index, site);
        tile[index] = ASYNC_PATTERN;
        AsyncCopies copies = lane.copies;
        if (copies == null) {
            copies = new AsyncCopies();
            lane.copies = copies;
        }
        copies.add(new AsyncCopies.Copy(tile, index, value, site));
    }

    public static void asyncCopyCommit(Lane lane, int site) {
        if (lane.copies != null) {
            lane.copies.commit();
        }
    }

    public static void asyncCopyWaitGroup(Lane lane, int groups, int site) {
        if (lane.copies == null) {
            return;
        }
        for (AsyncCopies.Copy copy : lane.copies.arrived(groups)) {
            writeTile(lane, copy.tile(), copy.index(), copy.site());
            copy.tile()[copy.index()] = copy.value();
        }
    }
}
