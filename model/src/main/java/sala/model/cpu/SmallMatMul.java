package sala.model.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of small f32 matrices that lie in the core's caches: what attention, block selection and linear attention
 * are made of.
 *
 * <pre>  C[r, n] = sum over s of A[r, s] B[s, n]      or      C[r, n] += ...  </pre>
 *
 * <p>Columns come as whole vectors. Four rows by four vectors are kept in registers: a step then costs four loads of B
 * and four broadcasts of A for sixteen multiply-adds. Sums run over s in order, whatever the tile, and
 * are added to C when they are whole: added one by one, a sum over a long context would lose its last digits.
 */
final class SmallMatMul {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final int LANES = VectorMath.LANES;
    private static final int ROWS = 4;
    private static final int VECTORS = 4;

    /** Vectors of 8 floats mean 16 registers on the machines of today, half of what four rows by four vectors take. */
    private static final boolean MANY_REGISTERS = LANES != 8;

    private final ColdStart coldStart;

    SmallMatMul(ColdStart coldStart) {
        this.coldStart = coldStart;
    }

    /** {@code count} rounded up to whole vectors. */
    static int padded(int count) {
        return Math.addExact(count, LANES - 1) / LANES * LANES;
    }

    /**
     * Multiplies. An index is the offset plus, for each coordinate, the coordinate times its stride.
     *
     * @param a, aOffset {@code A[r, s]}
     * @param aRow stride of r
     * @param aStep stride of s
     * @param rows of A and C
     * @param b, bOffset {@code B[s, vector]}, {@code LANES} consecutive elements each
     * @param bStep stride of s
     * @param bVector stride of a vector
     * @param steps length of the sums; 0 gives sums of 0
     * @param c, cOffset {@code C[r, vector]}, vectors side by side
     * @param cRow stride of r
     * @param vectors of a row of B and C
     * @param accumulate whether sums are added to C or replace it
     */
    void multiply(
            float[] a,
            int aOffset,
            int aRow,
            int aStep,
            int rows,
            float[] b,
            int bOffset,
            int bStep,
            int bVector,
            int steps,
            float[] c,
            int cOffset,
            int cRow,
            int vectors,
            boolean accumulate) {
        if (coldStart.plain()) {
            multiplyPlainly(
                    a,
                    aOffset,
                    aRow,
                    aStep,
                    rows,
                    b,
                    bOffset,
                    bStep,
                    bVector,
                    steps,
                    c,
                    cOffset,
                    cRow,
                    vectors,
                    accumulate);
            return;
        }
        int vector = 0;
        for (; vector + VECTORS <= vectors; vector += VECTORS) {
            int bStart = bOffset + vector * bVector;
            int cStart = cOffset + vector * LANES;
            int row = 0;
            for (; row + ROWS <= rows; row += ROWS) {
                int aStart = aOffset + row * aRow;
                int cAt = cStart + row * cRow;
                if (MANY_REGISTERS) {
                    rows4Vectors4(a, aStart, aRow, aStep, b, bStart, bStep, bVector, steps, c, cAt, cRow, accumulate);
                } else if (aStep == 1 && bStep == LANES) {
                    rows4Vectors2OfDots(a, aStart, aRow, b, bStart, bVector, steps, c, cAt, cRow, accumulate);
                    int bNext = bStart + 2 * bVector;
                    rows4Vectors2OfDots(
                            a, aStart, aRow, b, bNext, bVector, steps, c, cAt + 2 * LANES, cRow, accumulate);
                } else {
                    rows4Vectors2(a, aStart, aRow, aStep, b, bStart, bStep, bVector, steps, c, cAt, cRow, accumulate);
                    rows4Vectors2(
                            a,
                            aStart,
                            aRow,
                            aStep,
                            b,
                            bStart + 2 * bVector,
                            bStep,
                            bVector,
                            steps,
                            c,
                            cAt + 2 * LANES,
                            cRow,
                            accumulate);
                }
            }
            for (; row < rows; row++) {
                row1Vectors4(
                        a,
                        aOffset + row * aRow,
                        aStep,
                        b,
                        bStart,
                        bStep,
                        bVector,
                        steps,
                        c,
                        cStart + row * cRow,
                        accumulate);
            }
        }
        for (; vector < vectors; vector++) {
            int bStart = bOffset + vector * bVector;
            int cStart = cOffset + vector * LANES;
            int row = 0;
            for (; row + ROWS <= rows; row += ROWS) {
                rows4Vector1(
                        a,
                        aOffset + row * aRow,
                        aRow,
                        aStep,
                        b,
                        bStart,
                        bStep,
                        steps,
                        c,
                        cStart + row * cRow,
                        cRow,
                        accumulate);
            }
            for (; row < rows; row++) {
                row1Vector1(
                        a, aOffset + row * aRow, aStep, b, bStart, bStep, steps, c, cStart + row * cRow, accumulate);
            }
        }
    }

