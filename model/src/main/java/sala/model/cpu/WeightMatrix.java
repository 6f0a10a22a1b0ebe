package sala.model.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import sala.loader.DType;
import sala.loader.TensorView;

/**
 * A weight matrix {@code W [rows, columns]}, row-major, in its stored element type. Elements are widened in registers;
 * nothing is copied. The data may start at any byte, as it may in a safetensors file.
 *
 * <p>Sums are kept in f32, in two partial sums per row and lane whose order depends on the width of the vectors only.
 */
abstract sealed class WeightMatrix permits Bf16Matrix, F16Matrix, F32Matrix, F64Matrix {
    /** Safetensors stores little-endian elements. */
    static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    /**
     * Rows that are summed together. They share the loads of x, of which a row alone would need twice as many as of weights,
     * and memory is read in as many streams.
     */
    static final int ROWS = 4;

    private static final int LANES = VectorMath.LANES;

    final MemorySegment data;
    final int rows;
    final int columns;
    final long rowBytes;

    WeightMatrix(TensorView tensor) {
        data = tensor.data();
        rows = Math.toIntExact(tensor.shape().dimension(0));
        columns = Math.toIntExact(tensor.shape().dimension(1));
        rowBytes = (long) columns * tensor.dtype().bytes();
    }

    /**
     * The matrix of a tensor.
     *
     * @throws IllegalArgumentException if the tensor is not a matrix of F64, F32, F16 or BF16
     */
    static WeightMatrix of(TensorView tensor) {
        if (tensor.shape().rank() != 2) {
            throw new IllegalArgumentException("tensor %s in %s: expected a matrix, found %s"
                    .formatted(tensor.name(), tensor.source(), tensor.shape()));
        }
        return switch (tensor.dtype()) {
            case BF16 -> new Bf16Matrix(tensor);
            case F16 -> new F16Matrix(tensor);
            case F32 -> new F32Matrix(tensor);
            case F64 -> new F64Matrix(tensor);
            case F8_E4M3, F8_E5M2, F8_E8M0, I64, I32, I16, I8, U64, U32, U16, U8, BOOL ->
                throw new IllegalArgumentException("tensor %s in %s: expected F64, F32, F16 or BF16, found %s"
                        .formatted(tensor.name(), tensor.source(), tensor.dtype()));
        };
    }

    /** Element type as stored. */
    abstract DType dtype();

    /**
     * {@code y[r] = sum over c of W[r, c] x[c]} for {@code fromRow <= r < toRow}.
     *
     * @param x the vector
     * @param lanes {@code [ROWS * LANES]}, scratch of the calling thread
     * @param y at least {@code [toRow]}; only the rows named are written
     */
    final void multiply(ProductInput x, int fromRow, int toRow, float[] lanes, float[] y) {
        // Each stream goes on where it is when a row ends. Neighbouring rows together would make streams of one row,
        // which
        // the processor has just begun to read ahead when they end.
        int stream = Math.ceilDiv(toRow - fromRow, ROWS);
        int last = toRow - 1;
        for (int row = fromRow; row < fromRow + stream; row++) {
            multiplyRows(
                    x,
                    row,
                    Math.min(row + stream, last),
                    Math.min(row + 2 * stream, last),
                    Math.min(row + 3 * stream, last),
                    lanes);
            for (int i = 0; i < ROWS && row + i * stream < toRow; i++) {
                y[row + i * stream] = VectorMath.sum(lanes, i * LANES) + multiplyTail(x, row + i * stream);
            }
        }
    }

    /**
     * Writes the sums of four rows over the first {@link Interleaving#pairedLength} columns, one for each lane, into
     * {@code lanes}: a row after the other.
     */
    abstract void multiplyRows(ProductInput x, int row0, int row1, int row2, int row3, float[] lanes);

    /** The sum of a row over the columns that are left. */
    abstract float multiplyTail(ProductInput x, int row);

    /** Widens {@code count} elements of a row, from {@code column} on, into {@code out} from {@code offset} on. */
    abstract void widen(int row, int column, int count, float[] out, int offset);

    /** {@link #multiply} in plain loops, to the same bits. */
    abstract void multiplyPlainly(float[] x, int fromRow, int toRow, PlainScratch scratch, float[] y);

    /** {@link #widen} in plain loops. */
    abstract void widenPlainly(int row, int column, int count, PlainScratch scratch, float[] out, int offset);
}
