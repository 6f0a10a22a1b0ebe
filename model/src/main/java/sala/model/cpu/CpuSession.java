package sala.model.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.model.LayerCache;
import sala.model.LayerObserver;
import sala.model.Logits;
import sala.model.Session;
import sala.model.SessionOptions;

/** A conversation of {@link CpuForwardPass}: a cache per layer, the position and the last logits. */
final class CpuSession implements Session {
    private enum State {
        /** Caches and position agree. */
        READY,
        /** A call is at work, or has failed halfway: some layers have its tokens and some have not. */
        TORN,
        CLOSED
    }

    private final CpuForwardPass owner;
    private final SessionOptions options;
    private final List<LayerCache> caches;
    private final float[] logits;
    private final Logits logitsView;
    private int position;
    private State state = State.READY;

    CpuSession(CpuForwardPass owner, SessionOptions options) {
        this(owner, options, newCaches(owner.config(), options.contextLength()));
    }

    private CpuSession(CpuForwardPass owner, SessionOptions options, List<LayerCache> caches) {
        this.owner = owner;
        this.options = options;
        this.caches = caches;
        logits = new float[owner.config().vocabSize()];
        logitsView = new Logits(logits);
    }

    private static List<LayerCache> newCaches(ModelConfig config, int contextLength) {
        List<LayerCache> caches = new ArrayList<>();
        for (MixerType type : config.mixerTypes()) {
            caches.add(
                    switch (type) {
                        case SPARSE -> new CpuKvCache(config, contextLength);
                        case LIGHTNING -> new CpuRecurrentState(config);
                    });
        }
        return caches;
    }

    /** Whether anything but {@link LayerObserver#NONE} watches. */
    boolean isObserved() {
        return !options.observer().equals(LayerObserver.NONE);
    }

    boolean belongsTo(CpuForwardPass pass) {
        return owner == pass;
    }

    @Override
    public ModelConfig config() {
        return owner.config();
    }

    @Override
    public SessionOptions options() {
        return options;
    }

    @Override
    public int position() {
        return position;
    }

    @Override
    public Logits logits() {
        requireReady();
        return logitsView;
    }

    @Override
    public LayerCache cache(int layer) {
        requireOpen();
        return caches.get(layer);
    }

    CpuKvCache kvCache(int layer) {
        return (CpuKvCache) caches.get(layer);
    }

    CpuRecurrentState recurrentState(int layer) {
        return (CpuRecurrentState) caches.get(layer);
    }

    /** The buffer of the logits, to be filled before {@link #endChunk}. */
    float[] logitsBuffer() {
        return logits;
    }

    /** From here to {@link #endChunk} the caches are being changed. */
    void beginChunk() {
        state = State.TORN;
    }

    void endChunk(int tokenCount) {
        position += tokenCount;
        state = State.READY;
    }

    @Override
    public void reset() {
        requireOpen();
        for (LayerCache cache : caches) {
            switch (cache) {
                case CpuKvCache kv -> kv.clear();
                case CpuRecurrentState recurrent -> recurrent.clear();
                default -> throw foreign(cache);
            }
        }
        Arrays.fill(logits, 0);
        position = 0;
        state = State.READY;
    }

    @Override
    public CpuSession copy() {
        requireReady();
        List<LayerCache> copies = new ArrayList<>();
        for (LayerCache cache : caches) {
            copies.add(
                    switch (cache) {
                        case CpuKvCache kv -> kv.copy();
                        case CpuRecurrentState recurrent -> recurrent.copy();
                        default -> throw foreign(cache);
                    });
        }
        CpuSession copy = new CpuSession(owner, options, copies);
        System.arraycopy(logits, 0, copy.logits, 0, logits.length);
        copy.position = position;
        return copy;
    }

    @Override
    public void resume(int newPosition, float[] newLogits) {
        requireOpen();
        if (newPosition < 0 || newPosition > options.contextLength()) {
            throw new IllegalArgumentException(
                    "position %d is not within the context length %d".formatted(newPosition, options.contextLength()));
        }
        if (newLogits.length != logits.length) {
            throw new IllegalArgumentException("expected %d logits, one per token of the vocabulary, found %d"
                    .formatted(logits.length, newLogits.length));
        }
        for (int layer = 0; layer < caches.size(); layer++) {
            if (caches.get(layer) instanceof CpuKvCache kv && kv.length() != newPosition) {
                throw new IllegalArgumentException("the cache of layer %d holds %d tokens, expected %d"
                        .formatted(layer, kv.length(), newPosition));
            }
        }
        System.arraycopy(newLogits, 0, logits, 0, logits.length);
        position = newPosition;
        state = State.READY;
    }

    @Override
    public void close() {
        state = State.CLOSED;
        caches.clear();
    }

    private static IllegalStateException foreign(LayerCache cache) {
        return new IllegalStateException("a cache of another backend: " + cache);
    }

    private void requireOpen() {
        if (state == State.CLOSED) {
            throw new IllegalStateException("the session is closed");
        }
    }

    /** Refuses a session that is closed or that a failed call left behind. */
    void requireReady() {
        requireOpen();
        if (state == State.TORN) {
            throw new IllegalStateException("an earlier call failed halfway: reset the session");
        }
    }
}
