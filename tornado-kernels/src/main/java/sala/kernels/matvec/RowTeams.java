package sala.kernels.matvec;

import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;

/**
 * How a matrix's rows are shared out: each row by a team of neighbouring lanes, as many teams as fit into a work group.
 * A short matrix gets wide teams, since its rows alone would not occupy the device.
 */
final class RowTeams {
    /** Lanes of a work group of every matrix-vector kernel. */
    static final int GROUP_LANES = 128;

    /** Lanes that shuffles sum over. */
    static final int WARP_LANES = 32;

    /** About as many lanes as a large device holds at once. */
    private static final long LANES_WANTED = 200_000;

    private RowTeams() {}

    /** Lanes of a team for so many rows: 32, 64 or 128. */
    static int lanesFor(int rows) {
        int lanes = 32;
        while (lanes < GROUP_LANES && (long) rows * lanes < LANES_WANTED) {
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
