package sala.kernels.matvec;

import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;

/**
 * How a matrix's rows are shared out: each row by a team of neighbouring lanes, as many teams as fit into a work group.
 *
 * <p>A long row gets the whole group: then the groups that run at the same time read neighbouring rows end to end, where
 * a warp a row reads many far streams side by side and gets a third less of the memory's bandwidth. It also splits the
 * sums of a short matrix over enough lanes to occupy the device.
 */
final class RowTeams {
    /** Lanes of a work group of every matrix-vector kernel. */
    static final int GROUP_LANES = 128;

    /** Lanes that shuffles sum over. */
    static final int WARP_LANES = 32;

    /** Elements that a lane loads before it uses the first. */
    private static final int LOADS_IN_FLIGHT = 8;

    private RowTeams() {}

    /** Lanes of a team for rows of so many elements: 32, 64 or 128. */
    static int lanesFor(int inputSize) {
        int lanes = WARP_LANES;
        while (lanes < GROUP_LANES && 2 * lanes * LOADS_IN_FLIGHT <= inputSize) {
            lanes *= 2;
        }
        return lanes;
    }

    /** The grid for so many rows. */
    static WorkerGrid grid(int rows, int lanes) {
        int rowsPerGroup = GROUP_LANES / lanes;
        int groups = (rows + rowsPerGroup - 1) / rowsPerGroup;
        WorkerGrid grid = new WorkerGrid1D(Math.multiplyExact(groups, GROUP_LANES));
        grid.setLocalWork(GROUP_LANES, 1, 1);
        return grid;
    }
}
