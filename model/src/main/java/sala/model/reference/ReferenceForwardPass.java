package sala.model.reference;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.BlockSelection;
import sala.kernels.reference.DecaySlopes;
import sala.kernels.reference.DenseAttention;
import sala.kernels.reference.Embedding;
import sala.kernels.reference.KeyCompression;
import sala.kernels.reference.LightningAttention;
import sala.kernels.reference.Linear;
import sala.kernels.reference.Matrix;
import sala.kernels.reference.OutputGate;
import sala.kernels.reference.RmsNorm;
import sala.kernels.reference.Rope;
import sala.kernels.reference.SelectionRule;
import sala.kernels.reference.SparseAttention;
import sala.kernels.reference.SwiGlu;
import sala.loader.LightningConfig;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;
import sala.loader.TensorView;
import sala.model.ForwardPass;
import sala.model.LayerCache;
import sala.model.LayerObserver;
import sala.model.LayerObserver.Activation;
import sala.model.LayerWeights;
import sala.model.LayerWeights.LightningLayerWeights;
import sala.model.LayerWeights.Mlp;
import sala.model.LayerWeights.SparseLayerWeights;
import sala.model.Logits;
import sala.model.ModelWeights;
import sala.model.PrefillListener;
import sala.model.Session;
import sala.model.SessionOptions;

/**
 * MiniCPM-SALA on one page, in plain Java and, unless asked otherwise, double precision: read it as documentation, check
 * others against it. All tokens of a call go through each layer together; arrays are {@code [T, width]}. Nothing is made
 * fast, and a cancelled prefill is noticed at its end only.
 */
public final class ReferenceForwardPass implements ForwardPass {
    /** Tokens of a chunk of linear attention; any number gives the same result. */
    private static final int CHUNK_SIZE = 64;

    private final ModelWeights weights;
    private final Precision precision;
    private final ModelConfig config;
    private final AttentionShape attentionShape;
    private final SelectionRule selectionRule;
    private final double[] decaySlopes;

    /** A pass in double precision. */
    public ReferenceForwardPass(ModelWeights weights) {
        this(weights, Precision.F64);
    }

    /** A pass that keeps its values in the given precision. */
    public ReferenceForwardPass(ModelWeights weights, Precision precision) {
        this.weights = weights;
        this.precision = precision;
        config = weights.config();
        SparseConfig sparse = config.sparse();
        attentionShape =
                new AttentionShape(config.numHeads(), config.numKvHeads(), config.headDim(), config.attentionScale());
        selectionRule = new SelectionRule(
                sparse.kernelSize(),
                sparse.kernelStride(),
                sparse.blockSize(),
                sparse.initBlocks(),
                sparse.localBlocks(),
                sparse.effectiveTopK());
        decaySlopes = DecaySlopes.of(config.lightning().numHeads());
    }

    private Logits forward(ReferenceSession session, int[] tokens) {
        int length = session.position() + tokens.length;
        boolean sparse = session.options()
                .attentionMode()
                .isSparse(length, config.sparse().denseLength());
        Call call = new Call(session, session.position(), tokens.length, sparse);

        double[] hidden =
                precision.store(Embedding.lookup(tokens, matrix(weights.embedding()), config.embeddingScale()));
        observe(call, Activation.EMBEDDING, -1, hidden);
        for (int layer = 0; layer < config.numLayers(); layer++) {
            LayerWeights layerWeights = weights.layers().get(layer);
            double[] mixerInput = norm(hidden, layerWeights.inputNorm());
            double[] mixed = switch (layerWeights) {
                case SparseLayerWeights w -> sparseMixer(w, call, layer, mixerInput);
                case LightningLayerWeights w -> lightningMixer(w, call, layer, mixerInput);
            };
            addResidual(hidden, mixed);
            double[] mlpInput = norm(hidden, layerWeights.postAttentionNorm());
            addResidual(hidden, mlp(layerWeights.mlp(), mlpInput));
            observe(call, Activation.LAYER_OUTPUT, layer, hidden);
        }
        double[] normalized = norm(hidden, weights.finalNorm());
        observe(call, Activation.FINAL_NORM, config.numLayers(), normalized);
        return session.advance(tokens.length, head(call, normalized));
    }

