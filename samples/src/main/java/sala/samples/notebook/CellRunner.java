package sala.samples.notebook;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import jdk.jshell.DeclarationSnippet;
import jdk.jshell.Diag;
import jdk.jshell.EvalException;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.Snippet.Status;
import jdk.jshell.Snippet.SubKind;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionControlProvider;
import jdk.jshell.spi.ExecutionEnv;
import sala.samples.notebook.CellOutput.Result;

/**
 * Runs the code of one lesson in this JVM, cell by cell, as JShell does: a cell sees what those before it declared. Unlike
 * the jshell tool it stops at the first snippet that does not compile, is incomplete or throws.
 *
 * <p>While a cell runs, standard output goes to the cell and numbers are formatted as in English, whatever the machine's
 * language. So there is one runner at a time, and nothing else should print.
 */
public final class CellRunner implements AutoCloseable {
    private final String source;
    private final OutputStream echo;
    private final ValueKeepingControl control = new ValueKeepingControl();
    private final JShell shell;
    private final Map<String, Integer> firstLines = new HashMap<>();

    /**
     * Starts a shell.
     *
     * @param source name of what the cells belong to, for messages
     * @param classPath what the code may use, in the form of the java command
     * @param echo is written what cells print, while they do
     */
    public CellRunner(String source, String classPath, OutputStream echo) {
        this.source = source;
        this.echo = echo;
        // -g: TornadoVM's compiler needs the names of a kernel's local variables.
        shell = JShell.builder()
                .executionEngine(new InThisJvm(), Map.of())
                .compilerOptions("-g")
                .build();
        Arrays.stream(classPath.split(File.pathSeparator, -1))
                .filter(entry -> !entry.isEmpty())
                .forEach(shell::addToClasspath);
    }

    private final class InThisJvm implements ExecutionControlProvider {
        @Override
        public String name() {
            return "in-this-jvm";
        }

        @Override
        public ExecutionControl generate(ExecutionEnv environment, Map<String, String> parameters) {
            return control;
        }
    }

    /**
     * Runs a cell.
     *
     * @throws LessonException if it fails; what it printed until then has been echoed
     */
    public CellOutput run(Cell.Code cell) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream standardOutput = System.out;
        Locale locale = Locale.getDefault(Locale.Category.FORMAT);
        try (PrintStream tee = new PrintStream(new Tee(printed, echo), true, StandardCharsets.UTF_8)) {
            System.setOut(tee);
            Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
            Optional<Result> result = runSnippets(cell);
            tee.flush();
            return new CellOutput(printed.toString(StandardCharsets.UTF_8), result);
        } finally {
            System.setOut(standardOutput);
            Locale.setDefault(Locale.Category.FORMAT, locale);
        }
    }

    private Optional<Result> runSnippets(Cell.Code cell) {
        Optional<Result> result = Optional.empty();
        String rest = cell.source();
        int line = cell.line();
        while (!rest.isBlank()) {
            CompletionInfo completion = shell.sourceCodeAnalysis().analyzeCompletion(rest);
            if (!completion.completeness().isComplete()) {
                if (completion.remaining().isBlank() || completion.source() == null) {
                    if (isOnlyComments(rest)) {
                        break;
                    }
                    throw failure(line + leadingLines(rest), "the code ends in the middle of a statement");
                }
            }
            String taken =
                    rest.substring(0, rest.length() - completion.remaining().length());
            int firstLine = line + leadingLines(taken);
            for (SnippetEvent event : shell.eval(completion.source())) {
                check(event, firstLine);
                result = result(event, taken);
            }
            line += Math.toIntExact(taken.chars().filter(c -> c == '\n').count());
            rest = completion.remaining();
        }
        return result;
    }

    private static boolean isOnlyComments(String source) {
        return source.lines().allMatch(line -> line.isBlank() || line.strip().startsWith("//"));
    }

    private static int leadingLines(String source) {
        String stripped = source.stripLeading();
        return Math.toIntExact(source.substring(0, source.length() - stripped.length())
                .chars()
                .filter(c -> c == '\n')
                .count());
    }

    private void check(SnippetEvent event, int firstLine) {
        Snippet snippet = event.snippet();
        firstLines.put("#" + snippet.id(), firstLine);
        if (event.status() == Status.REJECTED) {
            List<Diag> errors = shell.diagnostics(snippet).filter(Diag::isError).toList();
            long position = errors.isEmpty() ? 0 : Math.max(0, errors.getFirst().getPosition());
            long newlines = snippet.source()
                    .chars()
                    .limit(position)
                    .filter(c -> c == '\n')
                    .count();
            int line = firstLine + Math.max(0, (int) newlines - leadingLines(snippet.source()));
            throw failure(
                    line,
                    errors.stream().map(diag -> diag.getMessage(Locale.ROOT)).collect(Collectors.joining("; ")));
        }
        if (event.status() == Status.RECOVERABLE_DEFINED || event.status() == Status.RECOVERABLE_NOT_DEFINED) {
            throw failure(firstLine, "not declared before: " + unresolved(snippet));
        }
        if (event.exception() instanceof EvalException e) {
            throw failure(lineOf(e).orElse(firstLine), describe(e));
        }
        if (event.exception() != null) {
            throw failure(firstLine, event.exception().toString());
        }
    }

    private String unresolved(Snippet snippet) {
        return snippet instanceof DeclarationSnippet declaration
                ? shell.unresolvedDependencies(declaration).collect(Collectors.joining(", "))
                : snippet.source();
    }

    /** Where in the lesson it was thrown, or what was called there threw it: JShell names the file of a snippet #id. */
    private OptionalInt lineOf(EvalException e) {
        for (StackTraceElement frame : e.getStackTrace()) {
            Integer firstLine = firstLines.get(String.valueOf(frame.getFileName()));
            if (firstLine != null) {
                return OptionalInt.of(firstLine + frame.getLineNumber() - 1);
            }
        }
        return OptionalInt.empty();
    }

    private static String describe(EvalException e) {
        String message = e.getMessage();
        String text = message == null ? e.getExceptionClassName() : e.getExceptionClassName() + ": " + message;
        return e.getCause() instanceof EvalException cause ? text + ", caused by " + describe(cause) : text;
    }

    private LessonException failure(int line, String what) {
        return new LessonException("%s line %d: %s".formatted(source, line, what));
    }

    private Optional<Result> result(SnippetEvent event, String taken) {
        SubKind kind = event.snippet().subKind();
        boolean hasValue = kind == SubKind.TEMP_VAR_EXPRESSION_SUBKIND || kind == SubKind.VAR_VALUE_SUBKIND;
        if (!hasValue || taken.stripTrailing().endsWith(";")) {
            return Optional.empty();
        }
        return control.lastValue()
                .map(value -> value instanceof BufferedImage image
                        ? picture(image)
                        : new Result.Value(String.valueOf(value)));
    }

    private static Result picture(BufferedImage image) {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Result.Picture(png.toByteArray(), image.getWidth(), image.getHeight());
    }

    @Override
    public void close() {
        shell.close();
    }

    /** Writes to both. */
    private static final class Tee extends OutputStream {
        private final OutputStream first;
        private final OutputStream second;

        Tee(OutputStream first, OutputStream second) {
            this.first = first;
            this.second = second;
        }

        @Override
        public void write(int value) throws IOException {
            first.write(value);
            second.write(value);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            first.write(bytes, offset, length);
            second.write(bytes, offset, length);
        }

        @Override
        public void flush() throws IOException {
            second.flush();
        }
    }
}
