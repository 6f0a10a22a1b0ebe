package sala.model;

/**
 * How a conversation is opened.
 *
 * @param contextLength most positions the session may hold, at least 1
 * @param attentionMode dense or sparse
 * @param observer sees activations and block choices; {@link LayerObserver#NONE} costs nothing
 */
public record SessionOptions(int contextLength, AttentionMode attentionMode, LayerObserver observer) {
    public SessionOptions {
        if (contextLength < 1) {
            throw new IllegalArgumentException("contextLength must be at least 1, found " + contextLength);
        }
    }

    public static SessionOptions ofContextLength(int contextLength) {
        return new SessionOptions(contextLength, AttentionMode.BY_LENGTH, LayerObserver.NONE);
    }

    public SessionOptions withAttentionMode(AttentionMode mode) {
        return new SessionOptions(contextLength, mode, observer);
    }

    public SessionOptions withObserver(LayerObserver layerObserver) {
        return new SessionOptions(contextLength, attentionMode, layerObserver);
    }
}