    private double[] sparseMixer(SparseLayerWeights w, Call call, int layer, double[] input) {
        double[] q = project(input, w.qProj());
        double[] k = project(input, w.kProj());
        if (config.sparseUseRope()) {
            q = rotate(call, q, config.headDim());
            k = rotate(call, k, config.headDim());
        }
        ReferenceKvCache cache = call.session().kvCache(layer);
        cache.append(k, project(input, w.vProj()), call.tokenCount());
        double[] out = call.sparse() ? sparseAttention(call, layer, q, cache) : denseAttention(call, q, cache);
        if (w.oGate().isPresent()) {
            out = gate(out, input, w.oGate().get());
        }
        return project(out, w.oProj());
    }

    private double[] denseAttention(Call call, double[] q, ReferenceKvCache cache) {
        double[] keys = cache.keys();
        double[] values = cache.values();
        return perToken(
                call,
                q,
                (token, query) -> DenseAttention.attend(query, call.position() + token, keys, values, attentionShape));
    }

    private double[] sparseAttention(Call call, int layer, double[] q, ReferenceKvCache cache) {
        double[] keys = cache.keys();
        double[] values = cache.values();
        int width = config.kvWidth();
        double[] fine = precision.store(
                KeyCompression.compress(keys, width, selectionRule.kernelSize(), selectionRule.kernelStride()));
        double[] coarse = precision.store(KeyCompression.compress(
                keys, width, selectionRule.coarseKernelSize(), selectionRule.coarseKernelStride()));
        int numFine = fine.length / width;
        LayerObserver observer = call.session().options().observer();
        return perToken(call, q, (token, query) -> {
            int position = call.position() + token;
            double[] windowScores = precision.store(
                    BlockSelection.windowScores(query, position, fine, coarse, attentionShape, selectionRule));
            int[][] blocks = new int[config.numKvHeads()][];
            for (int kvHead = 0; kvHead < blocks.length; kvHead++) {
                double[] scores = Arrays.copyOfRange(windowScores, kvHead * numFine, (kvHead + 1) * numFine);
                double[] blockScores =
                        BlockSelection.blockScores(scores, selectionRule.numBlocks(cache.length()), selectionRule);
                blocks[kvHead] = BlockSelection.select(blockScores, position, selectionRule);
                if (observer.observesBlocks(layer, position)) {
                    observer.blocks(layer, kvHead, position, blocks[kvHead].clone());
                }
            }
            return SparseAttention.attend(
                    query, position, keys, values, blocks, selectionRule.blockSize(), attentionShape);
        });
    }

    private double[] lightningMixer(LightningLayerWeights w, Call call, int layer, double[] input) {
        LightningConfig lightning = config.lightning();
        double[] q = project(input, w.qProj());
        double[] k = project(input, w.kProj());
        double[] v = project(input, w.vProj());
        if (w.qNorm().isPresent() && w.kNorm().isPresent()) {
            q = norm(q, w.qNorm().get());
            k = norm(k, w.kNorm().get());
        }
        if (lightning.useRope()) {
            q = rotate(call, q, lightning.headDim());
            k = rotate(call, k, lightning.headDim());
        }
        double[] state = call.session().state(layer);
        double[] out = precision.store(
                LightningAttention.chunkedPrefill(q, k, v, decaySlopes, lightning.attentionScale(), state, CHUNK_SIZE));
        precision.store(state);
        if (w.oNorm().isPresent()) {
            out = norm(out, w.oNorm().get());
        }
        if (w.zProj().isPresent()) {
            out = gate(out, input, w.zProj().get());
        }
        return project(out, w.oProj());
    }

    private double[] mlp(Mlp w, double[] input) {
        double[] activated = precision.store(SwiGlu.activate(project(input, w.gateProj()), project(input, w.upProj())));
        return project(activated, w.downProj());
    }

    /** Logits of the last token, which are returned, and of those that are observed. */
    private float[] head(Call call, double[] normalized) {
        int hiddenSize = config.hiddenSize();
        int vocabSize = config.vocabSize();
        LayerObserver observer = call.session().options().observer();
        int[] rows = IntStream.range(0, call.tokenCount())
                .filter(token -> token == call.tokenCount() - 1
                        || observer.observes(Activation.LOGITS, config.numLayers(), call.position() + token))
                .toArray();
        double[] scaled = new double[rows.length * hiddenSize];
        for (int row = 0; row < rows.length; row++) {
            for (int i = 0; i < hiddenSize; i++) {
                scaled[row * hiddenSize + i] = normalized[rows[row] * hiddenSize + i] * config.logitScale();
            }
        }
        double[] logits = project(precision.store(scaled), weights.lmHead());
        for (int row = 0; row < rows.length; row++) {
            int position = call.position() + rows[row];
            if (observer.observes(Activation.LOGITS, config.numLayers(), position)) {
                float[] values = toFloats(logits, row * vocabSize, vocabSize);
                observer.activation(Activation.LOGITS, config.numLayers(), position, values);
            }
        }
        return toFloats(logits, logits.length - vocabSize, vocabSize);
    }

