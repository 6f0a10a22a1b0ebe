package sala.jmh;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;

/**
 * A file of JMH's JSON that grows run by run. What was measured before stays, whichever process measured it: a stopped suite
 * has what it had, and a part that is measured anew replaces itself alone.
 *
 * @param file of the results
 */
record ResultStore(Path file) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * Makes the folder and reads what is there, so that nothing is measured in vain.
     *
     * @throws IOException if the folder cannot be made or written, or the file cannot be read
     */
    void prepare() throws IOException {
        Files.createDirectories(folder());
        Files.delete(Files.createTempFile(folder(), "results", ".part"));
        read();
    }

    private Path folder() {
        return file.toAbsolutePath().resolveSibling("");
    }

    /**
     * Puts what a run gave in the place of what it gave before; nothing, if it failed.
     *
     * @throws IOException if the file cannot be read or written; it is whole then, or as it was
     */
    void replace(Profile.Pass run, Collection<RunResult> results) throws IOException {
        ArrayNode kept = JSON.createArrayNode();
        read().forEach(result -> {
            if (!isOf(result, run)) {
                kept.add(result);
            }
        });
        Path unfinished = file.resolveSibling(file.getFileName() + ".part");
        try {
            if (!results.isEmpty()) {
                ResultFormatFactory.getInstance(ResultFormatType.JSON, unfinished.toString())
                        .writeOut(results);
                for (JsonNode result : JSON.readTree(unfinished.toFile())) {
                    // Paths of a machine; the options without them are in the file beside this one.
                    kept.add(((ObjectNode) result).without(List.of("jvm", "jvmArgs")));
                }
            }
            if (!kept.isEmpty()) {
                JSON.writeValue(unfinished.toFile(), kept);
                Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
            } else {
                Files.deleteIfExists(file);
            }
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /** Those of some runs that have fewer results than methods. */
    List<Profile.Pass> missing(List<Profile.Pass> runs) throws IOException {
        JsonNode results = read();
        return runs.stream()
                .filter(run -> results.valueStream()
                                .filter(result -> isOf(result, run))
                                .count()
                        < run.methods())
                .toList();
    }

    private JsonNode read() throws IOException {
        return Files.exists(file) ? JSON.readTree(file.toFile()) : JSON.createArrayNode();
    }

    private static boolean isOf(JsonNode result, Profile.Pass run) {
        return result.path("benchmark").asText().contains("." + run.benchmark() + ".")
                && run.parameters().entrySet().stream()
                        .allMatch(parameter -> parameter
                                .getValue()
                                .contains(result.path("params")
                                        .path(parameter.getKey())
                                        .asText()));
    }
}
