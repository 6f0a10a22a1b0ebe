package sala.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid1D;

/** One-dimensional grids, and the sum over a work group that works on every device. */
public final class WorkGroups {
    private WorkGroups() {}

    /**
     * A grid of whole work groups.
     *
     * @param groups number of work groups, at least 1
     * @param lanes of a work group
     * @throws IllegalArgumentException if there are more lanes in all than an int counts
     */
    public static WorkerGrid1D grid(long groups, int lanes) {
        if (groups < 1 || groups * lanes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "work groups of %d lanes: expected from 1 to %d, found %d: split the call into smaller ones"
                            .formatted(lanes, Integer.MAX_VALUE / lanes, groups));
        }
        WorkerGrid1D grid = new WorkerGrid1D(Math.toIntExact(groups * lanes));
        grid.setLocalWork(lanes, 1, 1);
        return grid;
    }

    /** Work groups of {@code lanes} lanes that cover {@code elements} elements. */
    public static long covering(long elements, int lanes) {
        return (elements + lanes - 1) / lanes;
    }

    /**
     * Sum of {@code value} over the lanes of a work group, for every lane: a tree in local memory, so no lane needs to
     * run in step with another. For use in kernels. The order of additions is fixed, so the result is the same each time.
     *
     * @param context of the kernel
     * @param partials {@code [lanes]}, local memory
     * @param lane index in the work group
     * @param lanes of the work group, a power of two
     * @param value of this lane
     */
    public static float sum(KernelContext context, float[] partials, int lane, int lanes, float value) {
        partials[lane] = value;
        for (int stride = lanes / 2; stride > 0; stride = stride / 2) {
            context.localBarrier();
            if (lane < stride) {
                partials[lane] = partials[lane] + partials[lane + stride];
            }
        }
        context.localBarrier();
        return partials[0];
    }
}
