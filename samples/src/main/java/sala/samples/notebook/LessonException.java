package sala.samples.notebook;

/** A lesson that cannot be read, or code of it that fails: which lesson, which line, what happened. */
public final class LessonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LessonException(String message) {
        super(message);
    }
}
