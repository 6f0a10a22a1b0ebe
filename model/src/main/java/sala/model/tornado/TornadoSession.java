package sala.model.tornado;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import sala.loader.ModelConfig;
import sala.model.KvCache;
import sala.model.LayerCache;
import sala.model.LayerObserver;
import sala.model.Logits;
import sala.model.RecurrentState;
import sala.model.Session;
import sala.model.SessionOptions;

/**
 * A conversation of {@link TornadoForwardPass}. The device holds the caches of one session at a time; those of the others
 * wait on the host and change places with it when they are used.
 */
final class TornadoSession implements Session {
    private enum State {
        /** Caches and position agree. */
        READY,
        /** A call is at work, or has failed halfway: some layers have its tokens and some have not. */
        TORN,
        CLOSED
    }

    private final TornadoForwardPass owner;
    private final SessionOptions options;
    private final List<LayerCache> caches = new ArrayList<>();
    private final int[] cachedTokens;
    private final float[] logits;
    private final Logits logitsView;
    private @Nullable HostCaches waiting;
    private int position;
    /** Whether the device has the logits and {@link #logits} has older ones. */
    private boolean logitsOnDevice;

    private State state = State.READY;

    TornadoSession(TornadoForwardPass owner, SessionOptions options) {
        this.owner = owner;
        this.options = options;
        ModelConfig config = owner.config();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            caches.add(
                    switch (config.mixerTypes().get(layer)) {
                        case SPARSE -> new Kv(layer);
                        case LIGHTNING -> new Recurrent(layer);
                    });
        }
        cachedTokens = new int[config.numLayers()];
        logits = new float[config.vocabSize()];
        logitsView = new Logits(logits);
    }

    /** Keys and values of one layer, read from and written to the device. */
    private final class Kv implements KvCache {
        private final int layer;

        Kv(int layer) {
            this.layer = layer;
        }

        @Override
        public int length() {
            requireOpen();
            return cachedTokens[layer];
        }

        @Override
        public void read(int from, int count, double[] keys, double[] values) {
            requireOpen();
            if (from < 0 || count < 0 || from > cachedTokens[layer] - count) {
                throw new IllegalArgumentException("layer %d holds %d tokens, asked were %d from %d on"
                        .formatted(layer, cachedTokens[layer], count, from));
            }
            owner.activate(TornadoSession.this).readKv(layer, from, count, keys, values);
        }

        @Override
        public void append(double[] keys, double[] values, int count) {
            requireOpen();
            if (count > options.contextLength() - cachedTokens[layer]) {
                throw new IllegalArgumentException("layer %d holds %d of at most %d tokens, no room for %d"
                        .formatted(layer, cachedTokens[layer], options.contextLength(), count));
            }
            owner.activate(TornadoSession.this).appendKv(layer, cachedTokens[layer], count, keys, values);
            cachedTokens[layer] += count;
        }
    }

    /** State of one layer, read from and written to the device. */
    private final class Recurrent implements RecurrentState {
        private final int layer;

        Recurrent(int layer) {
            this.layer = layer;
        }

        @Override
        public void read(double[] target) {
            requireOpen();
            owner.activate(TornadoSession.this).readState(layer, target);
        }

        @Override
        public void write(double[] source) {
            requireOpen();
            owner.activate(TornadoSession.this).writeState(layer, source);
        }
    }

    /** Whether anything but {@link LayerObserver#NONE} watches. */
    boolean isObserved() {
        return !options.observer().equals(LayerObserver.NONE);
    }

    boolean belongsTo(TornadoForwardPass pass) {
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
        fetchLogits();
        return logitsView;
    }

    @Override
    public LayerCache cache(int layer) {
        requireOpen();
        return caches.get(layer);
    }

    /** The buffer of the logits, to be filled before {@link #endChunk}. */
    float[] logitsBuffer() {
        return logits;
    }

    /** Brings the logits from the device, where they are there alone. */
    void fetchLogits() {
        if (logitsOnDevice) {
            owner.fetchLogits(this);
            logitsOnDevice = false;
        }
    }

    /** Tokens in the cache of a sparse layer. */
    int cachedTokens(int layer) {
        return cachedTokens[layer];
    }

    /** The caches of a session that is not on the device. */
    @Nullable
    HostCaches waiting() {
        return waiting;
    }

    void setWaiting(@Nullable HostCaches hostCaches) {
        waiting = hostCaches;
    }

    /** From here to {@link #endChunk} the caches are being changed. */
    void beginChunk() {
        logitsOnDevice = false;
        state = State.TORN;
    }

    /** @param leftLogits whether the logits stayed on the device */
    void endChunk(int tokenCount, boolean leftLogits) {
        logitsOnDevice = leftLogits;
        position += tokenCount;
        Arrays.fill(cachedTokens, position);
        state = State.READY;
    }

    @Override
    public void reset() {
        requireOpen();
        owner.forget(this);
        logitsOnDevice = false;
        Arrays.fill(cachedTokens, 0);
        Arrays.fill(logits, 0);
        position = 0;
        state = State.READY;
    }

    @Override
    public TornadoSession copy() {
        requireReady();
        fetchLogits();
        TornadoSession copy = new TornadoSession(owner, options);
        copy.waiting = owner.hostCopy(this);
        System.arraycopy(logits, 0, copy.logits, 0, logits.length);
        System.arraycopy(cachedTokens, 0, copy.cachedTokens, 0, cachedTokens.length);
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
            if (caches.get(layer) instanceof KvCache && cachedTokens[layer] != newPosition) {
                throw new IllegalArgumentException("the cache of layer %d holds %d tokens, expected %d"
                        .formatted(layer, cachedTokens[layer], newPosition));
            }
        }
        System.arraycopy(newLogits, 0, logits, 0, logits.length);
        logitsOnDevice = false;
        position = newPosition;
        state = State.READY;
    }

    @Override
    public void close() {
        if (state != State.CLOSED) {
            owner.forget(this);
            state = State.CLOSED;
        }
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
