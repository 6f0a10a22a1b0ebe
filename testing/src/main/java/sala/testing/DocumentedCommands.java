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

/** The {@code ./sala} commands that README.md and the documents show, each alone on a line of a fenced block. */
public final class DocumentedCommands {
    private static final Pattern COMMAND = Pattern.compile("(\\$ )?\\./sala (.*)");
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");

    private DocumentedCommands() {}

    /**
     * A command of a document.
     *
     * @param line where it stands
     * @param command what follows {@code ./sala}
     * @param output what is shown as its output; empty where none is
     */
    public record Example(Path document, int line, String command, Optional<String> output) {
        /** The words of the command; see {@link DocumentedCommands#words}. */
        public List<String> words() {
            return DocumentedCommands.words(command);
        }

        @Override
        public String toString() {
            return "%s:%d ./sala %s".formatted(document.getFileName(), line, command);
        }
    }

    /** All commands, document by document. */
    public static List<Example> all() {
        try {
            List<Example> examples = new ArrayList<>();
            for (Path document : documents()) {
                examples.addAll(examples(document, Files.readAllLines(document)));
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

    private static List<Example> examples(Path document, List<String> lines) {
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