    private static void multiplyPlainly(
            float[] a,
            int aOffset,
            int aRow,
            int aStep,
            int rows,
            float[] b,
            int bOffset,
            int bStep,
            int bVector,
            int steps,
            float[] c,
            int cOffset,
            int cRow,
            int vectors,
            boolean accumulate) {
        for (int row = 0; row < rows; row++) {
            for (int vector = 0; vector < vectors; vector++) {
                int cAt = cOffset + row * cRow + vector * LANES;
                for (int lane = 0; lane < LANES; lane++) {
                    float sum = 0;
                    for (int step = 0; step < steps; step++) {
                        sum = Math.fma(
                                a[aOffset + row * aRow + step * aStep],
                                b[bOffset + step * bStep + vector * bVector + lane],
                                sum);
                    }
                    c[cAt + lane] = accumulate ? c[cAt + lane] + sum : sum;
                }
            }
        }
    }

    private static void rows4Vectors4(
            float[] a,
            int aOffset,
            int aRow,
            int aStep,
            float[] b,
            int bOffset,
            int bStep,
            int bVector,
            int steps,
            float[] c,
            int cOffset,
            int cRow,
            boolean accumulate) {
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = c00;
        FloatVector c02 = c00;
        FloatVector c03 = c00;
        FloatVector c10 = c00;
        FloatVector c11 = c00;
        FloatVector c12 = c00;
        FloatVector c13 = c00;
        FloatVector c20 = c00;
        FloatVector c21 = c00;
        FloatVector c22 = c00;
        FloatVector c23 = c00;
        FloatVector c30 = c00;
        FloatVector c31 = c00;
        FloatVector c32 = c00;
        FloatVector c33 = c00;
        int row1 = cOffset + cRow;
        int row2 = row1 + cRow;
        int row3 = row2 + cRow;
        for (int step = 0; step < steps; step++) {
            int bAt = bOffset + step * bStep;
            int aAt = aOffset + step * aStep;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + bVector);
            FloatVector b2 = FloatVector.fromArray(SPECIES, b, bAt + 2 * bVector);
            FloatVector b3 = FloatVector.fromArray(SPECIES, b, bAt + 3 * bVector);
            FloatVector a0 = FloatVector.broadcast(SPECIES, a[aAt]);
            c00 = a0.fma(b0, c00);
            c01 = a0.fma(b1, c01);
            c02 = a0.fma(b2, c02);
            c03 = a0.fma(b3, c03);
            FloatVector a1 = FloatVector.broadcast(SPECIES, a[aAt + aRow]);
            c10 = a1.fma(b0, c10);
            c11 = a1.fma(b1, c11);
            c12 = a1.fma(b2, c12);
            c13 = a1.fma(b3, c13);
            FloatVector a2 = FloatVector.broadcast(SPECIES, a[aAt + 2 * aRow]);
            c20 = a2.fma(b0, c20);
            c21 = a2.fma(b1, c21);
            c22 = a2.fma(b2, c22);
            c23 = a2.fma(b3, c23);
            FloatVector a3 = FloatVector.broadcast(SPECIES, a[aAt + 3 * aRow]);
            c30 = a3.fma(b0, c30);
            c31 = a3.fma(b1, c31);
            c32 = a3.fma(b2, c32);
            c33 = a3.fma(b3, c33);
        }
        if (accumulate) {
            c00 = c00.add(FloatVector.fromArray(SPECIES, c, cOffset));
            c01 = c01.add(FloatVector.fromArray(SPECIES, c, cOffset + LANES));
            c02 = c02.add(FloatVector.fromArray(SPECIES, c, cOffset + 2 * LANES));
            c03 = c03.add(FloatVector.fromArray(SPECIES, c, cOffset + 3 * LANES));
            c10 = c10.add(FloatVector.fromArray(SPECIES, c, row1));
            c11 = c11.add(FloatVector.fromArray(SPECIES, c, row1 + LANES));
            c12 = c12.add(FloatVector.fromArray(SPECIES, c, row1 + 2 * LANES));
            c13 = c13.add(FloatVector.fromArray(SPECIES, c, row1 + 3 * LANES));
            c20 = c20.add(FloatVector.fromArray(SPECIES, c, row2));
            c21 = c21.add(FloatVector.fromArray(SPECIES, c, row2 + LANES));
            c22 = c22.add(FloatVector.fromArray(SPECIES, c, row2 + 2 * LANES));
            c23 = c23.add(FloatVector.fromArray(SPECIES, c, row2 + 3 * LANES));
            c30 = c30.add(FloatVector.fromArray(SPECIES, c, row3));
            c31 = c31.add(FloatVector.fromArray(SPECIES, c, row3 + LANES));
            c32 = c32.add(FloatVector.fromArray(SPECIES, c, row3 + 2 * LANES));
            c33 = c33.add(FloatVector.fromArray(SPECIES, c, row3 + 3 * LANES));
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + LANES);
        c02.intoArray(c, cOffset + 2 * LANES);
        c03.intoArray(c, cOffset + 3 * LANES);
        c10.intoArray(c, row1);
        c11.intoArray(c, row1 + LANES);
        c12.intoArray(c, row1 + 2 * LANES);
        c13.intoArray(c, row1 + 3 * LANES);
        c20.intoArray(c, row2);
        c21.intoArray(c, row2 + LANES);
        c22.intoArray(c, row2 + 2 * LANES);
        c23.intoArray(c, row2 + 3 * LANES);
        c30.intoArray(c, row3);
        c31.intoArray(c, row3 + LANES);
        c32.intoArray(c, row3 + 2 * LANES);
        c33.intoArray(c, row3 + 3 * LANES);
    }

    private static void rows4Vectors2(
            float[] a,
            int aOffset,
            int aRow,
            int aStep,
            float[] b,
            int bOffset,
            int bStep,
            int bVector,
            int steps,
            float[] c,
            int cOffset,
            int cRow,
            boolean accumulate) {
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = c00;
        FloatVector c10 = c00;
        FloatVector c11 = c00;
        FloatVector c20 = c00;
        FloatVector c21 = c00;
        FloatVector c30 = c00;
        FloatVector c31 = c00;
        int row1 = cOffset + cRow;
        int row2 = row1 + cRow;
        int row3 = row2 + cRow;
        for (int step = 0; step < steps; step++) {
            int bAt = bOffset + step * bStep;
            int aAt = aOffset + step * aStep;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + bVector);
            FloatVector a0 = FloatVector.broadcast(SPECIES, a[aAt]);
            c00 = a0.fma(b0, c00);
            c01 = a0.fma(b1, c01);
            FloatVector a1 = FloatVector.broadcast(SPECIES, a[aAt + aRow]);
            c10 = a1.fma(b0, c10);
            c11 = a1.fma(b1, c11);
            FloatVector a2 = FloatVector.broadcast(SPECIES, a[aAt + 2 * aRow]);
            c20 = a2.fma(b0, c20);
            c21 = a2.fma(b1, c21);
            FloatVector a3 = FloatVector.broadcast(SPECIES, a[aAt + 3 * aRow]);
            c30 = a3.fma(b0, c30);
            c31 = a3.fma(b1, c31);
        }
        if (accumulate) {
            c00 = c00.add(FloatVector.fromArray(SPECIES, c, cOffset));
            c01 = c01.add(FloatVector.fromArray(SPECIES, c, cOffset + LANES));
            c10 = c10.add(FloatVector.fromArray(SPECIES, c, row1));
            c11 = c11.add(FloatVector.fromArray(SPECIES, c, row1 + LANES));
            c20 = c20.add(FloatVector.fromArray(SPECIES, c, row2));
            c21 = c21.add(FloatVector.fromArray(SPECIES, c, row2 + LANES));
            c30 = c30.add(FloatVector.fromArray(SPECIES, c, row3));
            c31 = c31.add(FloatVector.fromArray(SPECIES, c, row3 + LANES));
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + LANES);
        c10.intoArray(c, row1);
        c11.intoArray(c, row1 + LANES);
        c20.intoArray(c, row2);
        c21.intoArray(c, row2 + LANES);
        c30.intoArray(c, row3);
        c31.intoArray(c, row3 + LANES);
    }

    /**
     * {@link #rows4Vectors2} with an {@code aStep} of 1 and a {@code bStep} of {@code LANES}: constants, so that C2 can check
     * the bounds outside of the loop.
     */
    private static void rows4Vectors2OfDots(
            float[] a,
            int aOffset,
            int aRow,
            float[] b,
            int bOffset,
            int bVector,
            int steps,
            float[] c,
            int cOffset,
            int cRow,
            boolean accumulate) {
        FloatVector c00 = FloatVector.zero(SPECIES);
        FloatVector c01 = c00;
        FloatVector c10 = c00;
        FloatVector c11 = c00;
        FloatVector c20 = c00;
        FloatVector c21 = c00;
        FloatVector c30 = c00;
        FloatVector c31 = c00;
        int row1 = cOffset + cRow;
        int row2 = row1 + cRow;
        int row3 = row2 + cRow;
        for (int step = 0; step < steps; step++) {
            int bAt = bOffset + step * LANES;
            int aAt = aOffset + step;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + bVector);
            FloatVector a0 = FloatVector.broadcast(SPECIES, a[aAt]);
            c00 = a0.fma(b0, c00);
            c01 = a0.fma(b1, c01);
            FloatVector a1 = FloatVector.broadcast(SPECIES, a[aAt + aRow]);
            c10 = a1.fma(b0, c10);
            c11 = a1.fma(b1, c11);
            FloatVector a2 = FloatVector.broadcast(SPECIES, a[aAt + 2 * aRow]);
            c20 = a2.fma(b0, c20);
            c21 = a2.fma(b1, c21);
            FloatVector a3 = FloatVector.broadcast(SPECIES, a[aAt + 3 * aRow]);
            c30 = a3.fma(b0, c30);
            c31 = a3.fma(b1, c31);
        }
        if (accumulate) {
            c00 = c00.add(FloatVector.fromArray(SPECIES, c, cOffset));
            c01 = c01.add(FloatVector.fromArray(SPECIES, c, cOffset + LANES));
            c10 = c10.add(FloatVector.fromArray(SPECIES, c, row1));
            c11 = c11.add(FloatVector.fromArray(SPECIES, c, row1 + LANES));
            c20 = c20.add(FloatVector.fromArray(SPECIES, c, row2));
            c21 = c21.add(FloatVector.fromArray(SPECIES, c, row2 + LANES));
            c30 = c30.add(FloatVector.fromArray(SPECIES, c, row3));
            c31 = c31.add(FloatVector.fromArray(SPECIES, c, row3 + LANES));
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + LANES);
        c10.intoArray(c, row1);
        c11.intoArray(c, row1 + LANES);
        c20.intoArray(c, row2);
        c21.intoArray(c, row2 + LANES);
        c30.intoArray(c, row3);
        c31.intoArray(c, row3 + LANES);
    }

    private static void row1Vectors4(
            float[] a,
            int aOffset,
            int aStep,
            float[] b,
            int bOffset,
            int bStep,
            int bVector,
            int steps,
            float[] c,
            int cOffset,
            boolean accumulate) {
        FloatVector c0 = FloatVector.zero(SPECIES);
        FloatVector c1 = c0;
        FloatVector c2 = c0;
        FloatVector c3 = c0;
        for (int step = 0; step < steps; step++) {
            int bAt = bOffset + step * bStep;
            FloatVector a0 = FloatVector.broadcast(SPECIES, a[aOffset + step * aStep]);
            c0 = a0.fma(FloatVector.fromArray(SPECIES, b, bAt), c0);
            c1 = a0.fma(FloatVector.fromArray(SPECIES, b, bAt + bVector), c1);
            c2 = a0.fma(FloatVector.fromArray(SPECIES, b, bAt + 2 * bVector), c2);
            c3 = a0.fma(FloatVector.fromArray(SPECIES, b, bAt + 3 * bVector), c3);
        }
        if (accumulate) {
            c0 = c0.add(FloatVector.fromArray(SPECIES, c, cOffset));
            c1 = c1.add(FloatVector.fromArray(SPECIES, c, cOffset + LANES));
            c2 = c2.add(FloatVector.fromArray(SPECIES, c, cOffset + 2 * LANES));
            c3 = c3.add(FloatVector.fromArray(SPECIES, c, cOffset + 3 * LANES));
        }
        c0.intoArray(c, cOffset);
        c1.intoArray(c, cOffset + LANES);
        c2.intoArray(c, cOffset + 2 * LANES);
        c3.intoArray(c, cOffset + 3 * LANES);
    }

    private static void rows4Vector1(
            float[] a,
            int aOffset,
            int aRow,
            int aStep,
            float[] b,
            int bOffset,
            int bStep,
            int steps,
            float[] c,
            int cOffset,
            int cRow,
            boolean accumulate) {
        FloatVector c0 = FloatVector.zero(SPECIES);
        FloatVector c1 = c0;
        FloatVector c2 = c0;
        FloatVector c3 = c0;
        for (int step = 0; step < steps; step++) {
            int aAt = aOffset + step * aStep;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bOffset + step * bStep);
            c0 = FloatVector.broadcast(SPECIES, a[aAt]).fma(b0, c0);
            c1 = FloatVector.broadcast(SPECIES, a[aAt + aRow]).fma(b0, c1);
            c2 = FloatVector.broadcast(SPECIES, a[aAt + 2 * aRow]).fma(b0, c2);
            c3 = FloatVector.broadcast(SPECIES, a[aAt + 3 * aRow]).fma(b0, c3);
        }
        if (accumulate) {
            c0 = c0.add(FloatVector.fromArray(SPECIES, c, cOffset));
            c1 = c1.add(FloatVector.fromArray(SPECIES, c, cOffset + cRow));
            c2 = c2.add(FloatVector.fromArray(SPECIES, c, cOffset + 2 * cRow));
            c3 = c3.add(FloatVector.fromArray(SPECIES, c, cOffset + 3 * cRow));
        }
        c0.intoArray(c, cOffset);
        c1.intoArray(c, cOffset + cRow);
        c2.intoArray(c, cOffset + 2 * cRow);
        c3.intoArray(c, cOffset + 3 * cRow);
    }

    private static void row1Vector1(
            float[] a,
            int aOffset,
            int aStep,
            float[] b,
            int bOffset,
            int bStep,
            int steps,
            float[] c,
            int cOffset,
            boolean accumulate) {
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int step = 0; step < steps; step++) {
            FloatVector a0 = FloatVector.broadcast(SPECIES, a[aOffset + step * aStep]);
            sum = a0.fma(FloatVector.fromArray(SPECIES, b, bOffset + step * bStep), sum);
        }
        if (accumulate) {
            sum = sum.add(FloatVector.fromArray(SPECIES, c, cOffset));
        }
        sum.intoArray(c, cOffset);
    }
}
