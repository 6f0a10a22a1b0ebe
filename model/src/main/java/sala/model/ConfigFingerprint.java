package sala.model;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sala.loader.LightningConfig;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;

/**
 * Tells models apart whose caches do not fit each other: SHA-256 of all that a forward pass computes with. The context
 * length, the ids of begin, end and padding, and the element type of the weights do not count, for a conversation can go
 * on when they change. Weights are not looked at.
 */
final class ConfigFingerprint {
    static final int BYTES = 32;

    private static final int SHOWN_BYTES = 4;

    private ConfigFingerprint() {}

    static byte[] of(ModelConfig config) {
        SparseConfig sparse = config.sparse();
        LightningConfig lightning = config.lightning();
        String text = Stream.of(
                        config.vocabSize(),
                        config.hiddenSize(),
                        config.intermediateSize(),
                        config.layerStrip(),
                        config.numHeads(),
                        config.numKvHeads(),
                        config.headDim(),
                        config.sparseUseRope(),
                        config.sparseUseOutputGate(),
                        sparse.kernelSize(),
                        sparse.kernelStride(),
                        sparse.initBlocks(),
                        sparse.blockSize(),
                        sparse.windowSize(),
                        sparse.topK(),
                        sparse.denseLength(),
                        sparse.useNope(),
                        lightning.numHeads(),
                        lightning.headDim(),
                        lightning.attentionScale(),
                        lightning.useRope(),
                        lightning.qkNorm(),
                        lightning.useOutputNorm(),
                        lightning.useOutputGate(),
                        config.ropeTheta(),
                        config.rmsNormEps(),
                        config.embeddingScale(),
                        config.scaleDepth(),
                        config.dimModelBase(),
                        config.tiedEmbeddings())
                .map(String::valueOf)
                .collect(Collectors.joining("\n"));
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /** A model in one line, for people. */
    static String describe(ModelConfig config) {
        return "%s, hidden %d, vocabulary %d".formatted(config.layerStrip(), config.hiddenSize(), config.vocabSize());
    }

    /** The first digits, for people. */
    static String shorten(byte[] fingerprint) {
        return HexFormat.of().formatHex(Arrays.copyOf(fingerprint, SHOWN_BYTES));
    }
}
