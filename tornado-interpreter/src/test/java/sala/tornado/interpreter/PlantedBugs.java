package sala.tornado.interpreter;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.collections.VectorFloat4;

/** Kernels with one fault each. */
final class PlantedBugs {
    private static final int[] TABLE = {1, 2, 3};

    private PlantedBugs() {}

    static void missingBarrier(KernelContext context, FloatArray x, FloatArray y) {
        int lane = context.localIdx;
        float[] tile = context.allocateFloatLocalArray(32);
        tile[lane] = x.get(context.globalIdx);
        y.set(context.globalIdx, tile[31 - lane]);
    }

    static void missingBarrierBeforeReuse(KernelContext context, FloatArray x, FloatArray y) {
        int lane = context.localIdx;
        float[] tile = context.allocateFloatLocalArray(32);
        tile[lane] = x.get(context.globalIdx);
        context.localBarrier();
        float other = tile[31 - lane];
        tile[lane] = 2 * other;
        context.localBarrier();
        y.set(context.globalIdx, tile[lane]);
    }

    static void lanesWriteOneLocalElement(KernelContext context, FloatArray x, FloatArray y) {
        float[] last = context.allocateFloatLocalArray(1);
        last[0] = x.get(context.globalIdx);
        context.localBarrier();
        y.set(context.globalIdx, last[0]);
    }

    static void wrongBarrierForGlobalMemory(KernelContext context, FloatArray y) {
        int i = context.globalIdx;
        y.set(i, i);
        context.localBarrier();
        float other = y.get(context.groupIdx * 32 + 31 - context.localIdx);
        context.globalBarrier();
        y.set(i, other);
    }

    static void lanesWriteOneGlobalElement(KernelContext context, FloatArray x, FloatArray y) {
        y.set(context.groupIdx, x.get(context.globalIdx));
    }

    static void groupsWriteOneElement(KernelContext context, FloatArray y) {
        if (context.localIdx == 0) {
            y.set(7, context.groupIdx);
        }
    }

    static void groupReadsWhatAnotherWrites(KernelContext context, FloatArray y) {
        int i = context.globalIdx;
        y.set(i, 1);
        context.globalBarrier();
        if (i >= 32) {
            y.set(i, y.get(i - 32));
        }
    }

    static void groupWritesWhatAnotherRead(KernelContext context, FloatArray y, FloatArray z) {
        int i = context.globalIdx;
        int last = context.globalGroupSizeX - 1;
        z.set(i, y.get(last));
        context.globalBarrier();
        if (i == last) {
            y.set(last, 3);
        }
    }

    static void atomicBesidePlain(KernelContext context, IntArray counts) {
        context.atomicAdd(counts, 0, 1);
        if (context.localIdx == 5) {
            counts.set(0, 0);
        }
    }

    static void readsPastTheEnd(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        y.set(i, x.get(i + 1));
    }

    static void writesBeforeTheStart(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        y.set(i - 1, x.get(i));
    }

    static void vectorPastTheEnd(KernelContext context, VectorFloat4 x, FloatArray y) {
        int i = context.globalIdx;
        y.set(i, x.get(i).getX());
    }

    private static float load(FloatArray values, int index) {
        return values.get(index);
    }

    static void helperPastTheEnd(KernelContext context, FloatArray x, FloatArray y) {
        int i = context.globalIdx;
        y.set(i, load(x, i + 40));
    }

    static void localPastTheEnd(KernelContext context, FloatArray y) {
        float[] tile = context.allocateFloatLocalArray(16);
        tile[context.localIdx] = 1;
        context.localBarrier();
        y.set(context.globalIdx, tile[0]);
    }

    static void privatePastTheEnd(KernelContext context, FloatArray y) {
        float[] own = new float[4];
        own[context.localIdx] = 1;
        y.set(context.globalIdx, own[0]);
    }

    static void barrierInABranch(KernelContext context, FloatArray y) {
        int lane = context.localIdx;
        if (lane < 16) {
            context.localBarrier();
        }
        y.set(context.globalIdx, lane);
    }

    static void barriersAtDifferentPlaces(KernelContext context, FloatArray y) {
        int lane = context.localIdx;
        if (lane < 16) {
            context.localBarrier();
            y.set(context.globalIdx, 1);
        } else {
            context.localBarrier();
            y.set(context.globalIdx, 2);
        }
    }

    static void barrierInALoopOfDifferentLength(KernelContext context, FloatArray y) {
        int lane = context.localIdx;
        for (int i = 0; i <= lane; i++) {
            context.localBarrier();
        }
        y.set(context.globalIdx, lane);
    }

    static void returnBeforeTheBarrier(KernelContext context, FloatArray y, int size) {
        if (context.globalIdx >= size) {
            return;
        }
        context.localBarrier();
        y.set(context.globalIdx, 1);
    }

    static void warpOperationInABranch(KernelContext context, FloatArray y) {
        float sum = 0;
        if (context.localIdx > 3) {
            sum = context.simdSum(1f);
        }
        y.set(context.globalIdx, sum);
    }

    static void localMemoryUsedUnset(KernelContext context, FloatArray y) {
        float[] tile = context.allocateFloatLocalArray(32);
        y.set(context.globalIdx, tile[context.localIdx]);
    }

    static void tooMuchLocalMemory(KernelContext context, FloatArray y) {
        float[] tile = context.allocateFloatLocalArray(16 * 1024);
        tile[context.localIdx] = 1;
        y.set(context.globalIdx, tile[context.localIdx]);
    }

    static void differentLocalArrays(KernelContext context, FloatArray y) {
        float[] tile = context.allocateFloatLocalArray(32 + context.localIdx);
        tile[context.localIdx] = 1;
        y.set(context.globalIdx, tile[context.localIdx]);
    }

    static void divides(KernelContext context, IntArray y, int divisor) {
        y.set(context.globalIdx, 7 / (divisor - context.globalIdx));
    }

    static void copyNotWaitedFor(KernelContext context, HalfFloatArray x, IntArray y) {
        int lane = context.localIdx;
        int[] tile = context.allocateIntLocalArray(32);
        context.asyncCopyToLocal(tile, lane, x, 2 * lane);
        context.asyncCopyCommit();
        context.localBarrier();
        y.set(context.globalIdx, tile[lane]);
    }

    static void copyNotAligned(KernelContext context, HalfFloatArray x, IntArray y) {
        int lane = context.localIdx;
        int[] tile = context.allocateIntLocalArray(32);
        context.asyncCopyToLocal(tile, lane, x, lane);
        y.set(context.globalIdx, lane);
    }

    static void callsItself(KernelContext context, FloatArray y) {
        y.set(context.globalIdx, factorial(context.localIdx));
    }

    private static int factorial(int n) {
        return n < 2 ? 1 : n * factorial(n - 1);
    }

    static void readsStaticArray(KernelContext context, IntArray y) {
        y.set(context.globalIdx, TABLE[0]);
    }

    static void joinsStrings(KernelContext context, IntArray y) {
        y.set(context.globalIdx, ("lane " + context.localIdx).length());
    }

    static void halves(KernelContext context, HalfFloatArray x, FloatArray y) {
        HalfFloat value = x.get(context.globalIdx);
        y.set(context.globalIdx, value.getFloat32());
    }
}
