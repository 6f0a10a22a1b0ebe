package sala.model.cpu;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import sala.loader.DType;
import sala.loader.TensorView;

/** Weights of f64, summed in f64. No published checkpoint has them: right, not fast. */
final class F64Matrix extends WeightMatrix {
    private static final ValueLayout.OfDouble LAYOUT = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ORDER);

    F64Matrix(TensorView tensor) {
        super(tensor);
    }

    @Override
    DType dtype() {
        return DType.F64;
    }

    /** Everything is left to {@link #multiplyTail}. */
    @Override
    void multiplyRows(ProductInput x, int row0, int row1, int row2, int row3, float[] lanes) {
        Arrays.fill(lanes, 0);
    }

    @Override
    float multiplyTail(ProductInput x, int row) {
        double sum = 0;
        for (int column = 0; column < columns; column++) {
            sum += element(row, column) * x.get(column);
        }
        return (float) sum;
    }

    @Override
    void widen(int row, int column, int count, float[] out, int offset) {
        for (int i = 0; i < count; i++) {
            out[offset + i] = (float) element(row, column + i);
        }
    }

    @Override
    void multiplyPlainly(float[] x, int fromRow, int toRow, PlainScratch scratch, float[] y) {
        for (int row = fromRow; row < toRow; row++) {
            double sum = 0;
            for (int column = 0; column < columns; column++) {
                sum += element(row, column) * x[column];
            }
            y[row] = (float) sum;
        }
    }

    @Override
    void widenPlainly(int row, int column, int count, PlainScratch scratch, float[] out, int offset) {
        widen(row, column, count, out, offset);
    }

    private double element(int row, int column) {
        return data.get(LAYOUT, row * rowBytes + (long) column * Double.BYTES);
    }
}
