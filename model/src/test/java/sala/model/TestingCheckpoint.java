package sala.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import sala.loader.Checkpoint;
import sala.loader.ModelConfig;
import sala.testing.Golden;

/** Golden checkpoints with a changed configuration. */
public final class TestingCheckpoint {
    private static final ObjectMapper JSON = new ObjectMapper();

    private TestingCheckpoint() {}

    /**
     * Copies a golden case.
     *
     * @param change edits its {@code config.json}
     */
    public static Path copy(String caseName, Path folder, Consumer<ObjectNode> change) {
        try (Stream<Path> files = Files.list(Golden.path("cases/" + caseName))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName().toString()));
            }
            Path config = folder.resolve("config.json");
            ObjectNode fields = (ObjectNode) JSON.readTree(config.toFile());
            change.accept(fields);
            JSON.writeValue(config.toFile(), fields);
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The configuration of a golden case with some fields replaced; {@code sparse_config} is merged. */
    public static ModelConfig config(String caseName, String changes) {
        try {
            Path folder = Files.createTempDirectory("sala-config");
            try {
                JsonNode replacement = JSON.readTree(changes);
                copy(caseName, folder, fields -> merge(fields, replacement));
                return Checkpoint.readConfig(folder);
            } finally {
                delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void merge(ObjectNode fields, JsonNode changes) {
        changes.properties().forEach(change -> {
            if (fields.get(change.getKey()) instanceof ObjectNode inner) {
                merge(inner, change.getValue());
            } else {
                fields.set(change.getKey(), change.getValue());
            }
        });
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
