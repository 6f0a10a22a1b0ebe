package sala.model.cpu;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Products of stored matrices with one vector, over all workers: the projections of a decode step.
 *
 * <pre>  y[r] = sum over c of W[r, c] x[c]  </pre>
 *
 * <p>Several matrices that share x go in one parallel region. Workers take pieces of rows as they become free; a row is
 * always summed by one worker in one order, so results do not depend on the number of workers. Nothing is allocated.
 * Not thread-safe.
 */
final class MatVec implements WorkerTeam.Job {
    /** Weights of a piece at most: a piece is read in streams, and long ones are read faster. */
    private static final int MAX_PIECE_BYTES = 1 << 19;

    /** Weights of a piece at least, if there are so many: enough to hide taking it. */
    private static final int MIN_PIECE_BYTES = 1 << 16;

    /** Pieces of a matrix for each worker, unless they got too large or too small: many share the end of the work evenly. */
    private static final int PIECES_PER_WORKER = 4;

    private final WorkerTeam team;
    private final ColdStart coldStart;
    private final AtomicInteger nextPiece = new AtomicInteger();
    private final ProductInput input;
    private final float[][] lanes;
    private final PlainScratch[] plainScratches;

    private WeightMatrix[] matrices = {};
    private float[] x = {};
    private float[][] outputs = {};

    /** @param maxColumns largest width of a matrix to come */
    MatVec(WorkerTeam team, ColdStart coldStart, int maxColumns) {
        this.team = team;
        this.coldStart = coldStart;
        input = new ProductInput(maxColumns);
        lanes = new float[team.size()][WeightMatrix.ROWS * VectorMath.LANES];
        plainScratches = new PlainScratch[team.size()];
        for (int worker = 0; worker < plainScratches.length; worker++) {
            plainScratches[worker] = new PlainScratch(maxColumns);
        }
    }

    /**
     * {@code newOutputs[i] = newMatrices[i] newX} for each i.
     *
     * @param newMatrices {@code [rows of i, columns]}, all of one width
     * @param newX {@code [columns]}
     * @param newOutputs {@code [rows of i]} each
     */
    void multiply(WeightMatrix[] newMatrices, float[] newX, float[][] newOutputs) {
        matrices = newMatrices;
        x = newX;
        outputs = newOutputs;
        if (!coldStart.plain()) {
            input.set(newX, newMatrices[0].columns);
        }
        nextPiece.set(0);
        team.run(this);
    }

    @Override
    public void run(int worker, int workers) {
        int piece = nextPiece.getAndIncrement();
        int firstPiece = 0;
        for (int i = 0; i < matrices.length; i++) {
            WeightMatrix matrix = matrices[i];
            int pieceRows = pieceRows(matrix, workers);
            int pieces = Math.ceilDiv(matrix.rows, pieceRows);
            for (; piece < firstPiece + pieces; piece = nextPiece.getAndIncrement()) {
                int row = (piece - firstPiece) * pieceRows;
                int end = Math.min(matrix.rows, row + pieceRows);
                if (coldStart.plain()) {
                    matrix.multiplyPlainly(x, row, end, plainScratches[worker], outputs[i]);
                } else {
                    matrix.multiply(input, row, end, lanes[worker], outputs[i]);
                }
            }
            firstPiece += pieces;
        }
    }

    private static int pieceRows(WeightMatrix matrix, int workers) {
        long share = matrix.rows * matrix.rowBytes / PIECES_PER_WORKER / workers;
        long rows = Math.clamp(share, MIN_PIECE_BYTES, MAX_PIECE_BYTES) / Math.max(1, matrix.rowBytes);
        return (int) Math.max(WeightMatrix.ROWS, rows - rows % WeightMatrix.ROWS);
    }
}
