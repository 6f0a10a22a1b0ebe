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
    /** Weights of a piece: long enough to hide taking it, short enough to share the end of the work evenly. */
    private static final int PIECE_BYTES = 1 << 17;

    private enum Epilogue {
        NONE,
        SWI_GLU,
        RESIDUAL
    }

    private final WorkerTeam team;
    private final AtomicInteger nextPiece = new AtomicInteger();
    private final float[] pairs;
    private final WeightMatrix[] single = new WeightMatrix[1];
    private final float[][] singleOutput = new float[1][];

    private WeightMatrix[] matrices = {};
    private float[] x = {};
    private float[][] outputs = {};
    private Epilogue epilogue = Epilogue.NONE;
    private float[] residual = {};
    private float residualScale;

    /** @param maxColumns largest width of a matrix to come */
    MatVec(WorkerTeam team, int maxColumns) {
        this.team = team;
        pairs = new float[maxColumns];
    }

    /**
     * {@code outputs[i] = matrices[i] newX} for each i.
     *
     * @param newMatrices {@code [rows of i, columns]}, all of one width
     * @param newX {@code [columns]}
     * @param newOutputs {@code [rows of i]} each
     */
    void multiply(WeightMatrix[] newMatrices, float[] newX, float[][] newOutputs) {
        run(newMatrices, newX, newOutputs, Epilogue.NONE);
    }

    /** {@code output = matrix newX}. */
    void multiply(WeightMatrix matrix, float[] newX, float[] output) {
        single[0] = matrix;
        singleOutput[0] = output;
        run(single, newX, singleOutput, Epilogue.NONE);
    }

    /**
     * {@code outputs[0] = silu(gate x) * (up x)}.
     *
     * @param gateAndUp two matrices of one shape
     * @param newOutputs {@code [rows]} twice, the second being scratch
     */
    void multiplySwiGlu(WeightMatrix[] gateAndUp, float[] newX, float[][] newOutputs) {
        run(gateAndUp, newX, newOutputs, Epilogue.SWI_GLU);
    }

    /**
     * {@code hidden += scale * (matrix x)}.
     *
     * @param scratch {@code [rows]}
     * @param hidden {@code [rows]}
     */
    void multiplyAddScaled(WeightMatrix matrix, float[] newX, float[] scratch, float[] hidden, float scale) {
        single[0] = matrix;
        singleOutput[0] = scratch;
        residual = hidden;
        residualScale = scale;
        run(single, newX, singleOutput, Epilogue.RESIDUAL);
    }

    private void run(WeightMatrix[] newMatrices, float[] newX, float[][] newOutputs, Epilogue newEpilogue) {
        matrices = newMatrices;
        x = newX;
        outputs = newOutputs;
        epilogue = newEpilogue;
        Interleaving.split(newX, newMatrices[0].columns, pairs);
        nextPiece.set(0);
        team.run(this);
    }

    @Override
    public void run(int worker, int workers) {
        int piece = nextPiece.getAndIncrement();
        if (epilogue == Epilogue.SWI_GLU) {
            WeightMatrix gate = matrices[0];
            int pieceRows = pieceRows(gate);
            for (int row = piece * pieceRows; row < gate.rows; row = nextPiece.getAndIncrement() * pieceRows) {
                int end = Math.min(gate.rows, row + pieceRows);
                gate.multiply(x, pairs, row, end, outputs[0]);
                matrices[1].multiply(x, pairs, row, end, outputs[1]);
                SwiGlu.apply(outputs[0], outputs[1], row, end);
            }
            return;
        }
        int firstPiece = 0;
        for (int i = 0; i < matrices.length; i++) {
            WeightMatrix matrix = matrices[i];
            int pieceRows = pieceRows(matrix);
            int pieces = (matrix.rows + pieceRows - 1) / pieceRows;
            for (; piece < firstPiece + pieces; piece = nextPiece.getAndIncrement()) {
                int row = (piece - firstPiece) * pieceRows;
                int end = Math.min(matrix.rows, row + pieceRows);
                matrix.multiply(x, pairs, row, end, outputs[i]);
                if (epilogue == Epilogue.RESIDUAL) {
                    ResidualAdd.apply(residual, outputs[i], residualScale, row, end);
                }
            }
            firstPiece += pieces;
        }
    }

    private static int pieceRows(WeightMatrix matrix) {
        int rows = (int) (PIECE_BYTES / Math.max(1, matrix.rowBytes));
        return Math.max(WeightMatrix.ROW_UNIT, rows & -WeightMatrix.ROW_UNIT);
    }
}