    /** What holds for all layers of a call. */
    private record Call(ReferenceSession session, int position, int tokenCount, boolean sparse) {}

    private interface TokenAttention {
        double[] attend(int token, double[] query);
    }

    private double[] perToken(Call call, double[] q, TokenAttention attention) {
        int width = config.queryWidth();
        double[] out = new double[q.length];
        for (int token = 0; token < call.tokenCount(); token++) {
            double[] query = Arrays.copyOfRange(q, token * width, (token + 1) * width);
            System.arraycopy(attention.attend(token, query), 0, out, token * width, width);
        }
        return precision.store(out);
    }

    private double[] rotate(Call call, double[] x, int headDim) {
        int[] positions = IntStream.range(call.position(), call.position() + call.tokenCount())
                .toArray();
        return precision.store(Rope.rotate(x, Rope.angles(positions, headDim, config.ropeTheta()), headDim));
    }

    private double[] norm(double[] x, TensorView weight) {
        return precision.store(RmsNorm.normalize(x, weight.toDoubles(), config.rmsNormEps()));
    }

    private double[] project(double[] x, TensorView weight) {
        return precision.store(Linear.project(x, matrix(weight)));
    }

    /** The mixer output times the sigmoid of a projection of the mixer input. */
    private double[] gate(double[] out, double[] input, TensorView weight) {
        return precision.store(OutputGate.apply(out, project(input, weight)));
    }

    private void addResidual(double[] hidden, double[] branch) {
        for (int i = 0; i < hidden.length; i++) {
            hidden[i] += config.residualScale() * branch[i];
        }
        precision.store(hidden);
    }

    private void observe(Call call, Activation activation, int layer, double[] values) {
        LayerObserver observer = call.session().options().observer();
        int width = config.hiddenSize();
        for (int token = 0; token < call.tokenCount(); token++) {
            if (observer.observes(activation, layer, call.position() + token)) {
                observer.activation(activation, layer, call.position() + token, toFloats(values, token * width, width));
            }
        }
    }

    private static float[] toFloats(double[] values, int from, int count) {
        float[] floats = new float[count];
        for (int i = 0; i < count; i++) {
            floats[i] = (float) values[from + i];
        }
        return floats;
    }

    private static Matrix matrix(TensorView tensor) {
        int rows = Math.toIntExact(tensor.shape().dimension(0));
        int columns = Math.toIntExact(tensor.shape().dimension(1));
        return new Matrix() {
            @Override
            public int rows() {
                return rows;
            }

            @Override
            public int columns() {
                return columns;
            }

            @Override
            public void read(int row, double[] into) {
                for (int column = 0; column < columns; column++) {
                    into[column] = tensor.getDouble((long) row * columns + column);
                }
            }
        };
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public String description() {
        return "reference: plain Java, %s, one thread, weights %s"
                .formatted(precision, weights.lmHead().dtype());
    }

    @Override
    public Session newSession(SessionOptions options) {
        return new ReferenceSession(this, options, newCaches());
    }

    List<LayerCache> newCaches() {
        List<LayerCache> caches = new ArrayList<>();
        for (LayerWeights layer : weights.layers()) {
            caches.add(
                    switch (layer) {
                        case SparseLayerWeights _ -> new ReferenceKvCache(config.kvWidth());
                        case LightningLayerWeights _ -> new ReferenceState(config.lightning());
                    });
        }
        return caches;
    }

    @Override
    public Logits prefill(Session session, int[] tokens, PrefillListener listener) {
        ReferenceSession own = ReferenceSession.of(session, this);
        own.checkCall(tokens);
        Logits logits = forward(own, tokens);
        if (!listener.proceed(tokens.length, tokens.length)) {
            throw new CancellationException("prefill stopped after %d tokens".formatted(tokens.length));
        }
        return logits;
    }

    @Override
    public Logits decode(Session session, int token) {
        return prefill(session, new int[] {token});
    }

    @Override
    public void close() {
        // nothing is held
    }
}
