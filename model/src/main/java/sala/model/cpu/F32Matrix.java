package sala.model.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import sala.loader.DType;
import sala.loader.TensorView;

/** Weights of f32. */
final class F32Matrix extends WeightMatrix {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final int LANES = VectorMath.LANES;
    private static final ValueLayout.OfFloat LAYOUT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);

    F32Matrix(TensorView tensor) {
        super(tensor);
    }

    @Override
    DType dtype() {
        return DType.F32;
    }

    @Override
    void multiply(float[] x, float[] pairs, int fromRow, int toRow, float[] lanes, float[] y) {
        int row = fromRow;
        for (; row + ROW_UNIT <= toRow; row += ROW_UNIT) {
            multiplyFour(row, x, lanes, y);
        }
        for (; row < toRow; row++) {
            multiplyOne(row, x, lanes, y);
        }
    }

    private void multiplyFour(int row, float[] x, float[] lanes, float[] y) {
        MemorySegment weights = data;
        long stride = rowBytes;
        long start = row * stride;
        int whole = SPECIES.loopBound(columns);
        FloatVector sum0 = FloatVector.zero(SPECIES);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        for (int column = 0; column < whole; column += LANES) {
            long at = start + (long) column * Float.BYTES;
            FloatVector xs = FloatVector.fromArray(SPECIES, x, column);
            sum0 = load(weights, at).fma(xs, sum0);
            sum1 = load(weights, at + stride).fma(xs, sum1);
            sum2 = load(weights, at + 2 * stride).fma(xs, sum2);
            sum3 = load(weights, at + 3 * stride).fma(xs, sum3);
        }
        sum0.intoArray(lanes, 0);
        sum1.intoArray(lanes, LANES);
        sum2.intoArray(lanes, 2 * LANES);
        sum3.intoArray(lanes, 3 * LANES);
        for (int i = 0; i < ROW_UNIT; i++) {
            y[row + i] = VectorMath.sum(lanes, i * LANES) + tail(row + i, whole, x);
        }
    }

    private void multiplyOne(int row, float[] x, float[] lanes, float[] y) {
        MemorySegment weights = data;
        long start = row * rowBytes;
        int whole = SPECIES.loopBound(columns);
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int column = 0; column < whole; column += LANES) {
            sum = load(weights, start + (long) column * Float.BYTES)
                    .fma(FloatVector.fromArray(SPECIES, x, column), sum);
        }
        sum.intoArray(lanes, 0);
        y[row] = VectorMath.sum(lanes, 0) + tail(row, whole, x);
    }

    private float tail(int row, int fromColumn, float[] x) {
        float sum = 0;
        for (int column = fromColumn; column < columns; column++) {
            sum = Math.fma(data.get(LAYOUT, row * rowBytes + (long) column * Float.BYTES), x[column], sum);
        }
        return sum;
    }

    private static FloatVector load(MemorySegment weights, long offsetBytes) {
        return FloatVector.fromMemorySegment(SPECIES, weights, offsetBytes, ORDER);
    }

    @Override
    void widen(int row, int column, int count, float[] out, int offset) {
        long start = row * rowBytes + (long) column * Float.BYTES;
        MemorySegment.copy(data, LAYOUT, start, out, offset, count);
    }
}
