package sala.model.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Small matrix products of attention: {@code C[M, N] (+)= A[M, depth] B[depth, N]} in f32. A is broadcast, B and C are
 * read in whole vectors, so N is a multiple of the lanes and rows of B and C are padded to it. Sums run over
 * {@code depth} in order, whatever the tile.
 */
final class Tiles {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final int LANES = VectorMath.LANES;

    private Tiles() {}

    /** A width rounded up to whole vectors. */
    static int pad(int width) {
        return Math.ceilDiv(width, LANES) * LANES;
    }

    /**
     * A product of matrices with rows at fixed distances.
     *
     * @param a row i of A starts at {@code aOffset + i * lda}
     * @param b row k of B starts at {@code bOffset + k * ldb}
     * @param c row i of C starts at {@code cOffset + i * ldc}
     * @param rows M
     * @param width N, a multiple of the lanes
     * @param add whether to add to C instead of replacing it
     */
    static void multiply(
            float[] a,
            int aOffset,
            int lda,
            float[] b,
            int bOffset,
            int ldb,
            float[] c,
            int cOffset,
            int ldc,
            int rows,
            int depth,
            int width,
            boolean add) {
        int row = 0;
        for (; row + 4 <= rows; row += 4) {
            int column = 0;
            for (; column + 2 * LANES <= width; column += 2 * LANES) {
                int c0 = cOffset + row * ldc + column;
                tile4x2(a, aOffset + row * lda, lda, b, bOffset + column, LANES, ldb, depth, c, c0, LANES, ldc, add);
            }
            if (column < width) {
                int c0 = cOffset + row * ldc + column;
                tile4x1(a, aOffset + row * lda, lda, b, bOffset + column, ldb, depth, c, c0, ldc, add);
            }
        }
        for (; row < rows; row++) {
            for (int column = 0; column < width; column += LANES) {
                int c0 = cOffset + row * ldc + column;
                tile1x1(a, aOffset + row * lda, b, bOffset + column, ldb, depth, c, c0, add);
            }
        }
    }

    /**
     * Products of queries with keys that are stored by groups of as many tokens as a vector has lanes.
     *
     * @param queries {@code [rows, depth]}
     * @param keys group g is {@code [depth, LANES]} from {@code firstGroup + g * groupStride} on
     * @param scores row i starts at {@code i * scoreStride}; {@code groups * LANES} of each are written
     */
    static void scores(
            float[] queries,
            int rows,
            int depth,
            float[] keys,
            int firstGroup,
            int groupStride,
            int groups,
            float[] scores,
            int scoreStride) {
        int row = 0;
        for (; row + 4 <= rows; row += 4) {
            int a = row * depth;
            int c = row * scoreStride;
            int group = 0;
            for (; group + 2 <= groups; group += 2) {
                int b = firstGroup + group * groupStride;
                tile4x2(
                        queries,
                        a,
                        depth,
                        keys,
                        b,
                        groupStride,
                        LANES,
                        depth,
                        scores,
                        c + group * LANES,
                        LANES,
                        scoreStride,
                        false);
            }
            if (group < groups) {
                int b = firstGroup + group * groupStride;
                tile4x1(queries, a, depth, keys, b, LANES, depth, scores, c + group * LANES, scoreStride, false);
            }
        }
        for (; row < rows; row++) {
            for (int group = 0; group < groups; group++) {
                int b = firstGroup + group * groupStride;
                int c = row * scoreStride + group * LANES;
                tile1x1(queries, row * depth, keys, b, LANES, depth, scores, c, false);
            }
        }
    }

