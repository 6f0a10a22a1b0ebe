package sala.samples.lesson;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The kernel of the ninth lesson, compiled: TornadoVM reads a kernel's class file from the class path, where what is typed
 * into JShell is not.
 *
 * <pre>  out[g] = sum of x[i],   {@value #LANES} g &lt;= i &lt; {@value #LANES} (g + 1)  </pre>
 *
 * <p>Launch: a work group of {@value #LANES} lanes a sum; a tree in local memory, f32.
 */
public final class GroupSums {
    /** Lanes of a work group, which are the elements of a sum. */
    public static final int LANES = 64;

    private GroupSums() {}

    /**
     * The kernel.
     *
     * @param x {@code [groups, LANES]}, f32
     * @param out {@code [groups]}, f32
     */
    public static void compute(KernelContext context, FloatArray x, FloatArray out) {
        float[] partials = context.allocateFloatLocalArray(LANES);
        int lane = context.localIdx;
        partials[lane] = x.get(context.globalIdx);
        for (int stride = LANES / 2; stride > 0; stride = stride / 2) {
            context.localBarrier();
            if (lane < stride) {
                partials[lane] += partials[lane + stride];
            }
        }
        if (lane == 0) {
            out.set(context.groupIdx, partials[0]);
        }
    }
}
