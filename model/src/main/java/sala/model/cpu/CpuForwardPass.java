package sala.model.cpu;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import sala.loader.LightningConfig;
import sala.loader.ModelConfig;
import sala.model.CallCheck;
import sala.model.ForwardPass;
import sala.model.LayerObserver;
import sala.model.LayerObserver.Activation;
import sala.model.Logits;
import sala.model.ModelWeights;
import sala.model.PrefillListener;
import sala.model.Session;
import sala.model.SessionOptions;

/**
 * The model on the Vector API over all cores. Weights stay as stored and are widened in registers; activations, sums and
 * caches are f32 and nothing is rounded to bfloat16.
 *
 * <p>A prompt goes through the layers in chunks of {@link CpuOptions#prefillChunk()} tokens, whose projections are matrix
 * products; a single token takes matrix-vector products, which stream the weights once, and allocates nothing. Results
 * do not depend on the number of threads. They depend on the chunks only by the rounding of f32 sums.
 */
public final class CpuForwardPass implements ForwardPass {
    private final ModelConfig config;
    private final CpuOptions options;
    private final WeightMatrix embedding;
    private final List<CpuLayer> layers;
    private final float[] finalNorm;
    private final float[] scaledFinalNorm;
    private final WeightMatrix[] head;
    private final float[][] headOutput = new float[1][];
    private final float residualScale;
    private final int maxTokens;
    private final int maxBlocks;

    private final ColdStart coldStart;
    private final long multiplyAddsPerToken;
    private final WorkerTeam team;
    private final MatVec matVec;
    private final MatMul matMul;
    private final TokenOps ops;
    private final Rope sparseRope;
    private final Rope lightningRope;
    private final DenseAttention denseAttention;
    private final BlockSelection blockSelection;
    private final SparseAttention sparseAttention;
    private final LightningAttention lightningAttention;
    private final Activations activations;
    private final int[] decodeToken = new int[1];
    private boolean closed;

