package sala.model.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import sala.loader.DType;
import sala.loader.TensorView;

/** Weights of bfloat16, the upper half of an f32: widening is a shift or a mask. */
final class Bf16Matrix extends WeightMatrix {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final VectorSpecies<Integer> PAIR_SPECIES = IntVector.SPECIES_PREFERRED;
    private static final int LANES = VectorMath.LANES;

    private static final ValueLayout.OfShort LAYOUT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

    Bf16Matrix(TensorView tensor) {
        super(tensor);
    }

    @Override
    DType dtype() {
        return DType.BF16;
    }

    @Override
    void multiplyRows(ProductInput x, int row0, int row1, int row2, int row3, float[] lanes) {
        MemorySegment weights = data;
        MemorySegment pairs = x.pairs;
        long start0 = row0 * rowBytes;
        long start1 = row1 * rowBytes;
        long start2 = row2 * rowBytes;
        long start3 = row3 * rowBytes;
        int to = Interleaving.pairedLength(columns);
        FloatVector even0 = FloatVector.zero(SPECIES);
        FloatVector odd0 = even0;
        FloatVector even1 = even0;
        FloatVector odd1 = even0;
        FloatVector even2 = even0;
        FloatVector odd2 = even0;
        FloatVector even3 = even0;
        FloatVector odd3 = even0;
        for (int column = 0; column < to; column += 2 * LANES) {
            FloatVector x0 = ProductInput.load(pairs, column);
            FloatVector x1 = ProductInput.load(pairs, column + LANES);
            long at = (long) column * Short.BYTES;
            IntVector w0 = load(weights, start0 + at);
            even0 = low(w0).fma(x0, even0);
            odd0 = high(w0).fma(x1, odd0);
            IntVector w1 = load(weights, start1 + at);
            even1 = low(w1).fma(x0, even1);
            odd1 = high(w1).fma(x1, odd1);
            IntVector w2 = load(weights, start2 + at);
            even2 = low(w2).fma(x0, even2);
            odd2 = high(w2).fma(x1, odd2);
            IntVector w3 = load(weights, start3 + at);
            even3 = low(w3).fma(x0, even3);
            odd3 = high(w3).fma(x1, odd3);
        }
        even0.add(odd0).intoArray(lanes, 0);
        even1.add(odd1).intoArray(lanes, LANES);
        even2.add(odd2).intoArray(lanes, 2 * LANES);
        even3.add(odd3).intoArray(lanes, 3 * LANES);
    }

    private static IntVector load(MemorySegment weights, long offsetBytes) {
        return IntVector.fromMemorySegment(PAIR_SPECIES, weights, offsetBytes, ORDER);
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
        long start = row * rowBytes + (long) column * Short.BYTES;
        int whole = VectorMath.HALF_SHORTS.loopBound(count);
        for (int i = 0; i < whole; i += LANES) {
            IntVector w = VectorMath.loadUnsignedShorts(data, start + (long) i * Short.BYTES);
            low(w).intoArray(out, offset + i);
        }
        for (int i = whole; i < count; i++) {
            out[offset + i] = element(row, column + i);
        }
    }

    @Override
    void multiplyPlainly(float[] x, int fromRow, int toRow, PlainScratch scratch, float[] y) {
        for (int row = fromRow; row < toRow; row++) {
            widenPlainly(row, 0, columns, scratch, scratch.weights, 0);
            y[row] = PlainRowProduct.ofPairs(scratch.weights, x, columns, scratch.lanes);
        }
    }

    @Override
    void widenPlainly(int row, int column, int count, PlainScratch scratch, float[] out, int offset) {
        short[] stored = scratch.stored;
        MemorySegment.copy(data, LAYOUT, row * rowBytes + (long) column * Short.BYTES, stored, 0, count);
        for (int i = 0; i < count; i++) {
            out[offset + i] = widen(stored[i]);
        }
    }

    private float element(int row, int column) {
        return widen(data.get(LAYOUT, row * rowBytes + (long) column * Short.BYTES));
    }

    private static float widen(short bits) {
        return Float.intBitsToFloat(bits << Short.SIZE);
    }

    /** Widens the low half of every int. */
    private static FloatVector low(IntVector pairs) {
        return pairs.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
    }

    /** Widens the high half of every int. */
    private static FloatVector high(IntVector pairs) {
        return pairs.and(0xffff0000).reinterpretAsFloats();
    }
}
