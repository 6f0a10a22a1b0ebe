package uk.ac.manchester.tornado.api.exceptions;

/** An error of the device's memory. */
public class TornadoMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public TornadoMemoryException(String message) {
        super(message);
    }
}
