package sala.model;

/** A call would pass the context length of its session. */
public final class ContextLengthException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param position tokens already in the session
     * @param tokenCount tokens of the refused call
     * @param contextLength limit of the session
     */
    public ContextLengthException(int position, int tokenCount, int contextLength) {
        super("the context holds %d tokens and %d more were asked for, but its length is %d: raise the context length"
                .formatted(position, tokenCount, contextLength));
    }
}
