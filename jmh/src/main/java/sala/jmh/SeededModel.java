package sala.jmh;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.loader.TensorView;
import sala.model.LayerWeights;
import sala.model.LayerWeights.LightningLayerWeights;
import sala.model.LayerWeights.SparseLayerWeights;
import sala.model.ModelShape;
import sala.model.ModelWeights;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.cpu.CpuForwardPass;
import sala.model.cpu.CpuOptions;

/** A CPU pass over seeded weights of a shape, with the work that its matrix products take. */
final class SeededModel implements AutoCloseable {
    private static final long SEED = 42;
    private static final int CHECKED_LENGTH = 40;
    /** Of the largest logit: prefill and decode sum in another order. */
    private static final double CHECK_TOLERANCE = 1e-4;

    private final Arena arena = Arena.ofShared();
    private final ModelConfig config;
    private final CpuForwardPass pass;
    private final int[] tokens;
    private final long layerElements;
    private final long headElements;
    private final int elementBytes;

    SeededModel(ModelShape shape, int tokenCount, int prefillChunk) {
        config = shape.config();
        ModelWeights weights = ModelWeights.random(config, DType.BF16, SEED, arena);
        pass = new CpuForwardPass(weights, new CpuOptions(BenchmarkThreads.count(), prefillChunk, 0));
        tokens = new Random(SEED).ints(tokenCount, 0, config.vocabSize()).toArray();
        layerElements =
                weights.layers().stream().mapToLong(SeededModel::matrixElements).sum();
        headElements = weights.lmHead().shape().elementCount();
        elementBytes = weights.lmHead().dtype().bytes();
        check();
    }

    private static long matrixElements(LayerWeights layer) {
        long mlp = elements(
                layer.mlp().gateProj(), layer.mlp().upProj(), layer.mlp().downProj());
        return mlp
                + switch (layer) {
                    case SparseLayerWeights w ->
                        elements(w.qProj(), w.kProj(), w.vProj(), w.oProj())
                                + w.oGate().map(SeededModel::elements).orElse(0L);
                    case LightningLayerWeights w ->
                        elements(w.qProj(), w.kProj(), w.vProj(), w.oProj())
                                + w.zProj().map(SeededModel::elements).orElse(0L);
                };
    }

    private static long elements(TensorView... matrices) {
        return Arrays.stream(matrices)
                .mapToLong(matrix -> matrix.shape().elementCount())
                .sum();
    }

    /** The two paths must agree before either is timed. */
    private void check() {
        try (Session whole = newSession();
                Session stepped = newSession()) {
            float[] expected =
                    pass.prefill(whole, Arrays.copyOf(tokens, CHECKED_LENGTH)).toArray();
            pass.prefill(stepped, Arrays.copyOf(tokens, CHECKED_LENGTH - 1));
            float[] actual = pass.decode(stepped, tokens[CHECKED_LENGTH - 1]).toArray();
            double largest = 0;
            double worst = 0;
            for (int i = 0; i < expected.length; i++) {
                largest = Math.max(largest, Math.abs(expected[i]));
                worst = Math.max(worst, Math.abs(expected[i] - actual[i]));
            }
            if (!(worst <= CHECK_TOLERANCE * largest)) {
                throw new IllegalStateException(
                        "prefill and decode differ by %s, the largest logit is %s".formatted(worst, largest));
            }
        }
    }

    CpuForwardPass pass() {
        return pass;
    }

    int[] tokens() {
        return tokens;
    }

    Session newSession() {
        return pass.newSession(SessionOptions.ofContextLength(config.maxPositionEmbeddings()));
    }

    /** Bytes of weights that a decode step reads. */
    double decodeBytes() {
        return (double) (layerElements + headElements) * elementBytes;
    }

    /** Operations of the matrix products of a prefill, two per weight and token; attention comes on top. */
    double prefillFlops(int tokenCount) {
        return 2.0 * layerElements * tokenCount + 2.0 * headElements;
    }

    @Override
    public void close() {
        pass.close();
        arena.close();
    }
}
