package sala.app;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where the model is that commands use when none is named: {@code models/sala-tiny-en} beside the {@code lib} folder of
 * the installed command, or {@code samples/models/sala-tiny-en} of the source tree that the classes were built in.
 */
final class EmbeddedModel {
    static final String NAME = "sala-tiny-en";

    private EmbeddedModel() {}

    /**
     * The model's folder.
     *
     * @throws CommandException if the installation has none
     */
    static Path directory() {
        Path code = codeLocation();
        for (Path folder = code.getParent(); folder != null; folder = folder.getParent()) {
            for (String models : new String[] {"models", "samples/models"}) {
                Path candidate = folder.resolve(models).resolve(NAME);
                if (Files.isRegularFile(candidate.resolve("config.json"))) {
                    return candidate;
                }
            }
        }
        throw new CommandException(
                "the embedded model models/%s is missing at and above %s: name a model with --model DIR, or install again"
                        .formatted(NAME, code));
    }

    /** The jar, or the folder of class files, that this class came from. */
    private static Path codeLocation() {
        try {
            return Path.of(EmbeddedModel.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the location of the program is no path", e);
        }
    }
}
