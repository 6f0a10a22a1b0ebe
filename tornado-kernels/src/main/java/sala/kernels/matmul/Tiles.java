package sala.kernels.matmul;

import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;

/** Grids of tiled kernels: one work group a tile, in one dimension. */
final class Tiles {
    private Tiles() {}

    /** Tiles that cover a size. */
    static int count(int size, int tile) {
        return (size + tile - 1) / tile;
    }

    /** A grid of {@code count(rows) x count(columns)} groups. */
    static WorkerGrid grid(int rows, int tileRows, int columns, int tileColumns, int groupLanes) {
        int groups = Math.multiplyExact(count(rows, tileRows), count(columns, tileColumns));
        WorkerGrid grid = new WorkerGrid1D(Math.multiplyExact(groups, groupLanes));
        grid.setLocalWork(groupLanes, 1, 1);
        return grid;
    }
}
