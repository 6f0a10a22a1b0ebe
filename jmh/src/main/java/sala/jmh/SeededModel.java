package sala.jmh;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.loader.TensorView;
import sala.model.ForwardPass;
import sala.model.KvCache;
import sala.model.LayerObserver;
import sala.model.LayerWeights;
import sala.model.LayerWeights.LightningLayerWeights;
import sala.model.LayerWeights.SparseLayerWeights;
import sala.model.LoadListener;
import sala.model.ModelWeights;
import sala.model.RecurrentState;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.WeightFormat;
import sala.model.cpu.CpuForwardPass;
import sala.model.cpu.CpuOptions;
import sala.model.reference.ReferenceForwardPass;
import sala.model.tornado.TornadoForwardPass;
import sala.model.tornado.TornadoOptions;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** A forward pass of any backend over seeded weights, with the work that its matrix products take. */
final class SeededModel implements AutoCloseable {
    private static final long SEED = 42;
    private static final int CHECKED_LENGTH = 40;

    /** Of the largest logit: prefill and decode sum in another order. */
    private static final double F32_TOLERANCE = 1e-4;

    /** The same where weights and caches are rounded to 11 bits on the way to a device. */
    private static final double F16_TOLERANCE = 2e-2;

    /** Tokens that may be decoded behind a filled context before it is filled anew. */
    private static final int SLACK = 1 << 16;

    /** Tokens that are handed to a cache at a time. */
    private static final int PIECE = 4096;

    /** Observes nothing, but makes a pass compute every token of the last layer. */
    private static final LayerObserver WHOLE_LAYERS = new LayerObserver() {};

    private final Arena arena = Arena.ofShared();
    private final ModelConfig config;
    private final ModelWeights weights;
    private final ForwardPass pass;
    private final double tolerance;
    private final int capacity;
    private final int[] tokens;
    private final long layerElements;
    private final long headElements;
    private final int elementBytes;

    /**
     * @param dtype of the weights
     * @param tokenCount tokens of the prompt
     * @param contextLength tokens that a session is filled with, see {@link #fill}
     * @param prefillChunk tokens that go through the layers together
     */
    SeededModel(
            BenchmarkBackend backend,
            ModelConfig config,
            DType dtype,
            int tokenCount,
            int contextLength,
            int prefillChunk) {
        this.config = config;
        weights = ModelWeights.random(config, dtype, SEED, arena);
        capacity = contextLength + Math.max(tokenCount, CHECKED_LENGTH) + SLACK;
        tolerance = backend == BenchmarkBackend.TORNADO && dtype != DType.F32 ? F16_TOLERANCE : F32_TOLERANCE;
        pass = switch (backend) {
            case REFERENCE -> new ReferenceForwardPass(weights);
            case CPU -> new CpuForwardPass(weights, new CpuOptions(BenchmarkThreads.count(), prefillChunk, 0));
            case CPU_PLAIN ->
                new CpuForwardPass(weights, new CpuOptions(BenchmarkThreads.count(), prefillChunk, Long.MAX_VALUE));
            case TORNADO -> openOnDevice(prefillChunk);
        };
        tokens = new Random(SEED)
                .ints(Math.max(tokenCount, CHECKED_LENGTH), 0, config.vocabSize())
                .toArray();
        layerElements =
                weights.layers().stream().mapToLong(SeededModel::matrixElements).sum();
        headElements = weights.lmHead().shape().elementCount();
        elementBytes = weights.lmHead().dtype().bytes();
    }

    /** As the command opens a checkpoint of such weights, but for the chunk. */
    private ForwardPass openOnDevice(int prefillChunk) {
        DeviceGraphs.requireDevice();
        TornadoDevice device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
        return new TornadoForwardPass(
                weights,
                TornadoOptions.of(device, weights, WeightFormat.AUTO, capacity).withPrefillChunk(prefillChunk),
                device,
                LoadListener.NONE);
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

    double tolerance() {
        return tolerance;
    }

    /**
     * What prefill gives against what decode gives after one token less: two paths through other kernels. As a share of
     * the largest logit.
     */
    double error() {
        try (Session whole = newSession();
                Session stepped = newSession()) {
            float[] expected =
                    pass.prefill(whole, Arrays.copyOf(tokens, CHECKED_LENGTH)).toArray();
            pass.prefill(stepped, Arrays.copyOf(tokens, CHECKED_LENGTH - 1));
            return difference(
                    expected, pass.decode(stepped, tokens[CHECKED_LENGTH - 1]).toArray());
        }
    }

    /**
     * What this pass gives for two tokens against what the reference gives; for models of a layer or two.
     *
     * @param byDecode whether the tokens are decoded, not prefilled
     */
    double errorAgainstReference(boolean byDecode) {
        int[] prompt = Arrays.copyOf(tokens, 2);
        try (ForwardPass reference = new ReferenceForwardPass(weights);
                Session truth = reference.newSession(SessionOptions.ofContextLength(prompt.length));
                Session found = newSession()) {
            float[] expected = reference.prefill(truth, prompt).toArray();
            if (!byDecode) {
                return difference(expected, pass.prefill(found, prompt).toArray());
            }
            pass.decode(found, prompt[0]);
            return difference(expected, pass.decode(found, prompt[1]).toArray());
        }
    }

    private static double difference(float[] expected, float[] found) {
        double[] values = new double[expected.length];
        Arrays.setAll(values, i -> expected[i]);
        return Checked.error(values, i -> found[i]);
    }

    ForwardPass pass() {
        return pass;
    }

    /** At least as many as were asked for. */
    int[] tokens() {
        return tokens;
    }

    Session newSession() {
        return pass.newSession(SessionOptions.ofContextLength(capacity));
    }

    /** A session whose pass computes every token of every layer, where it otherwise spares the last layer most of them. */
    Session newSessionOfWholeLayers() {
        return pass.newSession(SessionOptions.ofContextLength(capacity).withObserver(WHOLE_LAYERS));
    }

    /**
     * Fills a session with noise as if {@code contextLength} tokens had been computed, unless it is there already or not
     * far behind it: a long context costs no long prefill.
     */
    void fill(Session session, int contextLength) {
        int position = session.position();
        if (position >= contextLength && position < contextLength + SLACK / 2) {
            return;
        }
        session.reset();
        for (int layer = 0; layer < config.mixerTypes().size(); layer++) {
            switch (session.cache(layer)) {
                case KvCache cache -> fill(cache, contextLength);
                case RecurrentState state -> {
                    int width = config.lightning().width();
                    state.write(new SeededWeights(45)
                            .doubles(width * config.lightning().headDim()));
                }
            }
        }
        session.resume(contextLength, new float[config.vocabSize()]);
    }

    private void fill(KvCache cache, int contextLength) {
        HeadLayout heads = new HeadLayout(config.numHeads(), config.numKvHeads(), config.headDim());
        AttentionInputs inputs = new AttentionInputs(heads, contextLength, 1);
        for (int from = 0; from < contextLength; from += PIECE) {
            int count = Math.min(PIECE, contextLength - from);
            float[] k = inputs.keys(from, count);
            float[] v = inputs.values(from, count);
            double[] keys = new double[k.length];
            double[] values = new double[v.length];
            Arrays.setAll(keys, i -> k[i]);
            Arrays.setAll(values, i -> v[i]);
            cache.append(keys, values, count);
        }
    }

    /** Bytes of weights that a decode step reads; the caches come on top. */
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