    /** Four rows by two vectors, the second {@code bStep} behind in B and {@code cStep} behind in C. */
    private static void tile4x2(
            float[] a,
            int a0,
            int lda,
            float[] b,
            int bOffset,
            int bStep,
            int ldb,
            int depth,
            float[] c,
            int cOffset,
            int cStep,
            int ldc,
            boolean add) {
        FloatVector s00 = FloatVector.zero(SPECIES);
        FloatVector s01 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s20 = s00;
        FloatVector s21 = s00;
        FloatVector s30 = s00;
        FloatVector s31 = s00;
        if (add) {
            s00 = load(c, cOffset);
            s01 = load(c, cOffset + cStep);
            s10 = load(c, cOffset + ldc);
            s11 = load(c, cOffset + ldc + cStep);
            s20 = load(c, cOffset + 2 * ldc);
            s21 = load(c, cOffset + 2 * ldc + cStep);
            s30 = load(c, cOffset + 3 * ldc);
            s31 = load(c, cOffset + 3 * ldc + cStep);
        }
        int a1 = a0 + lda;
        int a2 = a1 + lda;
        int a3 = a2 + lda;
        int row = bOffset;
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = load(b, row);
            FloatVector b1 = load(b, row + bStep);
            row += ldb;
            FloatVector x = FloatVector.broadcast(SPECIES, a[a0 + k]);
            s00 = x.fma(b0, s00);
            s01 = x.fma(b1, s01);
            x = FloatVector.broadcast(SPECIES, a[a1 + k]);
            s10 = x.fma(b0, s10);
            s11 = x.fma(b1, s11);
            x = FloatVector.broadcast(SPECIES, a[a2 + k]);
            s20 = x.fma(b0, s20);
            s21 = x.fma(b1, s21);
            x = FloatVector.broadcast(SPECIES, a[a3 + k]);
            s30 = x.fma(b0, s30);
            s31 = x.fma(b1, s31);
        }
        s00.intoArray(c, cOffset);
        s01.intoArray(c, cOffset + cStep);
        s10.intoArray(c, cOffset + ldc);
        s11.intoArray(c, cOffset + ldc + cStep);
        s20.intoArray(c, cOffset + 2 * ldc);
        s21.intoArray(c, cOffset + 2 * ldc + cStep);
        s30.intoArray(c, cOffset + 3 * ldc);
        s31.intoArray(c, cOffset + 3 * ldc + cStep);
    }

    private static void tile4x1(
            float[] a,
            int a0,
            int lda,
            float[] b,
            int bOffset,
            int ldb,
            int depth,
            float[] c,
            int cOffset,
            int ldc,
            boolean add) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        if (add) {
            s0 = load(c, cOffset);
            s1 = load(c, cOffset + ldc);
            s2 = load(c, cOffset + 2 * ldc);
            s3 = load(c, cOffset + 3 * ldc);
        }
        int row = bOffset;
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = load(b, row);
            row += ldb;
            s0 = FloatVector.broadcast(SPECIES, a[a0 + k]).fma(b0, s0);
            s1 = FloatVector.broadcast(SPECIES, a[a0 + lda + k]).fma(b0, s1);
            s2 = FloatVector.broadcast(SPECIES, a[a0 + 2 * lda + k]).fma(b0, s2);
            s3 = FloatVector.broadcast(SPECIES, a[a0 + 3 * lda + k]).fma(b0, s3);
        }
        s0.intoArray(c, cOffset);
        s1.intoArray(c, cOffset + ldc);
        s2.intoArray(c, cOffset + 2 * ldc);
        s3.intoArray(c, cOffset + 3 * ldc);
    }

    private static void tile1x1(
            float[] a, int a0, float[] b, int bOffset, int ldb, int depth, float[] c, int cOffset, boolean add) {
        FloatVector sum = add ? load(c, cOffset) : FloatVector.zero(SPECIES);
        int row = bOffset;
        for (int k = 0; k < depth; k++) {
            sum = FloatVector.broadcast(SPECIES, a[a0 + k]).fma(load(b, row), sum);
            row += ldb;
        }
        sum.intoArray(c, cOffset);
    }

    private static FloatVector load(float[] values, int offset) {
        return FloatVector.fromArray(SPECIES, values, offset);
    }
}
