package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.testing.DocumentedCommands;
import sala.testing.DocumentedCommands.Example;
import sala.testing.Golden;

/**
 * Runs every {@code ./sala} command of README.md and docs in the project's folder, and compares the output where the text
 * shows it. Measurements are made of the tiny shape and of short lengths, so that the test takes seconds, and those of a GPU
 * on the interpreter.
 */
class DocumentationTest {
    private static final int LONGEST = 64;
    private static final int LONGEST_INTERPRETED = 4;

    /** What the launcher does itself: lessons are run by the module samples, Jupyter by the continuous build. */
    private static final Set<String> OF_THE_LAUNCHER = Set.of("jshell", "jupyter");

    /** Those that differ, shortened. */
    static Stream<Example> examples() {
        Set<List<String>> seen = new HashSet<>();
        return DocumentedCommands.all().stream()
                .filter(example -> !OF_THE_LAUNCHER.contains(example.words().getFirst()))
                .filter(example -> seen.add(shortened(example.words())));
    }

    @ParameterizedTest
    @MethodSource("examples")
    @Execution(ExecutionMode.CONCURRENT)
    void runs(Example example) throws IOException, InterruptedException {
        Process process = CommandProcess.start(Golden.projectRoot(), shortened(example.words()));
        process.getOutputStream().close();
        String out = CommandProcess.read(process.getInputStream());
        String errors = CommandProcess.readErrors(process);
        assertEquals(0, process.waitFor(), errors);
        example.output().ifPresent(expected -> assertEquals(expected, out));
    }

    private static List<String> shortened(List<String> words) {
        if (words.getFirst().equals("doctor")) {
            return List.of("doctor"); // other shapes take the interpreter hours
        }
        if (!words.getFirst().equals("bench")) {
            return words;
        }
        List<String> shortened = new ArrayList<>(words);
        int longest = Collections.replaceAll(shortened, "tornado", "interpreter") ? LONGEST_INTERPRETED : LONGEST;
        for (int i = 1; i < shortened.size(); i++) {
            String value = shortened.get(i);
            switch (shortened.get(i - 1)) {
                case "--shape" -> shortened.set(i, "tiny");
                case "-r" -> shortened.set(i, "1");
                case "-p", "-n", "-d" -> shortened.set(i, capped(value, longest));
                default -> {}
            }
        }
        return shortened;
    }

    private static String capped(String lengths, int longest) {
        return Stream.of(lengths.split(",", -1))
                .map(length -> String.valueOf(Math.min(longest, Integer.parseInt(length))))
                .distinct()
                .reduce((first, second) -> first + "," + second)
                .orElseThrow();
    }

    @Test
    void commandsAreFoundAndSplit() {
        assertTrue(examples().count() >= 5);
        assertTrue(examples().anyMatch(example -> example.output().isPresent()));
        assertEquals(
                List.of("generate", "In the beginning", "-n", "3"),
                DocumentedCommands.words("generate \"In the beginning\" -n 3 # x"));
        assertEquals(
                List.of("bench", "--shape", "tiny", "-d", "64", "-r", "1"),
                shortened(List.of("bench", "--shape", "1b", "-d", "8192,65536", "-r", "5")));
    }

    /** Maven's commands for single tests name tests that there are; all of them run in the build. */
    @Test
    void singleTestsExist() {
        int found = 0;
        for (Example example : DocumentedCommands.of("mvn")) {
            Optional<String> test = option(example.words(), "-Dtest=");
            if (test.isPresent()) {
                String module = example.words().get(example.words().indexOf("-pl") + 1);
                Path sources = Golden.projectRoot().resolve(module).resolve("src/test/java");
                try (Stream<Path> files = Files.walk(sources)) {
                    String name = test.get() + ".java";
                    assertTrue(files.anyMatch(file -> file.endsWith(name)), example + ": no such test");
                } catch (IOException e) {
                    throw new AssertionError(example.toString(), e);
                }
                found++;
            }
        }
        assertTrue(found >= 2, "found " + found);
    }

    private static Optional<String> option(List<String> words, String name) {
        return words.stream()
                .filter(word -> word.startsWith(name))
                .map(word -> word.substring(name.length()))
                .findFirst();
    }

    /** README's other command is what the continuous build runs. */
    @Test
    void theTestCommandIsThatOfTheBuild() throws IOException {
        String readme = Files.readString(Golden.projectRoot().resolve("README.md"));
        String build = Files.readString(Golden.projectRoot().resolve(".ci/run"));
        assertTrue(readme.contains("\nmvn verify\n"), readme);
        assertTrue(
                Pattern.compile("^mvn .*\\bverify\\b", Pattern.MULTILINE)
                        .matcher(build)
                        .find(),
                build);
        assertFalse(readme.contains("TODO"));
    }
}
