package sala.samples.notebook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.testing.Golden;

/**
 * Every lesson runs, its own checks hold, and the notebook beside it is what it gives: the same cells, the same text, a
 * picture where there is one. After a change of a lesson: {@code ./sala jshell --write samples/notebooks/NN-name.jsh}.
 */
class LessonsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LESSONS = 12;

    static List<Path> lessons() throws IOException {
        try (Stream<Path> files = Files.list(Golden.projectRoot().resolve("samples/notebooks"))) {
            return files.filter(file -> file.toString().endsWith(Lesson.ENDING))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void lessonsAreNumberedWithoutAGap() throws IOException {
        assertEquals(
                IntStream.rangeClosed(1, LESSONS).mapToObj("%02d-"::formatted).toList(),
                lessons().stream()
                        .map(file -> file.getFileName().toString().substring(0, 3))
                        .toList());
    }

    @ParameterizedTest
    @MethodSource("lessons")
    void runsAsItsNotebookShows(Path file) throws IOException {
        LessonRun run = LessonRun.of(
                Lesson.read(file),
                System.getProperty("java.class.path"),
                OutputStream.nullOutputStream(),
                LessonRun.Listener.NONE);
        JsonNode found = JSON.readTree(NotebookFile.bytes(run));
        assertEquals(List.of(), NotebookSchema.errorsOf(found));

        Path notebook = file.resolveSibling(run.lesson().name() + NotebookFile.ENDING);
        JsonNode stored = JSON.readTree(notebook.toFile());
        assertEquals(List.of(), NotebookSchema.errorsOf(stored));
        assertTrue(stored.toString().contains("image/png"), notebook + " shows no picture");
        assertEquals(comparable(stored).toPrettyString(), comparable(found).toPrettyString());
    }

    /** What two runs have in common: not the pixels, which depend on the fonts, nor the text of cells that vary. */
    private static JsonNode comparable(JsonNode notebook) {
        JsonNode copy = notebook.deepCopy();
        for (JsonNode cell : copy.get("cells")) {
            boolean varies = cell.get("metadata").toString().contains(NotebookFile.VARIES);
            JsonNode outputs = cell.path("outputs");
            for (int i = outputs.size() - 1; i >= 0; i--) {
                JsonNode output = outputs.get(i);
                if (output.path("data").has("image/png")) {
                    ((ObjectNode) output.get("data")).put("image/png", "a picture");
                } else if (varies) {
                    ((ArrayNode) outputs).remove(i);
                }
            }
        }
        return copy;
    }
}
