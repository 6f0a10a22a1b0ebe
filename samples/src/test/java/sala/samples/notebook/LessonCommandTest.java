package sala.samples.notebook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LessonCommandTest {
    private static final String PICTURE =
            "import java.awt.image.BufferedImage;\nnew BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB)\n";

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... arguments) {
        return LessonCommand.run(
                arguments,
                System.getProperty("java.class.path"),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private Path lesson(String text) throws IOException {
        return Files.writeString(folder.resolve("lesson.jsh"), text);
    }

    private String[] files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toArray(String[]::new);
        }
    }

    @Test
    void showsTextOutputAndPictures() throws IOException {
        Path file = lesson("/// Words.\nSystem.out.println(\"printed\");\n\"given\"\n//%%\n" + PICTURE);
        Path pictures = folder.resolve("pictures");
        assertEquals(0, run("--pictures", pictures.toString(), file.toString()), err.toString(StandardCharsets.UTF_8));
        assertEquals(
                "\nWords.\n\nprinted\ngiven\n[picture: %s]\n".formatted(pictures.resolve("lesson-1.png")),
                out.toString(StandardCharsets.UTF_8));
        assertTrue(Files.size(pictures.resolve("lesson-1.png")) > 0);
    }

    @Test
    void aFailureEndsItWithItsPlaceAndWritesNothing() throws IOException {
        Path file = lesson("System.out.println(\"before\");\nint zero = 0;\n1 / zero;\nSystem.out.println(\"after\");");
        assertEquals(1, run("--write", file.toString(), file.toString()));
        assertEquals("before\n", out.toString(StandardCharsets.UTF_8));
        assertEquals(
                "sala jshell: lesson.jsh line 3: java.lang.ArithmeticException: / by zero\n",
                err.toString(StandardCharsets.UTF_8));
        assertArrayEquals(new String[] {"lesson.jsh"}, files());
    }

    @Test
    void writesTheNotebook() throws IOException {
        Path file = lesson("1 + 1\n");
        assertEquals(0, run("--write", file.toString()));
        assertArrayEquals(new String[] {"lesson.ipynb", "lesson.jsh"}, files());
        String notebook = Files.readString(folder.resolve("lesson.ipynb"));
        JsonNode json = new ObjectMapper().readTree(notebook);
        assertEquals(List.of(), NotebookSchema.errorsOf(json));
        assertEquals("2", json.at("/cells/0/outputs/0/data/text~1plain/0").textValue());
    }

    @Test
    void aMissingFileIsNamed() {
        Path missing = folder.resolve("missing.jsh");
        assertEquals(1, run(missing.toString()));
        assertEquals("sala jshell: %s: NoSuchFileException\n".formatted(missing), err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void aWrongCommandLineIsRefused() {
        assertEquals(2, run("--frobnicate"));
        assertEquals(2, run());
    }
}
