package sala.model.tornado;

import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import sala.loader.ModelConfig;
import sala.model.CallCheck;
import sala.model.DevicePass;
import sala.model.ForwardPass;
import sala.model.LayerObserver;
import sala.model.LayerObserver.Activation;
import sala.model.LoadListener;
import sala.model.Logits;
import sala.model.ModelWeights;
import sala.model.PrefillListener;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.TaskProfile;
import sala.model.TokenChoice;
import sala.model.TokenDecoder;
import sala.model.tornado.DeviceModel.Call;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * The model as TornadoVM task graphs: weights stay on the device, a call sends token ids and brings back logits, or the token
 * picked from them.
 *
 * <p>The device has the caches of one session. Another session that is used takes their place, and the first one's wait on
 * the host: cheap for one conversation at a time, a copy of all caches for every change between two.
 */
public final class TornadoForwardPass implements ForwardPass, TokenDecoder, DevicePass {
    private final ModelConfig config;
    private final TornadoOptions options;
    private final DeviceModel device;
    private final String description;
    private final int[] decodeToken = new int[1];
    private @Nullable TornadoSession resident;
    private boolean profiled;
    private boolean closed;

    /** A pass on TornadoVM's default device. */
    public TornadoForwardPass(ModelWeights weights, TornadoOptions options) {
        this(weights, options, TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice(), LoadListener.NONE);
    }

    /**
     * Brings the weights to the device; they may be closed afterwards. Kernels are compiled when they are first used.
     *
     * @param loading sees the weights go to the device
     * @throws sala.model.DeviceException if a weight is beyond the range of the weights' storage type, or the device fails
     */
    public TornadoForwardPass(
            ModelWeights weights, TornadoOptions options, TornadoDevice onDevice, LoadListener loading) {
        config = weights.config();
        this.options = options;
        device = new DeviceModel(weights, options, onDevice, loading);
        description = "%s: %s weights, %s caches of %d tokens, f32 sums, prompts by %s products in chunks of %d"
                .formatted(
                        onDevice.getPhysicalDevice().getDeviceName(),
                        options.weightStorage(),
                        options.cacheStorage(),
                        options.capacity(),
                        options.products(),
                        options.prefillChunk());
    }

