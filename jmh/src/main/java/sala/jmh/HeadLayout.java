package sala.jmh;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.SelectionRule;
import sala.loader.LightningConfig;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;
import sala.model.ModelShape;

/**
 * Heads of attention, written as {@code 32/2x128}: query heads, KV heads, head size. The lightning layers have as many
 * heads as there are query heads. Block selection is the released model's.
 */
record HeadLayout(int numHeads, int numKvHeads, int headDim) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,4})/(\\d{1,4})x(\\d{1,4})");

    /** The released model's heads. */
    static final String RELEASED = "32/2x128";

    /** Those of a usual dense model of that size. */
    static final String DENSE_8B = "32/8x128";

    /**
     * Reads a layout.
     *
     * @throws IllegalArgumentException if it has another form
     */
    static HeadLayout of(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException(
                    "heads: expected query heads/KV heads x head size, such as 32/2x128, found " + text);
        }
        return new HeadLayout(
                Integer.parseInt(form.group(1)), Integer.parseInt(form.group(2)), Integer.parseInt(form.group(3)));
    }

    int width() {
        return numHeads * headDim;
    }

    int kvWidth() {
        return numKvHeads * headDim;
    }

    double attentionScale() {
        return Math.pow(headDim, -0.5);
    }

    AttentionShape shape() {
        return new AttentionShape(numHeads, numKvHeads, headDim, attentionScale());
    }

    SelectionRule rule() {
        SparseConfig sparse = config().sparse();
        return new SelectionRule(
                sparse.kernelSize(),
                sparse.kernelStride(),
                sparse.blockSize(),
                sparse.initBlocks(),
                sparse.localBlocks(),
                sparse.effectiveTopK());
    }

    /** The released model's configuration with these heads: a layer of each kind. */
    ModelConfig config() {
        ModelConfig released = ModelShape.NINE_B.config(2);
        return config(released.mixerTypes(), released.vocabSize());
    }

    /** The released model's configuration with these heads and the given layers and vocabulary. */
    ModelConfig config(List<MixerType> mixerTypes, int vocabSize) {
        ModelConfig released = ModelShape.NINE_B.config(1);
        LightningConfig lightning = new LightningConfig(numHeads, headDim, attentionScale(), true, true, true, true);
        return new ModelConfig(
                vocabSize,
                width(),
                4 * width(),
                mixerTypes,
                numHeads,
                numKvHeads,
                headDim,
                false,
                true,
                released.sparse(),
                lightning,
                released.ropeTheta(),
                released.rmsNormEps(),
                released.embeddingScale(),
                released.scaleDepth(),
                released.dimModelBase(),
                false,
                released.maxPositionEmbeddings(),
                released.bosTokenId(),
                released.eosTokenIds(),
                released.padTokenId(),
                released.torchDtype(),
                released.carried());
    }
}
