package sala.tornado.interpreter;

import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/** What is wrong with a graph, a launch or a kernel: where it was seen, what was expected, what to do. */
public final class InterpreterException extends TornadoRuntimeException {
    private static final long serialVersionUID = 1L;

    public InterpreterException(String message) {
        super(message);
    }

    public InterpreterException(String message, Throwable cause) {
        super(message);
        initCause(cause);
    }
}
