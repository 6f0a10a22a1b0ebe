package sala.samples.notebook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.testing.DocumentedCommands;
import sala.testing.DocumentedCommands.Example;
import sala.testing.Golden;

/**
 * The {@code ./sala jshell} commands of the documents name lessons, all of which {@link LessonsTest} runs. The launcher
 * itself is run by the continuous build.
 */
class DocumentedLessonsTest {
    static Stream<Example> examples() {
        return DocumentedCommands.all().stream()
                .filter(example -> example.words().getFirst().equals("jshell"));
    }

    @ParameterizedTest
    @MethodSource("examples")
    void namesLessonsThatAreRun(Example example) throws IOException {
        List<Path> lessons = LessonsTest.lessons();
        for (String word : example.words().subList(1, example.words().size())) {
            assertTrue(
                    word.equals("--write")
                            || lessons.contains(Golden.projectRoot().resolve(word)),
                    () -> example + ": neither an option nor a lesson: " + word);
        }
    }

    /** Word by word: what the documents show of Jupyter is what the continuous build runs. */
    @Test
    void jupyterIsRunByTheContinuousBuild() throws IOException {
        String build = Files.readString(Golden.projectRoot().resolve(".ci/run"));
        List<Example> shown = DocumentedCommands.all().stream()
                .filter(example -> example.words().getFirst().equals("jupyter"))
                .toList();
        assertTrue(shown.size() >= 1);
        for (Example example : shown) {
            assertTrue(build.contains("$(./sala " + example.command() + ")"), () -> example + " is not in .ci/run");
        }
    }

    @Test
    void theGuideNamesEveryLesson() throws IOException {
        String guide = Files.readString(Golden.projectRoot().resolve("docs/guide.md"));
        assertEquals(
                List.of(),
                LessonsTest.lessons().stream()
                        .map(file -> file.getFileName().toString())
                        .filter(name -> !guide.contains(name))
                        .toList());
        assertTrue(examples().count() >= 2);
    }
}
