package sala.model.cpu;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of stored matrices with many vectors, over all workers: the projections of a prefill chunk.
 *
 * <pre>  Y[t, r] = sum over c of X[t, c] W[r, c]  </pre>
 *
 * <p>Lanes are tokens: X is packed once per call into panels {@code [panel][column][PANEL tokens]}, and an element of W
 * is broadcast. So W, which is read once per call, needs no transposition: a worker takes {@link #BLOCK_ROWS} rows,
 * widens a slice of {@link #SLICE} columns into a buffer of its L2 cache and runs it over all panels in tiles of
 * 4 or 8 rows by one panel, kept in registers.
 *
 * <p>Each element is one f32 sum over c in ascending order, whatever the number of tokens or workers. Nothing is
 * allocated while the token count stays within {@code maxTokens}. Not thread-safe.
 */
final class MatMul {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final int LANES = VectorMath.LANES;

    /** Tokens of a panel: two vectors. */
    private static final int PANEL = 2 * LANES;

    /**
     * AVX2 has 16 vector registers, of which C2 keeps at most 9 sums of a loop: with 10 or 12 it runs at half the speed. So a
     * tile has 4 rows there, and 8 with the 32 registers of AVX-512 and NEON.
     */
    private static final boolean SIXTEEN_REGISTERS = SPECIES.vectorBitSize() == 256;

    /** Rows of W that a worker takes at a time: a multiple of 4 and of 8. */
    private static final int BLOCK_ROWS = 64;

    /** Columns of W that are widened at a time; a constant, so that the rows of a tile are at fixed distances. */
    private static final int SLICE = 256;

    /** Rows of W that the plain loops sum at a time, so that an addition need not wait for the last one. */
    private static final int PLAIN_ROWS = 4;

    private final WorkerTeam team;
    private final ColdStart coldStart;
    private final int maxTokens;
    private final float[] panels;
    private final float[][] widened;
    private final float[][] sums;
    private final PlainScratch[] plainScratches;
    private final AtomicInteger next = new AtomicInteger();
    private final WorkerTeam.Job packing = this::pack;
    private final WorkerTeam.Job multiplying = this::multiplyBlocks;

    private WeightMatrix[] matrices = {};
    private float[][] outputs = {};
    private float[] x = {};
    private int tokenCount;
    private int columns;

    /**
     * @param maxTokens most tokens of a call
     * @param maxColumns largest width of a matrix to come
     */
    MatMul(WorkerTeam team, ColdStart coldStart, int maxTokens, int maxColumns) {
        this.team = team;
        this.coldStart = coldStart;
        this.maxTokens = maxTokens;
        int maxPaddedTokens = Math.multiplyExact(Math.ceilDiv(maxTokens, PANEL), PANEL);
        panels = new float[Math.multiplyExact(maxPaddedTokens, maxColumns)];
        widened = new float[team.size()][BLOCK_ROWS * SLICE];
        sums = new float[team.size()][Math.multiplyExact(BLOCK_ROWS, maxPaddedTokens)];
        plainScratches = new PlainScratch[team.size()];
        for (int worker = 0; worker < plainScratches.length; worker++) {
            plainScratches[worker] = new PlainScratch(SLICE);
        }
    }

    /**
     * {@code newOutputs[i] = newX newMatrices[i]^T} for each i.
     *
     * @param newMatrices {@code [rows of i, columns]}, all of one width
     * @param newX {@code [count, columns]}
     * @param count tokens, from 1 to {@code maxTokens}
     * @param newOutputs {@code [count, rows of i]} each
     */
    void multiply(WeightMatrix[] newMatrices, float[] newX, int count, float[][] newOutputs) {
        if (count < 1 || count > maxTokens) {
            throw new IllegalArgumentException("%d tokens, expected 1 to %d".formatted(count, maxTokens));
        }
        matrices = newMatrices;
        outputs = newOutputs;
        x = newX;
        tokenCount = count;
        columns = newMatrices[0].columns;
        if (!coldStart.plain()) {
            next.set(0);
            team.run(packing);
        }
        next.set(0);
        team.run(multiplying);
    }

    private int numPanels() {
        return Math.ceilDiv(tokenCount, PANEL);
    }

    /** Transposes X into panels; tokens that pad the last panel are 0. */
    private void pack(int worker, int workers) {
        int segments = Math.ceilDiv(columns, SLICE);
        int pieces = numPanels() * segments;
        for (int piece = next.getAndIncrement(); piece < pieces; piece = next.getAndIncrement()) {
            int panel = piece / segments;
            int from = piece % segments * SLICE;
            int to = Math.min(columns, from + SLICE);
            int base = panel * columns * PANEL;
            for (int lane = 0; lane < PANEL; lane++) {
                int token = panel * PANEL + lane;
                int source = token * columns;
                if (token < tokenCount) {
                    for (int column = from; column < to; column++) {
                        panels[base + column * PANEL + lane] = x[source + column];
                    }
                } else {
                    for (int column = from; column < to; column++) {
                        panels[base + column * PANEL + lane] = 0;
                    }
                }
            }
        }
    }

    private void multiplyBlocks(int worker, int workers) {
        int block = next.getAndIncrement();
        int firstBlock = 0;
        for (int i = 0; i < matrices.length; i++) {
            int blocks = Math.ceilDiv(matrices[i].rows, BLOCK_ROWS);
            for (; block < firstBlock + blocks; block = next.getAndIncrement()) {
                int firstRow = (block - firstBlock) * BLOCK_ROWS;
                if (coldStart.plain()) {
                    multiplyBlockPlainly(matrices[i], firstRow, outputs[i], worker);
                } else {
                    multiplyBlock(matrices[i], firstRow, outputs[i], worker);
                }
            }
            firstBlock += blocks;
        }
    }

    private void multiplyBlock(WeightMatrix matrix, int firstRow, float[] output, int worker) {
        float[] weights = widened[worker];
        float[] tiles = sums[worker];
        int rows = Math.min(BLOCK_ROWS, matrix.rows - firstRow);
        int numPanels = numPanels();
        int paddedTokens = numPanels * PANEL;
        Arrays.fill(tiles, 0, BLOCK_ROWS * paddedTokens, 0);
        for (int from = 0; from < columns; from += SLICE) {
            int depth = Math.min(SLICE, columns - from);
            for (int row = 0; row < rows; row++) {
                matrix.widen(firstRow + row, from, depth, weights, row * SLICE);
            }
            for (int panel = 0; panel < numPanels; panel++) {
                int panelStart = (panel * columns + from) * PANEL;
                // Rows that pad the last tile hold weights of an earlier block; their sums are never read.
                if (tokenCount - panel * PANEL <= LANES) {
                    for (int row = 0; row < rows; row += 8) {
                        int tile = row * paddedTokens + panel * PANEL;
                        multiplyNarrow(weights, row * SLICE, panels, panelStart, depth, tiles, tile, paddedTokens);
                    }
                } else if (SIXTEEN_REGISTERS) {
                    for (int row = 0; row < rows; row += 4) {
                        int tile = row * paddedTokens + panel * PANEL;
                        multiplyFourRows(weights, row * SLICE, panels, panelStart, depth, tiles, tile, paddedTokens);
                    }
                } else {
                    for (int row = 0; row < rows; row += 8) {
                        int tile = row * paddedTokens + panel * PANEL;
                        multiplyEightRows(weights, row * SLICE, panels, panelStart, depth, tiles, tile, paddedTokens);
                    }
                }
            }
        }
        for (int token = 0; token < tokenCount; token++) {
            int out = token * matrix.rows + firstRow;
            for (int row = 0; row < rows; row++) {
                output[out + row] = tiles[row * paddedTokens + token];
            }
        }
    }

    /** {@link #multiplyBlock} in plain loops, to the same bits: each sum takes its columns in ascending order. */
    private void multiplyBlockPlainly(WeightMatrix matrix, int firstRow, float[] output, int worker) {
        float[] weights = widened[worker];
        int rows = Math.min(BLOCK_ROWS, matrix.rows - firstRow);
        for (int from = 0; from < columns; from += SLICE) {
            int depth = Math.min(SLICE, columns - from);
            for (int row = 0; row < rows; row++) {
                matrix.widenPlainly(firstRow + row, from, depth, plainScratches[worker], weights, row * SLICE);
            }
            for (int token = 0; token < tokenCount; token++) {
                int out = token * matrix.rows + firstRow;
                if (from == 0) {
                    Arrays.fill(output, out, out + rows, 0);
                }
                int xStart = token * columns + from;
                int row = 0;
                for (; row + PLAIN_ROWS <= rows; row += PLAIN_ROWS) {
                    addFourPlainly(weights, row * SLICE, x, xStart, depth, output, out + row);
                }
                for (; row < rows; row++) {
                    addOnePlainly(weights, row * SLICE, x, xStart, depth, output, out + row);
                }
            }
        }
    }

    private static void addFourPlainly(
            float[] weights, int firstWeight, float[] x, int xStart, int depth, float[] sums, int sum) {
        float sum0 = sums[sum];
        float sum1 = sums[sum + 1];
        float sum2 = sums[sum + 2];
        float sum3 = sums[sum + 3];
        for (int k = 0; k < depth; k++) {
            float xk = x[xStart + k];
            sum0 = Math.fma(xk, weights[firstWeight + k], sum0);
            sum1 = Math.fma(xk, weights[firstWeight + SLICE + k], sum1);
            sum2 = Math.fma(xk, weights[firstWeight + 2 * SLICE + k], sum2);
            sum3 = Math.fma(xk, weights[firstWeight + 3 * SLICE + k], sum3);
        }
        sums[sum] = sum0;
        sums[sum + 1] = sum1;
        sums[sum + 2] = sum2;
        sums[sum + 3] = sum3;
    }

    private static void addOnePlainly(
            float[] weights, int firstWeight, float[] x, int xStart, int depth, float[] sums, int sum) {
        float sum0 = sums[sum];
        for (int k = 0; k < depth; k++) {
            sum0 = Math.fma(x[xStart + k], weights[firstWeight + k], sum0);
        }
        sums[sum] = sum0;
    }

    /** Adds {@code depth} columns to the sums of 8 rows by 2 vectors of tokens; 16 sums stay in registers. */
    private static void multiplyEightRows(
            float[] weights,
            int firstWeight,
            float[] panels,
            int panelStart,
            int depth,
            float[] tiles,
            int tile,
            int stride) {
        FloatVector s00 = load(tiles, tile);
        FloatVector s01 = load(tiles, tile + LANES);
        FloatVector s10 = load(tiles, tile + stride);
        FloatVector s11 = load(tiles, tile + stride + LANES);
        FloatVector s20 = load(tiles, tile + 2 * stride);
        FloatVector s21 = load(tiles, tile + 2 * stride + LANES);
        FloatVector s30 = load(tiles, tile + 3 * stride);
        FloatVector s31 = load(tiles, tile + 3 * stride + LANES);
        FloatVector s40 = load(tiles, tile + 4 * stride);
        FloatVector s41 = load(tiles, tile + 4 * stride + LANES);
        FloatVector s50 = load(tiles, tile + 5 * stride);
        FloatVector s51 = load(tiles, tile + 5 * stride + LANES);
        FloatVector s60 = load(tiles, tile + 6 * stride);
        FloatVector s61 = load(tiles, tile + 6 * stride + LANES);
        FloatVector s70 = load(tiles, tile + 7 * stride);
        FloatVector s71 = load(tiles, tile + 7 * stride + LANES);
        for (int k = 0; k < depth; k++) {
            FloatVector x0 = load(panels, panelStart + k * PANEL);
            FloatVector x1 = load(panels, panelStart + k * PANEL + LANES);
            FloatVector w = FloatVector.broadcast(SPECIES, weights[firstWeight + k]);
            s00 = x0.fma(w, s00);
            s01 = x1.fma(w, s01);
            w = FloatVector.broadcast(SPECIES, weights[firstWeight + SLICE + k]);
            s10 = x0.fma(w, s10);
            s11 = x1.fma(w, s11);
            w = FloatVector.broadcast(SPECIES, weights[firstWeight + 2 * SLICE + k]);
            s20 = x0.fma(w, s20);
            s21 = x1.fma(w, s21);
            w = FloatVector.broadcast(SPECIES, weights[firstWeight + 3 * SLICE + k]);
            s30 = x0.fma(w, s30);
            s31 = x1.fma(w, s31);
            w = FloatVector.broadcast(SPECIES, weights[firstWeight + 4 * SLICE + k]);
            s40 = x0.fma(w, s40);
            s41 = x1.fma(w, s41);
            w = FloatVector.broadcast(SPECIES, weights[firstWeight + 5 * SLICE + k]);
            s50 = x0.fma(w, s50);
            s51 = x1.fma(w, s51);
            w = FloatVector.broadcast(SPECIES, weights[firstWeight + 6 * SLICE + k]);
            s60 = x0.fma(w, s60);
            s61 = x1.fma(w, s61);
            w = FloatVector.broadcast(SPECIES, weights[firstWeight + 7 * SLICE + k]);
            s70 = x0.fma(w, s70);
            s71 = x1.fma(w, s71);
        }
        s00.intoArray(tiles, tile);
        s01.intoArray(tiles, tile + LANES);
        s10.intoArray(tiles, tile + stride);
        s11.intoArray(tiles, tile + stride + LANES);
        s20.intoArray(tiles, tile + 2 * stride);
        s21.intoArray(tiles, tile + 2 * stride + LANES);
        s30.intoArray(tiles, tile + 3 * stride);
        s31.intoArray(tiles, tile + 3 * stride + LANES);
        s40.intoArray(tiles, tile + 4 * stride);
        s41.intoArray(tiles, tile + 4 * stride + LANES);
        s50.intoArray(tiles, tile + 5 * stride);
        s51.intoArray(tiles, tile + 5 * stride + LANES);
        s60.intoArray(tiles, tile + 6 * stride);
        s61.intoArray(tiles, tile + 6 * stride + LANES);
        s70.intoArray(tiles, tile + 7 * stride);
        s71.intoArray(tiles, tile + 7 * stride + LANES);
    }

    /** Adds {@code depth} columns to the sums of 4 rows by 2 vectors of tokens; 8 sums stay in registers. */
    private static void multiplyFourRows(
            float[] weights,
            int firstWeight,
            float[] panels,
            int panelStart,
            int depth,
            float[] tiles,
            int tile,
            int stride) {
        FloatVector s00 = load(tiles, tile);
        FloatVector s01 = load(tiles, tile + LANES);
        FloatVector s10 = load(tiles, tile + stride);
        FloatVector s11 = load(tiles, tile + stride + LANES);
        FloatVector s20 = load(tiles, tile + 2 * stride);
        FloatVector s21 = load(tiles, tile + 2 * stride + LANES);
        FloatVector s30 = load(tiles, tile + 3 * stride);
        FloatVector s31 = load(tiles, tile + 3 * stride + LANES);
        for (int k = 0; k < depth; k++) {
            FloatVector x0 = load(panels, panelStart + k * PANEL);
            FloatVector x1 = load(panels, panelStart + k * PANEL + LANES);
            FloatVector w = FloatVector.broadcast(SPECIES, weights[firstWeight + k]);
            s00 = x0.fma(w, s00);
            s01 = x1.fma(w, s01);
            w = FloatVector.broadcast(SPECIES, weights[firstWeight + SLICE + k]);
            s10 = x0.fma(w, s10);
            s11 = x1.fma(w, s11);
            w = FloatVector.broadcast(SPECIES, weights[firstWeight + 2 * SLICE + k]);
            s20 = x0.fma(w, s20);
            s21 = x1.fma(w, s21);
            w = FloatVector.broadcast(SPECIES, weights[firstWeight + 3 * SLICE + k]);
            s30 = x0.fma(w, s30);
            s31 = x1.fma(w, s31);
        }
        s00.intoArray(tiles, tile);
        s01.intoArray(tiles, tile + LANES);
        s10.intoArray(tiles, tile + stride);
        s11.intoArray(tiles, tile + stride + LANES);
        s20.intoArray(tiles, tile + 2 * stride);
        s21.intoArray(tiles, tile + 2 * stride + LANES);
        s30.intoArray(tiles, tile + 3 * stride);
        s31.intoArray(tiles, tile + 3 * stride + LANES);
    }

    /** Adds them to the sums of 8 rows by one vector of tokens: the first of the panel. */
    private static void multiplyNarrow(
            float[] weights,
            int firstWeight,
            float[] panels,
            int panelStart,
            int depth,
            float[] tiles,
            int tile,
            int stride) {
        FloatVector s0 = load(tiles, tile);
        FloatVector s1 = load(tiles, tile + stride);
        FloatVector s2 = load(tiles, tile + 2 * stride);
        FloatVector s3 = load(tiles, tile + 3 * stride);
        FloatVector s4 = load(tiles, tile + 4 * stride);
        FloatVector s5 = load(tiles, tile + 5 * stride);
        FloatVector s6 = load(tiles, tile + 6 * stride);
        FloatVector s7 = load(tiles, tile + 7 * stride);
        for (int k = 0; k < depth; k++) {
            FloatVector x = load(panels, panelStart + k * PANEL);
            s0 = x.fma(FloatVector.broadcast(SPECIES, weights[firstWeight + k]), s0);
            s1 = x.fma(FloatVector.broadcast(SPECIES, weights[firstWeight + SLICE + k]), s1);
            s2 = x.fma(FloatVector.broadcast(SPECIES, weights[firstWeight + 2 * SLICE + k]), s2);
            s3 = x.fma(FloatVector.broadcast(SPECIES, weights[firstWeight + 3 * SLICE + k]), s3);
            s4 = x.fma(FloatVector.broadcast(SPECIES, weights[firstWeight + 4 * SLICE + k]), s4);
            s5 = x.fma(FloatVector.broadcast(SPECIES, weights[firstWeight + 5 * SLICE + k]), s5);
            s6 = x.fma(FloatVector.broadcast(SPECIES, weights[firstWeight + 6 * SLICE + k]), s6);
            s7 = x.fma(FloatVector.broadcast(SPECIES, weights[firstWeight + 7 * SLICE + k]), s7);
        }
        s0.intoArray(tiles, tile);
        s1.intoArray(tiles, tile + stride);
        s2.intoArray(tiles, tile + 2 * stride);
        s3.intoArray(tiles, tile + 3 * stride);
        s4.intoArray(tiles, tile + 4 * stride);
        s5.intoArray(tiles, tile + 5 * stride);
        s6.intoArray(tiles, tile + 6 * stride);
        s7.intoArray(tiles, tile + 7 * stride);
    }

    private static FloatVector load(float[] values, int offset) {
        return FloatVector.fromArray(SPECIES, values, offset);
    }
}
