package sala.app;

/** The command line is wrong in a way that only its meaning shows; exit code 2. */
final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }
}
