package uk.ac.manchester.tornado.api.exceptions;

/** A call that the API does not allow. */
public class TornadoAPIException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public TornadoAPIException(String message, Exception cause) {
        super(message, cause);
    }

    public TornadoAPIException(String message) {
        super(message);
    }
}
