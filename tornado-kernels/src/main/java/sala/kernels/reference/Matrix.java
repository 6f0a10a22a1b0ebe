package sala.kernels.reference;

/**
 * A matrix read row by row, whatever its elements are stored as; weights need not be held in double precision.
 *
 * <p>Shape {@code [rows, columns]}.
 */
public interface Matrix {
    int rows();

    int columns();

    /**
     * Copies a row out.
     *
     * @param row {@code 0 <= row < rows}
     * @param into {@code [columns]}, written
     */
    void read(int row, double[] into);

    /**
     * The matrix of an array in C order.
     *
     * @param values {@code [values.length / columns, columns]}
     * @throws IllegalArgumentException if the rows are not whole
     */
    static Matrix of(double[] values, int columns) {
        Arguments.requireMultiple("matrix", values.length, columns, "[rows, columns]");
        return new Matrix() {
            @Override
            public int rows() {
                return values.length / columns;
            }

            @Override
            public int columns() {
                return columns;
            }

            @Override
            public void read(int row, double[] into) {
                System.arraycopy(values, row * columns, into, 0, columns);
            }
        };
    }
}
