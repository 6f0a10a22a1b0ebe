package sala.kernels.attention;

import sala.kernels.KernelArguments;
import sala.kernels.reference.AttentionShape;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Scratch of {@link TensorDecodeAttention}; it may serve all layers in turn.
 *
 * @param partials of the work groups, in rows of fragments
 * @param scores {@link #floats} numbers: of each work group the scores of a tile of keys
 * @param noBlocks one number, in place of a block list where all positions are seen
 */
public record TensorDecodeScratch(SplitPartials partials, FloatArray scores, IntArray noBlocks) {
    /** Rows of the partial results. */
    public static final int ROWS = TensorDecodeAttention.ROWS;

    /** Elements of {@code scores}. */
    public static int floats(AttentionShape shape, int numSplits) {
        return Math.multiplyExact(
                Math.multiplyExact(shape.numKvHeads(), numSplits), TensorDecodeAttention.SCORE_FLOATS);
    }

    /** Bytes of the scratch of so many work groups a KV head. */
    public static long bytes(AttentionShape shape, int numSplits) {
        long partials = SplitPartials.length(shape, 1, numSplits, ROWS);
        return (partials + floats(shape, numSplits) + 1) * Float.BYTES;
    }

    /** Scratch of so many work groups a KV head. */
    public static TensorDecodeScratch create(AttentionShape shape, int numSplits) {
        return new TensorDecodeScratch(
                SplitPartials.create(shape, 1, numSplits, ROWS),
                new FloatArray(floats(shape, numSplits)),
                new IntArray(1));
    }

    /** The same arrays, for calls of another number of work groups a KV head, at most as many as now. */
    public TensorDecodeScratch withSplits(int numSplits) {
        if (numSplits > partials.numSplits()) {
            throw new IllegalArgumentException(
                    "numSplits: expected at most %d, found %d".formatted(partials.numSplits(), numSplits));
        }
        return new TensorDecodeScratch(new SplitPartials(partials.results(), numSplits, ROWS), scores, noBlocks);
    }

    /** Refuses scratch that is too small. */
    void requireShape(AttentionShape shape) {
        partials.requireShape(shape, 1);
        KernelArguments.requireOneOf("rows", partials.rows(), ROWS);
        KernelArguments.requireShape("scores", scores, "[floats]", floats(shape, partials.numSplits()));
        KernelArguments.requireShape("noBlocks", noBlocks, "[1]", 1);
    }
}
