package sala.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The expected values of {@code testing/golden} and the trained model of {@code samples/models}. Their meaning is
 * written down in {@code testing/golden/README.md}. Files are found from any working directory inside the project.
 */
public final class Golden {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Golden() {}

    /** The project's root: the nearest folder at or above the working directory that has {@code testing/golden}. */
    public static Path projectRoot() {
        Path start = Path.of("").toAbsolutePath();
        for (Path folder = start; folder != null; folder = folder.getParent()) {
            if (Files.isDirectory(folder.resolve("testing/golden"))) {
                return folder;
            }
        }
        throw new AssertionError("no folder testing/golden at or above " + start + ": run inside the project");
    }

    /**
     * A file or folder under {@code testing/golden}.
     *
     * @param relative such as {@code cases/continued}
     */
    public static Path path(String relative) {
        Path path = projectRoot().resolve("testing/golden").resolve(relative);
        if (!Files.exists(path)) {
            throw new AssertionError("golden data not found: " + path);
        }
        return path;
    }

    /** Names of the folders in {@code cases}, sorted; {@code path("cases/" + name)} is a checkpoint. */
    public static List<String> cases() {
        try (Stream<Path> folders = Files.list(path("cases"))) {
            return folders.filter(Files::isDirectory)
                    .map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The trained checkpoint {@code samples/models/sala-tiny-en}. */
    public static Path tinyModel() {
        Path path = projectRoot().resolve("samples/models/sala-tiny-en");
        if (!Files.isDirectory(path)) {
            throw new AssertionError("tiny model not found: " + path);
        }
        return path;
    }

    /** A JSON file under {@code testing/golden}. */
    public static JsonNode json(String relative) {
        try {
            return JSON.readTree(path(relative).toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A safetensors file under {@code testing/golden}. */
    public static GoldenTensors tensors(String relative) {
        return GoldenTensors.read(path(relative));
    }

    /** All variants of a kernel in {@code kernels/<kernel>.json}, in order. */
    public static List<GoldenVariant> variants(String kernel) {
        GoldenTensors tensors = tensors("kernels/" + kernel + ".safetensors");
        JsonNode variants = json("kernels/" + kernel + ".json").required("variants");
        return StreamSupport.stream(variants.spliterator(), false)
                .map(variant -> new GoldenVariant(kernel, variant, tensors))
                .toList();
    }
}
