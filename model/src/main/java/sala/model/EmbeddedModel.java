package sala.model;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import sala.loader.CheckpointException;

/**
 * Where the small trained model is that comes with the project: {@code models/sala-tiny-en} beside the {@code lib} folder
 * of the installed command, or {@code samples/models/sala-tiny-en} of the source tree that the classes were built in.
 */
public final class EmbeddedModel {
    /** Name of its folder. */
    public static final String NAME = "sala-tiny-en";

    private EmbeddedModel() {}

    /**
     * The model's folder.
     *
     * @throws CheckpointException if the installation has none
     */
    public static Path directory() {
        Path code = codeLocation();
        for (Path folder = code.getParent(); folder != null; folder = folder.getParent()) {
            for (String models : new String[] {"models", "samples/models"}) {
                Path candidate = folder.resolve(models).resolve(NAME);
                if (Files.isRegularFile(candidate.resolve("config.json"))) {
                    return candidate;
                }
            }
        }
        throw new CheckpointException(
                "the embedded model models/%s is missing at and above %s: open another model by its folder (--model DIR), or install again"
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
