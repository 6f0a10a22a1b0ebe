package sala.testing;

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

/**
 * The commands that README.md and the documents show, each alone on a line of a fenced block, or as code in a row of a table.
 */
public final class DocumentedCommands {
    private static final String PROGRAM = "./sala";
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");

    private DocumentedCommands() {}

    /**
     * A command of a document.
     *
     * @param line where it stands
     * @param program as the document calls it
     * @param command what follows the program
     * @param output what is shown as its output; empty where none is
     */
    public record Example(Path document, int line, String program, String command, Optional<String> output) {
        /** The words of the command; see {@link DocumentedCommands#words}. */
        public List<String> words() {
            return DocumentedCommands.words(command);
        }

        @Override
        public String toString() {
            return "%s:%d %s %s".formatted(document.getFileName(), line, program, command);
        }
    }

    /** All {@code ./sala} commands, document by document. */
    public static List<Example> all() {
        return of(PROGRAM);
    }

    /** All commands of a program, document by document. */
    public static List<Example> of(String program) {
        try {
            List<Example> examples = new ArrayList<>();
            for (Path document : documents()) {
                examples.addAll(examples(program, document, Files.readAllLines(document)));
            }
            return examples;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> documents() throws IOException {
        Path root = Golden.projectRoot();
        List<Path> documents = new ArrayList<>(
                List.of(root.resolve("README.md"), root.resolve("CONTRIBUTING.md"), root.resolve("jmh/NOTEBOOK.md")));
        try (Stream<Path> files = Files.walk(root.resolve("docs"))) {
            files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
        }
        return documents;
    }

    private static List<Example> examples(String program, Path document, List<String> lines) {
        Pattern alone = Pattern.compile("(\\$ )?" + Pattern.quote(program) + " (.*)");
        Pattern code = Pattern.compile("`(?:time )?" + Pattern.quote(program) + " ([^`]+)`");
        List<Example> examples = new ArrayList<>();
        boolean fenced = false;
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).startsWith("```")) {
                fenced = !fenced;
            }
            Matcher command = alone.matcher(lines.get(i));
            if (fenced && command.matches()) {
                boolean showsOutput = command.group(1) != null;
                examples.add(new Example(
                        document,
                        i + 1,
                        program,
                        command.group(2),
                        showsOutput ? Optional.of(outputBelow(lines, i + 1)) : Optional.empty()));
            }
            Matcher cell = code.matcher(lines.get(i).startsWith("|") ? lines.get(i) : "");
            while (cell.find()) {
                examples.add(new Example(document, i + 1, program, cell.group(1), Optional.empty()));
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

    /** Words as a shell splits them, as far as documents go; a comment ends the line. */
    public static List<String> words(String command) {
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
}
