package sala.model;

/** The wanted backend does not run on this JVM or machine; the message says what is missing and what would help. */
public final class BackendUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BackendUnavailableException(String message) {
        super(message);
    }
}
