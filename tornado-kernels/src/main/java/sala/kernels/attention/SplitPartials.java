package sala.kernels.attention;

import sala.kernels.KernelArguments;
import sala.kernels.reference.AttentionShape;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Scratch of an attention whose keys are shared out among {@code numSplits} work groups: what {@link SplitCombine}
 * joins. It may serve all layers in turn.
 *
 * @param results {@code [tokens, numHeads, numSplits, headDim + 2]}: of each split the sum of
 *     {@code exp(score - max) value}, then the largest score, then the sum of {@code exp(score - max)}, which is 0 for a
 *     split without keys
 * @param numSplits work groups that share the keys of a token
 */
public record SplitPartials(FloatArray results, int numSplits) {
    /** Elements after the values: maximum and sum. */
    public static final int EXTRA = 2;

    public SplitPartials {
        KernelArguments.requireAtLeast("numSplits", 1, numSplits);
        KernelArguments.requireShape(
                "results", results, "[tokens, numHeads, numSplits, headDim + 2]", numSplits, EXTRA);
    }

    /** Scratch for {@code tokens} tokens. */
    public static SplitPartials create(AttentionShape shape, int tokens, int numSplits) {
        return new SplitPartials(new FloatArray(length(shape, tokens, numSplits)), numSplits);
    }

    /** Elements of {@code results}. */
    public static int length(AttentionShape shape, int tokens, int numSplits) {
        int rows = Math.multiplyExact(Math.multiplyExact(tokens, shape.numHeads()), numSplits);
        return Math.multiplyExact(rows, shape.headDim() + EXTRA);
    }

    /** Refuses scratch that is too small for {@code tokens} tokens. */
    public void requireShape(AttentionShape shape, int tokens) {
        KernelArguments.requireShape(
                "results",
                results,
                "[tokens, numHeads, numSplits, headDim + 2]",
                tokens,
                shape.numHeads(),
                numSplits,
                shape.headDim() + EXTRA);
    }
}
