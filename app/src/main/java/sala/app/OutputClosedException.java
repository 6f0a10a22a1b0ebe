package sala.app;

/** The reader of the results is gone, as in {@code sala generate | head -1}: a reason to stop, not an error. */
final class OutputClosedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OutputClosedException() {
        super("standard output is closed");
    }
}
