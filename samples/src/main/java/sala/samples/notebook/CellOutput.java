package sala.samples.notebook;

import java.util.Optional;

/**
 * What a code cell gave.
 *
 * @param printed on standard output
 * @param result of its last line, where that is an expression without a semicolon
 */
public record CellOutput(String printed, Optional<Result> result) {
    /** A value that a notebook shows. */
    public sealed interface Result {
        /** The value as text. */
        record Value(String text) implements Result {}

        /** An image, as a PNG file holds it. */
        record Picture(byte[] png, int width, int height) implements Result {}
    }
}
