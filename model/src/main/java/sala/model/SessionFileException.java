package sala.model;

/** A session file is damaged, of another version or of another model; the message says which, expected and found. */
public final class SessionFileException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SessionFileException(String message) {
        super(message);
    }
}
