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

    private static final ValueLayout.OfFloat LAYOUT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);

    F32Matrix(TensorView tensor) {
        super(tensor);
    }

    @Override
    DType dtype() {
        return DType.F32;
    }

    @Override
    void multiplyRows(ProductInput x, int row0, int row1, int row2, int row3, float[] lanes) {
        MemorySegment weights = data;
        MemorySegment inOrder = x.inOrder;
        long start0 = row0 * rowBytes;
        long start1 = row1 * rowBytes;
        long start2 = row2 * rowBytes;
        long start3 = row3 * rowBytes;
        int to = Interleaving.pairedLength(columns);
        FloatVector first0 = FloatVector.zero(SPECIES);
        FloatVector second0 = first0;
        FloatVector first1 = first0;
        FloatVector second1 = first0;
        FloatVector first2 = first0;
        FloatVector second2 = first0;
        FloatVector first3 = first0;
        FloatVector second3 = first0;
        for (int column = 0; column < to; column += 2 * LANES) {
            FloatVector x0 = ProductInput.load(inOrder, column);
            FloatVector x1 = ProductInput.load(inOrder, column + LANES);
            long at = (long) column * Float.BYTES;
            first0 = load(weights, start0 + at).fma(x0, first0);
            second0 = load(weights, start0 + at + VECTOR_BYTES).fma(x1, second0);
            first1 = load(weights, start1 + at).fma(x0, first1);
            second1 = load(weights, start1 + at + VECTOR_BYTES).fma(x1, second1);
            first2 = load(weights, start2 + at).fma(x0, first2);
            second2 = load(weights, start2 + at + VECTOR_BYTES).fma(x1, second2);
            first3 = load(weights, start3 + at).fma(x0, first3);
            second3 = load(weights, start3 + at + VECTOR_BYTES).fma(x1, second3);
        }
        first0.add(second0).intoArray(lanes, 0);
        first1.add(second1).intoArray(lanes, LANES);
        first2.add(second2).intoArray(lanes, 2 * LANES);
        first3.add(second3).intoArray(lanes, 3 * LANES);
    }

    private static FloatVector load(MemorySegment weights, long offsetBytes) {
        return FloatVector.fromMemorySegment(SPECIES, weights, offsetBytes, ORDER);
    }

    @Override
    float multiplyTail(ProductInput x, int row) {
        float sum = 0;
        for (int column = Interleaving.pairedLength(columns); column < columns; column++) {
            sum = Math.fma(element(row, column), x.get(column), sum);
        }
        return sum;
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

    private float element(int row, int column) {
        return data.get(LAYOUT, row * rowBytes + (long) column * Float.BYTES);
    }
}