    /** A pass over weights that must stay open as long as it is used. */
    public CpuForwardPass(ModelWeights weights, CpuOptions options) {
        this.config = weights.config();
        this.options = options;
        embedding = WeightMatrix.of(weights.embedding());
        layers = weights.layers().stream().map(CpuLayer::of).toList();
        finalNorm = weights.finalNorm().toFloats();
        scaledFinalNorm = finalNorm.clone();
        for (int i = 0; i < finalNorm.length; i++) {
            scaledFinalNorm[i] *= (float) config.logitScale();
        }
        head = new WeightMatrix[] {WeightMatrix.of(weights.lmHead())};
        residualScale = (float) config.residualScale();

        LightningConfig lightning = config.lightning();
        maxTokens = Math.min(options.prefillChunk(), config.maxPositionEmbeddings());
        int maxColumns = Math.max(
                Math.max(config.hiddenSize(), config.intermediateSize()),
                Math.max(config.queryWidth(), lightning.width()));
        coldStart = new ColdStart(options.plainMultiplyAdds());
        multiplyAddsPerToken = layers.stream().mapToLong(CpuLayer::numWeights).sum();
        team = new WorkerTeam(options.threads());
        matVec = new MatVec(team, coldStart, maxColumns);
        matMul = new MatMul(team, coldStart, maxTokens, maxColumns);
        ops = new TokenOps(team, coldStart, config.hiddenSize());
        sparseRope = new Rope(config.headDim(), config.ropeTheta(), maxTokens);
        lightningRope = new Rope(lightning.headDim(), config.ropeTheta(), maxTokens);
        denseAttention = new DenseAttention(config, team, coldStart);
        blockSelection = new BlockSelection(config, team, coldStart);
        sparseAttention = new SparseAttention(config, team, coldStart);
        lightningAttention = new LightningAttention(config, team, coldStart);
        maxBlocks = blockSelection.maxBlocks();
        activations = new Activations(config, maxTokens, maxBlocks);
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public String description() {
        return "cpu: %s weights, f32 sums in vectors of %d bits, %d threads"
                .formatted(head[0].dtype(), VectorMath.SPECIES.vectorBitSize(), team.size());
    }

    /** How this pass was asked to run. */
    public CpuOptions options() {
        return options;
    }

    @Override
    public Session newSession(SessionOptions sessionOptions) {
        requireOpen();
        int mostTokens = InterleavedVectors.maxCount(SmallMatMul.padded(config.headDim()));
        if (sessionOptions.contextLength() > mostTokens) {
            throw new IllegalArgumentException("contextLength %d: a KV cache holds at most %d tokens"
                    .formatted(sessionOptions.contextLength(), mostTokens));
        }
        return new CpuSession(this, sessionOptions);
    }

    @Override
    public Logits prefill(Session session, int[] tokens, PrefillListener listener) {
        CpuSession own = check(session, tokens);
        boolean sparse = isSparse(own, tokens.length);
        int from = 0;
        while (from < tokens.length) {
            int count = Math.min(maxTokens, tokens.length - from);
            ingest(own, tokens, from, count, sparse);
            from += count;
            if (!listener.proceed(from, tokens.length)) {
                throw new CancellationException(
                        "the prefill was stopped after %d of %d tokens".formatted(from, tokens.length));
            }
        }
        return own.logits();
    }

    @Override
    public Logits decode(Session session, int token) {
        decodeToken[0] = token;
        CpuSession own = check(session, decodeToken);
        ingest(own, decodeToken, 0, 1, isSparse(own, 1));
        return own.logits();
    }

    private boolean isSparse(CpuSession session, int tokenCount) {
        int contextLength = session.position() + tokenCount;
        return session.options()
                .attentionMode()
                .isSparse(contextLength, config.sparse().denseLength());
    }

    private CpuSession check(Session session, int[] tokens) {
        requireOpen();
        if (!(session instanceof CpuSession own) || !own.belongsTo(this)) {
            throw new IllegalArgumentException("the session was opened by another forward pass");
        }
        own.requireReady();
        CallCheck.requireTokens(own, tokens);
        return own;
    }

    /** Takes the tokens {@code from <= i < from + count} through all layers, and the last one to its logits. */
    private void ingest(CpuSession session, int[] tokens, int from, int count, boolean sparse) {
        LayerObserver observer = session.options().observer();
        boolean observed = session.isObserved();
        int position = session.position();
        session.beginChunk();
        coldStart.begin(count * multiplyAddsPerToken);
        ops.embed(embedding, tokens, from, count, (float) config.embeddingScale(), activations.hidden);
        ops.prepareRope(lightningRope, position, count);
        if (config.sparseUseRope()) {
            ops.prepareRope(sparseRope, position, count);
        }
        if (observed) {
            observeRows(observer, Activation.EMBEDDING, -1, position, count);
        }
        int rows = count;
        for (int layer = 0; layer < layers.size(); layer++) {
            // The last layer's cache takes all tokens; what follows is wanted of the last token only.
            boolean lastTokenOnly = layer == layers.size() - 1 && !observed;
            switch (layers.get(layer)) {
                case CpuLayer.Sparse weights -> mixSparse(weights, session, layer, count, sparse, lastTokenOnly);
                case CpuLayer.Lightning weights -> mixLightning(weights, session, layer, count, lastTokenOnly);
            }
            rows = lastTokenOnly ? 1 : count;
            feedForward(layers.get(layer), rows);
            if (observed) {
                observeRows(observer, Activation.LAYER_OUTPUT, layer, position, count);
            }
        }
        if (observed) {
            observeOutputs(observer, position, count);
        }
        Activations.keepLast(activations.hidden, rows, config.hiddenSize());
        computeLogits(session.logitsBuffer());
        if (observed && observer.observes(Activation.LOGITS, layers.size(), position + count - 1)) {
            float[] logits = session.logitsBuffer().clone();
            observer.activation(Activation.LOGITS, layers.size(), position + count - 1, logits);
        }
        session.endChunk(count);
    }

    /** {@code hidden += residualScale * attention(norm(hidden))}; leaves only the last row if {@code lastTokenOnly}. */
    private void mixSparse(
            CpuLayer.Sparse layer, CpuSession session, int index, int count, boolean sparse, boolean lastTokenOnly) {
        Activations a = activations;
        ops.norm(a.hidden, layer.inputNorm(), config.rmsNormEps(), count, a.normed);
        project(layer.inputs(), a.normed, count, a.mixerInputs);
        if (config.sparseUseRope()) {
            ops.rotate(sparseRope, a.q, count, config.numHeads(), config.headDim());
            ops.rotate(sparseRope, a.k, count, config.numKvHeads(), config.headDim());
        }
        CpuKvCache cache = session.kvCache(index);
        cache.append(a.k, a.v, count);
        int width = config.queryWidth();
        int position = session.position();
        int rows = count;
        if (lastTokenOnly) {
            Activations.keepLast(a.q, count, width);
            Activations.keepLast(a.gate, count, width);
            Activations.keepLast(a.hidden, count, config.hiddenSize());
            position += count - 1;
            rows = 1;
        }
        if (sparse) {
            blockSelection.run(cache, a.q, position, rows, a.blocks, a.blockCounts);
            if (session.isObserved()) {
                observeBlocks(session.options().observer(), index, position, rows);
            }
            sparseAttention.run(cache, a.q, position, rows, a.blocks, a.blockCounts, a.attended);
        } else {
            denseAttention.run(cache, a.q, position, rows, a.attended);
        }
        finishMixer(layer, layer.gated(), rows, width);
    }

    /** The same with linear attention. */
    private void mixLightning(
            CpuLayer.Lightning layer, CpuSession session, int index, int count, boolean lastTokenOnly) {
        Activations a = activations;
        LightningConfig lightning = config.lightning();
        ops.norm(a.hidden, layer.inputNorm(), config.rmsNormEps(), count, a.normed);
        project(layer.inputs(), a.normed, count, a.mixerInputs);
        if (layer.qNorm().isPresent()) {
            ops.normHeads(a.q, layer.qNorm().get(), config.rmsNormEps(), count, lightning.numHeads());
        }
        if (layer.kNorm().isPresent()) {
            ops.normHeads(a.k, layer.kNorm().get(), config.rmsNormEps(), count, lightning.numHeads());
        }
        if (lightning.useRope()) {
            ops.rotate(lightningRope, a.q, count, lightning.numHeads(), lightning.headDim());
            ops.rotate(lightningRope, a.k, count, lightning.numHeads(), lightning.headDim());
        }
        lightningAttention.run(session.recurrentState(index), a.q, a.k, a.v, count, a.attended);
        int width = lightning.width();
        int rows = count;
        if (lastTokenOnly) {
            Activations.keepLast(a.attended, count, width);
            Activations.keepLast(a.gate, count, width);
            Activations.keepLast(a.hidden, count, config.hiddenSize());
            rows = 1;
        }
        if (layer.oNorm().isPresent()) {
            ops.norm(a.attended, layer.oNorm().get(), config.rmsNormEps(), rows, a.attended);
        }
        finishMixer(layer, layer.gated(), rows, width);
    }

    private void finishMixer(CpuLayer layer, boolean gated, int rows, int width) {
        Activations a = activations;
        if (gated) {
            ops.outputGate(a.attended, a.gate, rows, width);
        }
        project(layer.output(), a.attended, rows, a.branchOutput);
        ops.addScaled(a.hidden, a.branch, residualScale, rows, config.hiddenSize());
    }

    /** {@code hidden += residualScale * mlp(norm(hidden))}. */
    private void feedForward(CpuLayer layer, int rows) {
        Activations a = activations;
        ops.norm(a.hidden, layer.postAttentionNorm(), config.rmsNormEps(), rows, a.normed);
        project(layer.mlpInputs(), a.normed, rows, a.mlpInputs);
        ops.swiGlu(a.mlpGate, a.mlpUp, rows, config.intermediateSize());
        project(layer.mlpOutput(), a.mlpGate, rows, a.branchOutput);
        ops.addScaled(a.hidden, a.branch, residualScale, rows, config.hiddenSize());
    }

    private void project(WeightMatrix[] matrices, float[] x, int rows, float[][] outputs) {
        if (rows == 1) {
            matVec.multiply(matrices, x, outputs);
        } else {
            matMul.multiply(matrices, x, rows, outputs);
        }
    }

    /** Logits of the first row of the residual stream. */
    private void computeLogits(float[] logits) {
        ops.norm(activations.hidden, scaledFinalNorm, config.rmsNormEps(), 1, activations.normed);
        headOutput[0] = logits;
        matVec.multiply(head, activations.normed, headOutput);
    }

    private void observeRows(LayerObserver observer, Activation activation, int layer, int position, int count) {
        int width = config.hiddenSize();
        for (int row = 0; row < count; row++) {
            if (observer.observes(activation, layer, position + row)) {
                float[] copy = Arrays.copyOfRange(activations.hidden, row * width, (row + 1) * width);
                observer.activation(activation, layer, position + row, copy);
            }
        }
    }

    /** Final norms of all tokens, and logits of all but the last, whose logits are computed anyway. */
    private void observeOutputs(LayerObserver observer, int position, int count) {
        int width = config.hiddenSize();
        float[] normed = new float[width];
        for (int row = 0; row < count; row++) {
            if (observer.observes(Activation.FINAL_NORM, layers.size(), position + row)) {
                RmsNorm.apply(activations.hidden, row * width, finalNorm, config.rmsNormEps(), normed, 0);
                observer.activation(Activation.FINAL_NORM, layers.size(), position + row, normed.clone());
            }
        }
        for (int row = 0; row < count - 1; row++) {
            if (observer.observes(Activation.LOGITS, layers.size(), position + row)) {
                float[] logits = new float[config.vocabSize()];
                RmsNorm.apply(activations.hidden, row * width, scaledFinalNorm, config.rmsNormEps(), normed, 0);
                matVec.multiply(head, normed, new float[][] {logits});
                observer.activation(Activation.LOGITS, layers.size(), position + row, logits);
            }
        }
    }

    private void observeBlocks(LayerObserver observer, int layer, int position, int count) {
        int numKvHeads = config.numKvHeads();
        for (int row = 0; row < count; row++) {
            if (observer.observesBlocks(layer, position + row)) {
                for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
                    int entry = row * numKvHeads + kvHead;
                    int start = entry * maxBlocks;
                    int[] chosen =
                            Arrays.copyOfRange(activations.blocks, start, start + activations.blockCounts[entry]);
                    observer.blocks(layer, kvHead, position + row, chosen);
                }
            }
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the forward pass is closed");
        }
    }

    @Override
    public void close() {
        closed = true;
        team.close();
    }
}
