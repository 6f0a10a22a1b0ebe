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
    private static final long VECTOR_BYTES = SPECIES.vectorByteSize();
    /** Vectors of weights that are summed apart. */
    private static final int UNROLL = 4;

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
        for (int row = fromRow; row < toRow; row++) {
            y[row] = multiplyRow(row, x, lanes);
        }
    }

    private float multiplyRow(int row, float[] x, float[] lanes) {
        long start = row * rowBytes;
        int whole = SPECIES.loopBound(columns);
        int unrolled = columns & -(UNROLL * LANES);
        multiplyUnrolled(start, unrolled, x, lanes);
        if (unrolled < whole) {
            multiplyVectors(start, unrolled, whole, x, lanes);
        }
        return VectorMath.sum(lanes, 0) + tail(row, whole, x);
    }

    /** Sums of the first {@code to} columns, as they lie in memory, in four independent chains. */
    private void multiplyUnrolled(long start, int to, float[] x, float[] lanes) {
        MemorySegment weights = data;
        FloatVector sum0 = FloatVector.zero(SPECIES);
        FloatVector sum1 = sum0;
        FloatVector sum2 = sum0;
        FloatVector sum3 = sum0;
        for (int column = 0; column < to; column += UNROLL * LANES) {
            long at = start + (long) column * Float.BYTES;
            sum0 = load(weights, at).fma(FloatVector.fromArray(SPECIES, x, column), sum0);
            sum1 = load(weights, at + VECTOR_BYTES).fma(FloatVector.fromArray(SPECIES, x, column + LANES), sum1);
            sum2 = load(weights, at + 2 * VECTOR_BYTES)
                    .fma(FloatVector.fromArray(SPECIES, x, column + 2 * LANES), sum2);
            sum3 = load(weights, at + 3 * VECTOR_BYTES)
                    .fma(FloatVector.fromArray(SPECIES, x, column + 3 * LANES), sum3);
        }
        sum0.add(sum1).add(sum2.add(sum3)).intoArray(lanes, 0);
    }

    /**
     * Adds further columns to the sums in {@code lanes}. A method of its own, since C2 makes objects of vectors that go
     * from one loop into another.
     */
    private void multiplyVectors(long start, int from, int to, float[] x, float[] lanes) {
        MemorySegment weights = data;
        FloatVector sum = FloatVector.fromArray(SPECIES, lanes, 0);
        for (int column = from; column < to; column += LANES) {
            FloatVector w = load(weights, start + (long) column * Float.BYTES);
            sum = w.fma(FloatVector.fromArray(SPECIES, x, column), sum);
        }
        sum.intoArray(lanes, 0);
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

    @Override
    void multiplyPlainly(float[] x, int fromRow, int toRow, PlainScratch scratch, float[] y) {
        for (int row = fromRow; row < toRow; row++) {
            widen(row, 0, columns, scratch.weights, 0);
            y[row] = PlainRowProduct.ofVectors(scratch.weights, x, columns, scratch.lanes);
        }
    }

    @Override
    void widenPlainly(int row, int column, int count, PlainScratch scratch, float[] out, int offset) {
        widen(row, column, count, out, offset);
    }
}
