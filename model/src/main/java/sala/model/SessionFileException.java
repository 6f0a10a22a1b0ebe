package sala.model;

/** A session file is not what it should be; the message names the file, the place, expected and found. */
public final class SessionFileException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SessionFileException(String message) {
        super(message);
    }

    public SessionFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
