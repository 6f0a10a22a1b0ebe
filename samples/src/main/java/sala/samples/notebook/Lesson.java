package sala.samples.notebook;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A lesson, read from a {@code .jsh} file: a file that {@code jshell} runs as it is. Lines that begin with {@code ///} are
 * text in Markdown, all others are code; a line {@value #CELL} divides code into cells, {@value #VARYING_CELL} begins one
 * whose output differs between runs. A line {@code /exit} ends the lesson.
 *
 * @param name of the file, without its ending
 * @param cells in order, none of them blank
 */
public record Lesson(String name, List<Cell> cells) {
    static final String ENDING = ".jsh";
    static final String CELL = "//%%";
    static final String VARYING_CELL = CELL + " varies";
    private static final String TEXT = "///";
    private static final String EXIT = "/exit";

    public Lesson {
        cells = List.copyOf(cells);
    }

    /**
     * Reads a file.
     *
     * @throws IOException if it cannot be read
     * @throws LessonException if a line is a command of jshell other than {@code /exit}, or a cell marker is misspelled
     */
    public static Lesson read(Path file) throws IOException {
        String fileName = file.getFileName().toString();
        String name = fileName.endsWith(ENDING) ? fileName.substring(0, fileName.length() - ENDING.length()) : fileName;
        return parse(name, Files.readString(file));
    }

    /** Reads the text of a file; see {@link #read}. */
    static Lesson parse(String name, String text) {
        Parser parser = new Parser(name);
        for (String line : text.lines().toList()) {
            if (line.strip().equals(EXIT)) {
                break;
            }
            parser.accept(line);
        }
        parser.endCell();
        return new Lesson(name, parser.cells);
    }

    /** The cell that is being read. */
    private static final class Parser {
        private final String name;
        private final List<Cell> cells = new ArrayList<>();
        private final List<String> lines = new ArrayList<>();
        private boolean isText;
        private boolean varies;
        private int firstLine;
        private int lineNumber;

        Parser(String name) {
            this.name = name;
        }

        void accept(String line) {
            lineNumber++;
            if (line.startsWith(CELL)) {
                if (!line.equals(CELL) && !line.equals(VARYING_CELL)) {
                    throw new LessonException("%s line %d: expected %s or %s, found '%s'"
                            .formatted(name, lineNumber, CELL, VARYING_CELL, line));
                }
                endCell();
                varies = line.equals(VARYING_CELL);
                return;
            }
            boolean lineIsText = line.startsWith(TEXT);
            if (lineIsText != isText) {
                endCell();
                isText = lineIsText;
            }
            if (lines.isEmpty() && line.isBlank()) {
                return;
            }
            if (lines.isEmpty()) {
                firstLine = lineNumber;
            }
            if (!isText && line.matches("/[a-z?!-].*")) {
                throw new LessonException(
                        "%s line %d: '%s' is a command of jshell; a lesson holds Java, text behind /// and at its end /exit"
                                .formatted(name, lineNumber, line));
            }
            lines.add(isText ? line.substring(TEXT.length()).replaceFirst("^ ", "") : line);
        }

        void endCell() {
            while (!lines.isEmpty() && lines.getLast().isBlank()) {
                lines.removeLast();
            }
            if (!lines.isEmpty()) {
                String content = String.join("\n", lines);
                cells.add(isText ? new Cell.Text(content) : new Cell.Code(content, firstLine, varies));
                if (!isText) {
                    varies = false;
                }
            }
            lines.clear();
        }
    }
}
