package sala.model.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import sala.loader.DType;
import sala.loader.TensorView;

/**
 * Weights of IEEE half precision. Sign, exponent and fraction are moved to their places in an f32, whose exponent is
 * then too small by the difference of the biases, 127 - 15; a product with 2^112 puts that right, exactly, for
 * subnormals too. Infinities and NaN, which no usable weight is, come out as finite values of 65,536 and more.
 */
final class F16Matrix extends WeightMatrix {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final VectorSpecies<Integer> PAIR_SPECIES = IntVector.SPECIES_PREFERRED;
    private static final int LANES = VectorMath.LANES;
    private static final ValueLayout.OfShort LAYOUT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);
    /** Sign and the 15 bits of exponent and fraction, where an f32 has them. */
    private static final int PLACES = 0x8fffe000;

    private static final int EXPONENT_SHIFT = 3;
    private static final float BIAS = 0x1p112f;

    F16Matrix(TensorView tensor) {
        super(tensor);
    }

    @Override
    DType dtype() {
        return DType.F16;
    }

    @Override
    void multiply(float[] x, float[] pairs, int fromRow, int toRow, float[] lanes, float[] y) {
        int row = fromRow;
        for (; row + ROW_UNIT <= toRow; row += ROW_UNIT) {
            multiplyFour(row, pairs, lanes, y);
        }
        for (; row < toRow; row++) {
            multiplyOne(row, pairs, lanes, y);
        }
    }

    /** Four rows share the loads of x and make eight independent chains of sums. */
    private void multiplyFour(int row, float[] pairs, float[] lanes, float[] y) {
        MemorySegment weights = data;
        long stride = rowBytes;
        long start = row * stride;
        int paired = Interleaving.pairedLength(columns);
        FloatVector even0 = FloatVector.zero(SPECIES);
        FloatVector odd0 = even0;
        FloatVector even1 = even0;
        FloatVector odd1 = even0;
        FloatVector even2 = even0;
        FloatVector odd2 = even0;
        FloatVector even3 = even0;
        FloatVector odd3 = even0;
        for (int column = 0; column < paired; column += 2 * LANES) {
            long at = start + (long) column * Short.BYTES;
            FloatVector xEven = FloatVector.fromArray(SPECIES, pairs, column);
            FloatVector xOdd = FloatVector.fromArray(SPECIES, pairs, column + LANES);
            IntVector w0 = IntVector.fromMemorySegment(PAIR_SPECIES, weights, at, ORDER);
            even0 = low(w0).fma(xEven, even0);
            odd0 = high(w0).fma(xOdd, odd0);
            IntVector w1 = IntVector.fromMemorySegment(PAIR_SPECIES, weights, at + stride, ORDER);
            even1 = low(w1).fma(xEven, even1);
            odd1 = high(w1).fma(xOdd, odd1);
            IntVector w2 = IntVector.fromMemorySegment(PAIR_SPECIES, weights, at + 2 * stride, ORDER);
            even2 = low(w2).fma(xEven, even2);
            odd2 = high(w2).fma(xOdd, odd2);
            IntVector w3 = IntVector.fromMemorySegment(PAIR_SPECIES, weights, at + 3 * stride, ORDER);
            even3 = low(w3).fma(xEven, even3);
            odd3 = high(w3).fma(xOdd, odd3);
        }
        even0.add(odd0).intoArray(lanes, 0);
        even1.add(odd1).intoArray(lanes, LANES);
        even2.add(odd2).intoArray(lanes, 2 * LANES);
        even3.add(odd3).intoArray(lanes, 3 * LANES);
        for (int i = 0; i < ROW_UNIT; i++) {
            y[row + i] = VectorMath.sum(lanes, i * LANES) + tail(row + i, paired, pairs);
        }
    }

    private void multiplyOne(int row, float[] pairs, float[] lanes, float[] y) {
        MemorySegment weights = data;
        long start = row * rowBytes;
        int paired = Interleaving.pairedLength(columns);
        FloatVector even = FloatVector.zero(SPECIES);
        FloatVector odd = even;
        for (int column = 0; column < paired; column += 2 * LANES) {
            IntVector w =
                    IntVector.fromMemorySegment(PAIR_SPECIES, weights, start + (long) column * Short.BYTES, ORDER);
            even = low(w).fma(FloatVector.fromArray(SPECIES, pairs, column), even);
            odd = high(w).fma(FloatVector.fromArray(SPECIES, pairs, column + LANES), odd);
        }
        even.add(odd).intoArray(lanes, 0);
        y[row] = VectorMath.sum(lanes, 0) + tail(row, paired, pairs);
    }

    private float tail(int row, int fromColumn, float[] pairs) {
        float sum = 0;
        for (int column = fromColumn; column < columns; column++) {
            sum = Math.fma(element(row, column), pairs[column], sum);
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

    private float element(int row, int column) {
        short bits = data.get(LAYOUT, row * rowBytes + (long) column * Short.BYTES);
        return Float.float16ToFloat(bits);
    }

    /** Widens the low half of every int. */
    private static FloatVector low(IntVector pairs) {
        return place(pairs.lanewise(VectorOperators.LSHL, Short.SIZE));
    }

    /** Widens the high half of every int. */
    private static FloatVector high(IntVector pairs) {
        return place(pairs);
    }

    private static FloatVector place(IntVector halves) {
        return halves.lanewise(VectorOperators.ASHR, EXPONENT_SHIFT)
                .and(PLACES)
                .reinterpretAsFloats()
                .mul(BIAS);
    }
}
