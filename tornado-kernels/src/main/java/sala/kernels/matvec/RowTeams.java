package sala.kernels.matvec;

import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;

/**
 * How a matrix's rows are shared out: four neighbouring rows by a team of neighbouring lanes, as many teams as fit into a work
 * group. Where a launch has two matrices of many rows, a team takes one row of each; and on OpenCL one of rows that are not
 * long ({@link #takesOneRow}).
 *
 * <p>Long rows get the whole group: then the groups that run at the same time read neighbouring rows end to end, where
 * a warp a row reads many far streams side by side and gets a third less of the memory's bandwidth. It also splits the
 * sums of a short matrix over enough lanes to occupy the device.
 */
final class RowTeams {
    /** Rows of a team. */
    static final int ROWS = 4;

    /** Lanes of a work group of every matrix-vector kernel. */
    static final int GROUP_LANES = 128;

    /** Lanes that shuffles sum over. */
    static final int WARP_LANES = 32;

    /** Elements that a lane loads before it uses the first. */
    private static final int LOADS_IN_FLIGHT = 8;

    /** Elements of a vector that a multiprocessor's cache surely holds. */
    private static final int CACHED_INPUTS = 8192;

    private RowTeams() {}

    /**
     * Whether a team takes one row of a launch's only matrix. Without shuffles, which is on OpenCL, an H100 is done with one
     * in half the time that four at once take, until the vector does not stay in the cache: four share its loads.
     */
    static boolean takesOneRow(int inputSize, int warpShuffles) {
        return warpShuffles == 0 && inputSize <= CACHED_INPUTS;
    }

    /** Lanes of a team for rows of so many elements: 32, 64 or 128. */
    static int lanesFor(int inputSize) {
        int lanes = WARP_LANES;
        while (lanes < GROUP_LANES && 2 * lanes * LOADS_IN_FLIGHT <= inputSize) {
            lanes *= 2;
        }
        return lanes;
    }

    /** Teams for so many rows; usable in kernels. */
    static int teams(int rows) {
        return (rows + ROWS - 1) / ROWS;
    }

    /** The grid for so many teams. */
    static WorkerGrid grid(int teams, int lanes) {
        int teamsPerGroup = GROUP_LANES / lanes;
        int groups = (teams + teamsPerGroup - 1) / teamsPerGroup;
        WorkerGrid grid = new WorkerGrid1D(Math.multiplyExact(groups, GROUP_LANES));
        grid.setLocalWork(GROUP_LANES, 1, 1);
        return grid;
    }
}
