package sala.model.cpu;

/** What a thread needs that multiplies stored weights in plain loops. See {@link ColdStart}. */
final class PlainScratch {
    /** A row of 16-bit weights as stored. */
    final short[] stored;
    /** A row of weights, widened. */
    final float[] weights;
    /** A partial sum for each lane. */
    final float[] lanes = new float[VectorMath.LANES];

    /** @param maxColumns largest width of a matrix to come */
    PlainScratch(int maxColumns) {
        stored = new short[maxColumns];
        weights = new float[maxColumns];
    }
}
