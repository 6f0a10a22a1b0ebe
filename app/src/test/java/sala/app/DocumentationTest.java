package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.testing.Golden;

/**
 * Runs every {@code ./sala} command of README.md and docs in the project's folder, and compares the output where the text
 * shows it. Measurements are made of the tiny shape and of short lengths, so that the test takes seconds.
 */
class DocumentationTest {
    private static final Pattern COMMAND = Pattern.compile("(\\$ )?\\./sala (.*)");
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");
    private static final int LONGEST = 64;

    /**
     * A command of a document.
     *
     * @param line where it stands
     * @param output what is shown as its output; empty where none is
     */
    record Example(Path document, int line, String command, Optional<String> output) {
        @Override
        public String toString() {
            return "%s:%d ./sala %s".formatted(document.getFileName(), line, command);
        }
    }

    static List<Path> documents() throws IOException {
        Path root = Golden.projectRoot();
        List<Path> documents = new ArrayList<>(
                List.of(root.resolve("README.md"), root.resolve("CONTRIBUTING.md"), root.resolve("jmh/NOTEBOOK.md")));
        Path docs = root.resolve("docs");
        if (Files.isDirectory(docs)) {
            try (Stream<Path> files = Files.walk(docs)) {
                files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
            }
        }
        return documents;
    }

    static Stream<Example> examples() throws IOException {
        return documents().stream().flatMap(document -> examples(document).stream());
    }

    private static List<Example> examples(Path document) {
        List<String> lines;
        try {
            lines = Files.readAllLines(document);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<Example> examples = new ArrayList<>();
        boolean fenced = false;
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).startsWith("```")) {
                fenced = !fenced;
            }
            Matcher command = COMMAND.matcher(lines.get(i));
            if (fenced && command.matches()) {
                boolean showsOutput = command.group(1) != null;
                examples.add(new Example(
                        document,
                        i + 1,
                        command.group(2),
                        showsOutput ? Optional.of(outputBelow(lines, i + 1)) : Optional.empty()));
            }
        }
        return examples;
    }

    private static String outputBelow(List<String> lines, int from) {
        StringBuilder output = new StringBuilder();
        for (int i = from; !lines.get(i).startsWith("```") && !lines.get(i).startsWith("$ "); i++) {
            output.append(lines.get(i)).append('\n');
        }
        return output.toString();
    }

    @ParameterizedTest
    @MethodSource("examples")
    void runs(Example example) throws IOException, InterruptedException {
        Process process = CommandProcess.start(Golden.projectRoot(), shortened(words(example.command())));
        process.getOutputStream().close();
        String out = CommandProcess.read(process.getInputStream());
        String errors = CommandProcess.readErrors(process);
        assertEquals(0, process.waitFor(), errors);
        example.output().ifPresent(expected -> assertEquals(expected, out));
    }

    /** Words as a shell splits them, as far as documents go; a comment ends the line. */
    private static List<String> words(String command) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(command);
        while (word.find()) {
            if (word.group().startsWith("#")) {
                break;
            }
            words.add(word.group(1) == null ? word.group(2) : word.group(1));
        }
        return words;
    }

    private static List<String> shortened(List<String> words) {
        if (!words.getFirst().equals("bench")) {
            return words;
        }
        List<String> shortened = new ArrayList<>(words);
        for (int i = 1; i < shortened.size(); i++) {
            String value = shortened.get(i);
            switch (shortened.get(i - 1)) {
                case "--shape" -> shortened.set(i, "tiny");
                case "-r" -> shortened.set(i, "1");
                case "-p", "-n", "-d" -> shortened.set(i, capped(value));
                default -> {}
            }
        }
        return shortened;
    }

    private static String capped(String lengths) {
        return Stream.of(lengths.split(",", -1))
                .map(length -> String.valueOf(Math.min(LONGEST, Integer.parseInt(length))))
                .distinct()
                .reduce((first, second) -> first + "," + second)
                .orElseThrow();
    }

    @Test
    void commandsAreFoundAndSplit() throws IOException {
        assertTrue(examples().count() >= 5);
        assertTrue(examples().anyMatch(example -> example.output().isPresent()));
        assertEquals(
                List.of("generate", "In the beginning", "-n", "3"), words("generate \"In the beginning\" -n 3 # x"));
        assertEquals(
                List.of("bench", "--shape", "tiny", "-d", "64", "-r", "1"),
                shortened(List.of("bench", "--shape", "1b", "-d", "8192,65536", "-r", "5")));
    }

    /** README's other command is what the continuous build runs. */
    @Test
    void theTestCommandIsThatOfTheBuild() throws IOException {
        String readme = Files.readString(Golden.projectRoot().resolve("README.md"));
        String build = Files.readString(Golden.projectRoot().resolve(".ci/run"));
        assertTrue(readme.contains("\nmvn verify\n"), readme);
        assertTrue(
                Pattern.compile("^mvn .*verify$", Pattern.MULTILINE)
                        .matcher(build)
                        .find(),
                build);
        assertFalse(readme.contains("TODO"));
    }
}
