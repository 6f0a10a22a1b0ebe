package sala.model;

/** A model with its context does not fit; the message has all numbers, what would fit, and what to change. */
public final class MemoryPlanException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public MemoryPlanException(String message) {
        super(message);
    }
}
