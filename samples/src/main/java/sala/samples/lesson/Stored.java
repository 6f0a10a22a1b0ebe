package sala.samples.lesson;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Texts that come with the lessons. */
public final class Stored {
    private Stored() {}

    /**
     * A text.
     *
     * @param name of its file, such as {@code rms-norm.cl}
     * @throws IllegalArgumentException if there is none of that name
     */
    public static String text(String name) {
        try (InputStream file = Stored.class.getResourceAsStream(name)) {
            if (file == null) {
                throw new IllegalArgumentException("no stored text " + name + " beside " + Stored.class.getName());
            }
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
