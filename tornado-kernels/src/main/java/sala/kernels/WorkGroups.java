package sala.kernels;

import uk.ac.manchester.tornado.api.WorkerGrid1D;

/** One-dimensional grids of whole work groups. */
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
}
