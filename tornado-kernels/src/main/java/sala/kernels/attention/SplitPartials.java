package sala.kernels.attention;

import sala.kernels.KernelArguments;
import sala.kernels.reference.AttentionShape;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Scratch of an attention whose keys are shared out among {@code numSplits} work groups: what {@link SplitCombine}
 * joins. It may serve all layers in turn.
 *
 * @param results {@code [tokens, numKvHeads, numSplits, rows, headDim + 16]}: of each query head and split the sum of
 *     {@code exp(score - reference) value}, at {@link #SUM} after it the sum of {@code exp(score - reference)}, which is 0
 *     for a split without keys, and at {@link #REFERENCE} the reference: the largest score, or a number near it
 * @param numSplits work groups that share the keys of a token
 * @param rows of a KV head: its query heads, and perhaps some that are written with them and never read
 */
public record SplitPartials(FloatArray results, int numSplits, int rows) {
    /** Elements after the values. */
    public static final int EXTRA = 16;

    /** Place of the sum after the values; tensor cores write eight columns of it. */
    public static final int SUM = 0;

    /** Place of the reference after the values. */
    public static final int REFERENCE = 8;

    public SplitPartials {
        KernelArguments.requireAtLeast("numSplits", 1, numSplits);
        KernelArguments.requireAtLeast("rows", 1, rows);
        KernelArguments.requireShape(
                "results", results, "[tokens, numKvHeads, numSplits, rows, headDim + 16]", numSplits, rows, EXTRA);
    }

    /** Scratch for {@code tokens} tokens, a row a query head. */
    public static SplitPartials create(AttentionShape shape, int tokens, int numSplits) {
        return create(shape, tokens, numSplits, shape.groupSize());
    }

    /** Scratch for {@code tokens} tokens, of so many rows a KV head. */
    public static SplitPartials create(AttentionShape shape, int tokens, int numSplits, int rows) {
        return new SplitPartials(new FloatArray(length(shape, tokens, numSplits, rows)), numSplits, rows);
    }

    /** Elements of {@code results}, a row a query head. */
    public static int length(AttentionShape shape, int tokens, int numSplits) {
        return length(shape, tokens, numSplits, shape.groupSize());
    }

    /** Elements of {@code results}. */
    public static int length(AttentionShape shape, int tokens, int numSplits, int rows) {
        int groups = Math.multiplyExact(Math.multiplyExact(tokens, shape.numKvHeads()), numSplits);
        return Math.multiplyExact(Math.multiplyExact(groups, rows), shape.headDim() + EXTRA);
    }

    /** Refuses scratch that is too small for {@code tokens} tokens, or has fewer rows than query heads. */
    public void requireShape(AttentionShape shape, int tokens) {
        KernelArguments.requireAtLeast("rows", shape.groupSize(), rows);
        KernelArguments.requireShape(
                "results",
                results,
                "[tokens, numKvHeads, numSplits, rows, headDim + 16]",
                tokens,
                shape.numKvHeads(),
                numSplits,
                rows,
                shape.headDim() + EXTRA);
    }
}
