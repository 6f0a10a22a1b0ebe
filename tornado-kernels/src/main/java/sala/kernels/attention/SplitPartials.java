package sala.kernels.attention;

import sala.kernels.KernelArguments;
import sala.kernels.reference.AttentionShape;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Scratch of an attention whose keys are shared out among {@code numSplits} work groups: what {@link SplitCombine}
 * joins. It may serve all layers in turn.
 *
 * @param weightedValues {@code [tokens, numHeads, numSplits, headDim]}: sums of {@code exp(score - max) value}
 * @param maxima {@code [tokens, numHeads, numSplits]}: largest score of a split
 * @param sums {@code [tokens, numHeads, numSplits]}: sums of {@code exp(score - max)}, 0 for a split without keys
 * @param numSplits work groups that share the keys of a token
 */
public record SplitPartials(FloatArray weightedValues, FloatArray maxima, FloatArray sums, int numSplits) {
    public SplitPartials {
        KernelArguments.requireAtLeast("numSplits", 1, numSplits);
        KernelArguments.requireShape("maxima", maxima, "[tokens, numHeads, numSplits]", numSplits);
        KernelArguments.requireShape("sums", sums, "[tokens, numHeads, numSplits]", numSplits);
    }

    /** Scratch for {@code tokens} tokens. */
    public static SplitPartials create(AttentionShape shape, int tokens, int numSplits) {
        int rows = Math.multiplyExact(Math.multiplyExact(tokens, shape.numHeads()), numSplits);
        return new SplitPartials(
                new FloatArray(Math.multiplyExact(rows, shape.headDim())),
                new FloatArray(rows),
                new FloatArray(rows),
                numSplits);
    }

    /** Refuses scratch that is too small for {@code tokens} tokens. */
    public void requireShape(AttentionShape shape, int tokens) {
        int numHeads = shape.numHeads();
        KernelArguments.requireShape(
                "weightedValues",
                weightedValues,
                "[tokens, numHeads, numSplits, headDim]",
                tokens,
                numHeads,
                numSplits,
                shape.headDim());
        KernelArguments.requireShape("maxima", maxima, "[tokens, numHeads, numSplits]", tokens, numHeads, numSplits);
        KernelArguments.requireShape("sums", sums, "[tokens, numHeads, numSplits]", tokens, numHeads, numSplits);
    }
}
