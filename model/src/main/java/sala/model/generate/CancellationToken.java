package sala.model.generate;

/**
 * Stops a generation from another thread. It is looked at before every token and after every prefill chunk; once
 * cancelled it stays so, hence a generation takes a new one.
 */
public final class CancellationToken {
    private volatile boolean cancelled;

    /** Asks the generation to end; returns at once. */
    public void cancel() {
        cancelled = true;
    }

    public boolean isCancelled() {
        return cancelled;
    }
}
