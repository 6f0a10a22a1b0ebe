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
    private static final long VECTOR_BYTES = PAIR_SPECIES.vectorByteSize();
    /** Vectors of weights that are summed apart. */
    private static final int UNROLL = 8;

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
        for (int row = fromRow; row < toRow; row++) {
            y[row] = multiplyRow(row, pairs, lanes);
        }
    }

    private float multiplyRow(int row, float[] pairs, float[] lanes) {
        long start = row * rowBytes;
        int paired = Interleaving.pairedLength(columns);
        int unrolled = columns & -(UNROLL * LANES);
        multiplyUnrolled(start, unrolled, pairs, lanes);
        if (unrolled < paired) {
            multiplyPairs(start, unrolled, paired, pairs, lanes);
        }
        return VectorMath.sum(lanes, 0) + tail(row, paired, pairs);
    }

    /** Sums of the first {@code to} columns, as they lie in memory, in eight independent chains. */
    private void multiplyUnrolled(long start, int to, float[] pairs, float[] lanes) {
        MemorySegment weights = data;
        FloatVector even0 = FloatVector.zero(SPECIES);
        FloatVector odd0 = even0;
        FloatVector even1 = even0;
        FloatVector odd1 = even0;
        FloatVector even2 = even0;
        FloatVector odd2 = even0;
        FloatVector even3 = even0;
        FloatVector odd3 = even0;
        for (int column = 0; column < to; column += UNROLL * LANES) {
            long at = start + (long) column * Short.BYTES;
            IntVector w0 = load(weights, at);
            even0 = low(w0).fma(FloatVector.fromArray(SPECIES, pairs, column), even0);
            odd0 = high(w0).fma(FloatVector.fromArray(SPECIES, pairs, column + LANES), odd0);
            IntVector w1 = load(weights, at + VECTOR_BYTES);
            even1 = low(w1).fma(FloatVector.fromArray(SPECIES, pairs, column + 2 * LANES), even1);
            odd1 = high(w1).fma(FloatVector.fromArray(SPECIES, pairs, column + 3 * LANES), odd1);
            IntVector w2 = load(weights, at + 2 * VECTOR_BYTES);
            even2 = low(w2).fma(FloatVector.fromArray(SPECIES, pairs, column + 4 * LANES), even2);
            odd2 = high(w2).fma(FloatVector.fromArray(SPECIES, pairs, column + 5 * LANES), odd2);
            IntVector w3 = load(weights, at + 3 * VECTOR_BYTES);
            even3 = low(w3).fma(FloatVector.fromArray(SPECIES, pairs, column + 6 * LANES), even3);
            odd3 = high(w3).fma(FloatVector.fromArray(SPECIES, pairs, column + 7 * LANES), odd3);
        }
        even0.add(odd0)
                .add(even1.add(odd1))
                .add(even2.add(odd2).add(even3.add(odd3)))
                .intoArray(lanes, 0);
    }

    /**
     * Adds further columns to the sums in {@code lanes}. A method of its own, since C2 makes objects of vectors that go
     * from one loop into another.
     */
    private void multiplyPairs(long start, int from, int to, float[] pairs, float[] lanes) {
        MemorySegment weights = data;
        FloatVector sum = FloatVector.fromArray(SPECIES, lanes, 0);
        for (int column = from; column < to; column += 2 * LANES) {
            IntVector w = load(weights, start + (long) column * Short.BYTES);
            sum = low(w).fma(FloatVector.fromArray(SPECIES, pairs, column), sum);
            sum = high(w).fma(FloatVector.fromArray(SPECIES, pairs, column + LANES), sum);
        }
        sum.intoArray(lanes, 0);
    }

    private static IntVector load(MemorySegment weights, long offsetBytes) {
        return IntVector.fromMemorySegment(PAIR_SPECIES, weights, offsetBytes, ORDER);
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
