package sala.kernels.conformance;

import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.WorkerGrid3D;

/** Grids with their local sizes. */
final class Grids {
    private Grids() {}

    static WorkerGrid of(int global, int local) {
        WorkerGrid grid = new WorkerGrid1D(global);
        grid.setLocalWork(local, 1, 1);
        return grid;
    }

    static WorkerGrid of(int globalX, int globalY, int localX, int localY) {
        WorkerGrid grid = new WorkerGrid2D(globalX, globalY);
        grid.setLocalWork(localX, localY, 1);
        return grid;
    }

    static WorkerGrid of(int[] global, int[] local) {
        WorkerGrid grid = new WorkerGrid3D(global[0], global[1], global[2]);
        grid.setLocalWork(local[0], local[1], local[2]);
        return grid;
    }
}