    @Override
    public long deviceBytes() {
        return device.deviceBytes();
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public Session newSession(SessionOptions sessionOptions) {
        requireOpen();
        if (sessionOptions.contextLength() > options.capacity()) {
            throw new IllegalArgumentException(
                    "contextLength %d: the caches on the device were made for %d tokens; open the pass with a larger capacity"
                            .formatted(sessionOptions.contextLength(), options.capacity()));
        }
        return new TornadoSession(this, sessionOptions);
    }

    @Override
    public Logits prefill(Session session, int[] tokens, PrefillListener listener) {
        TornadoSession own = check(session, tokens);
        Call call = Call.of(false, isSparse(own, tokens.length));
        int from = 0;
        while (from < tokens.length) {
            int count = Math.min(device.chunk(), tokens.length - from);
            ingest(own, tokens, from, count, call);
            takeLogits(own, count);
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
        TornadoSession own = check(session, decodeToken);
        ingest(own, decodeToken, 0, 1, Call.of(true, isSparse(own, 1)));
        takeLogits(own, 1);
        return own.logits();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Left open are also the tokens of a session that is observed, of a temperature below 1e-6 (0 is none) or above 1e6,
     * and those for which more than 1024 logits change.
     */
    @Override
    public int decodeToken(Session session, int token, TokenChoice choice, double random) {
        decodeToken[0] = token;
        TornadoSession own = check(session, decodeToken);
        if (own.isObserved() || !HostArrays.canHold(choice)) {
            decode(session, token);
            return LEFT_OPEN;
        }
        device.setChoice(choice, random);
        ingest(own, decodeToken, 0, 1, Call.of(true, isSparse(own, 1)));
        boolean stepwise = isStepwise(own);
        int next = choice.isArgmax() ? device.runGreedy(stepwise) : device.runDraw(stepwise);
        own.endChunk(1, true);
        return next;
    }

    private boolean isSparse(TornadoSession session, int tokenCount) {
        return session.options()
                .attentionMode()
                .isSparse(session.position() + tokenCount, config.sparse().denseLength());
    }

    private TornadoSession check(Session session, int[] tokens) {
        TornadoSession own = check(session);
        CallCheck.requireTokens(own, tokens);
        return own;
    }

    private TornadoSession check(Session session) {
        requireOpen();
        if (!(session instanceof TornadoSession own) || !own.belongsTo(this)) {
            throw new IllegalArgumentException("the session was opened by another forward pass");
        }
        own.requireReady();
        return own;
    }

    /** Takes the tokens {@code from <= i < from + count} through all layers. */
    private void ingest(TornadoSession session, int[] tokens, int from, int count, Call call) {
        activate(session);
        int position = session.position();
        boolean observed = session.isObserved();
        session.beginChunk();
        device.begin(call, position, tokens, from, count);
        for (DeviceGraphs.Piece piece : device.pieces(call, isStepwise(session))) {
            device.run(piece);
            if (observed) {
                observe(session.options().observer(), piece, position, count, call);
            }
        }
    }

    /** Whether somebody watches what lies between the layers, or times their tasks. */
    private boolean isStepwise(TornadoSession session) {
        return profiled || session.isObserved();
    }

    /** Takes the last of the ingested tokens to its logits, which ends the chunk. */
    private void takeLogits(TornadoSession session, int count) {
        device.runLogits(isStepwise(session));
        device.copyLogits(session.logitsBuffer());
        if (session.isObserved()) {
            observeOutputs(session, session.position(), count);
        }
        session.endChunk(count, false);
    }

    /** Brings logits that {@link #decodeToken} left on the device to the session, which is on it. */
    void fetchLogits(TornadoSession session) {
        requireOpen();
        if (resident != session) {
            throw new IllegalStateException("the session left the device without its logits");
        }
        device.fetchLogits();
        device.copyLogits(session.logitsBuffer());
    }

    private void observe(LayerObserver observer, DeviceGraphs.Piece piece, int position, int count, Call call) {
        device.observe();
        if (piece.embeds()) {
            observeEmbedding(observer, position, count);
        } else {
            observeLayer(observer, piece.from(), position, count, call);
        }
    }

    private void observeLayer(LayerObserver observer, int layer, int position, int count, Call call) {
        for (int row = 0; row < count; row++) {
            int at = position + row;
            if (observer.observes(Activation.LAYER_OUTPUT, layer, at)) {
                observer.activation(Activation.LAYER_OUTPUT, layer, at, hiddenRow(row));
            }
            if (call.isSparse() && device.isSparseLayer(layer) && observer.observesBlocks(layer, at)) {
                for (int kvHead = 0; kvHead < config.numKvHeads(); kvHead++) {
                    observer.blocks(layer, kvHead, at, device.selectedBlocks(row, kvHead));
                }
            }
        }
    }

    private void observeEmbedding(LayerObserver observer, int position, int count) {
        for (int row = 0; row < count; row++) {
            if (observer.observes(Activation.EMBEDDING, -1, position + row)) {
                observer.activation(Activation.EMBEDDING, -1, position + row, hiddenRow(row));
            }
        }
    }

    private float[] hiddenRow(int row) {
        float[] values = new float[config.hiddenSize()];
        for (int i = 0; i < values.length; i++) {
            values[i] = device.buffers().hidden().get(row * values.length + i);
        }
        return values;
    }

    /** Final norm and logits: token by token, since only the last token of a call has logits. */
    private void observeOutputs(TornadoSession session, int position, int count) {
        LayerObserver observer = session.options().observer();
        int layers = config.numLayers();
        for (int row = 0; row < count; row++) {
            int at = position + row;
            boolean norm = observer.observes(Activation.FINAL_NORM, layers, at);
            boolean logits = observer.observes(Activation.LOGITS, layers, at);
            if (norm || logits) {
                device.setStep(position, row + 1);
                device.runLogits(true);
            }
            if (norm) {
                observer.activation(
                        Activation.FINAL_NORM,
                        layers,
                        at,
                        device.buffers().lastRow().toHeapArray());
            }
            if (logits) {
                observer.activation(
                        Activation.LOGITS, layers, at, device.buffers().logits().toHeapArray());
            }
        }
    }

    /** Brings a session's caches to the device. */
    DeviceModel activate(TornadoSession session) {
        requireOpen();
        if (resident != session) {
            if (resident != null) {
                resident.fetchLogits();
                resident.setWaiting(device.read(resident));
            }
            device.write(Optional.ofNullable(session.waiting()));
            session.setWaiting(null);
            resident = session;
        }
        return device;
    }

    /** A copy of a session's caches. */
    HostCaches hostCopy(TornadoSession session) {
        return activate(session).read(session);
    }

    /** Drops a session's caches. */
    void forget(TornadoSession session) {
        session.setWaiting(null);
        if (resident == session) {
            resident = null;
        }
    }

    @Override
    public TaskProfile profile(Runnable work) {
        requireOpen();
        profiled = true;
        try {
            return device.profile(work);
        } finally {
            profiled = false;
        }
    }

    @Override
    public void bringToDevice(Session session) {
        activate(check(session));
    }

    @Override
    public FirstRuns firstRuns() {
        return device.firstRuns();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the forward pass is closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            resident = null;
            device.close();
        }
    }
}
