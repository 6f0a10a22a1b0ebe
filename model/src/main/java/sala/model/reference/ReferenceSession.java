package sala.model.reference;

import java.util.ArrayList;
import java.util.List;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.model.CallCheck;
import sala.model.LayerCache;
import sala.model.Logits;
import sala.model.Session;
import sala.model.SessionOptions;

/** A conversation of the reference pass. */
final class ReferenceSession implements Session {
    private final ReferenceForwardPass owner;
    private final SessionOptions options;
    private List<LayerCache> caches;
    private int position;
    private Logits logits;

    ReferenceSession(ReferenceForwardPass owner, SessionOptions options, List<LayerCache> caches) {
        this.owner = owner;
        this.options = options;
        this.caches = caches;
        logits = new Logits(new float[owner.config().vocabSize()]);
    }

    /** The session as this pass's own. */
    static ReferenceSession of(Session session, ReferenceForwardPass pass) {
        if (session instanceof ReferenceSession own && own.owner == pass) {
            return own;
        }
        throw new IllegalArgumentException("the session was opened by another forward pass");
    }

    void checkCall(int[] tokens) {
        CallCheck.requireTokens(this, tokens);
    }

    Logits advance(int tokenCount, float[] values) {
        position += tokenCount;
        logits = new Logits(values);
        return logits;
    }

    ReferenceKvCache kvCache(int layer) {
        if (caches.get(layer) instanceof ReferenceKvCache cache) {
            return cache;
        }
        throw new IllegalStateException("layer %d has no KV cache".formatted(layer));
    }

    double[] state(int layer) {
        if (caches.get(layer) instanceof ReferenceState state) {
            return state.values();
        }
        throw new IllegalStateException("layer %d has no recurrent state".formatted(layer));
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
        return logits;
    }

    @Override
    public LayerCache cache(int layer) {
        return caches.get(layer);
    }

    @Override
    public DType elementType() {
        return DType.F64;
    }

    @Override
    public void reset() {
        caches = owner.newCaches();
        position = 0;
        logits = new Logits(new float[owner.config().vocabSize()]);
    }

    @Override
    public Session copy() {
        List<LayerCache> copies = new ArrayList<>();
        for (LayerCache cache : caches) {
            copies.add(
                    switch (cache) {
                        case ReferenceKvCache kvCache -> kvCache.copy();
                        case ReferenceState state -> state.copy();
                        default -> throw new IllegalStateException("foreign cache " + cache);
                    });
        }
        ReferenceSession copy = new ReferenceSession(owner, options, copies);
        copy.position = position;
        copy.logits = new Logits(logits.toArray());
        return copy;
    }

    @Override
    public void resume(int newPosition, float[] newLogits) {
        for (int layer = 0; layer < caches.size(); layer++) {
            if (caches.get(layer) instanceof ReferenceKvCache cache && cache.length() != newPosition) {
                throw new IllegalArgumentException(
                        "layer %d holds %d tokens, expected %d".formatted(layer, cache.length(), newPosition));
            }
        }
        position = newPosition;
        logits = new Logits(newLogits.clone());
    }

    @Override
    public void close() {
        // nothing is held
    }
}
