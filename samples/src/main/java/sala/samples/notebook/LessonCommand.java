package sala.samples.notebook;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import sala.samples.notebook.CellOutput.Result;

/** {@code sala jshell FILE...}: runs lessons, prints their text and output, and writes their pictures to files. */
@Command(
        name = "sala jshell",
        mixinStandardHelpOptions = true,
        description = "Runs lessons; without a file, an interactive JShell with the engine on its class path.",
        footer = {"%nExample:", "  sala jshell samples/notebooks/01-tokens.jsh"})
public final class LessonCommand implements Callable<Integer> {
    private static final int EXIT_FAILURE = 1;

    private final String classPath;
    private final PrintStream out;
    private final PrintStream err;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "Lessons, run in order; the first failure ends it.")
    private List<Path> files = List.of();

    @Option(
            names = "--pictures",
            paramLabel = "DIR",
            description = "Folder for the pictures; default: ${DEFAULT-VALUE}.")
    private Path pictures = Path.of("target", "pictures");

    @Option(names = "--write", description = "Write the Jupyter notebook with all outputs beside each lesson.")
    private boolean write;

    LessonCommand(String classPath, PrintStream out, PrintStream err) {
        this.classPath = classPath;
        this.out = out;
        this.err = err;
    }

    /** Runs the command in this process and ends it: 0, 1 if a lesson failed, 2 if the command line is wrong. */
    public static void main(String[] arguments) {
        System.exit(run(arguments, System.getProperty("java.class.path"), System.out, System.err));
    }

    /** Runs the command and returns its exit code. */
    static int run(String[] arguments, String classPath, PrintStream out, PrintStream err) {
        return new CommandLine(new LessonCommand(classPath, out, err))
                .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
                .execute(arguments);
    }

    @Override
    public Integer call() {
        for (Path file : files) {
            try {
                LessonRun run = LessonRun.of(Lesson.read(file), classPath, out, new Printer(file));
                if (write) {
                    Path notebook = file.resolveSibling(run.lesson().name() + NotebookFile.ENDING);
                    NotebookFile.write(run, notebook);
                    out.println("wrote " + notebook);
                }
            } catch (LessonException e) {
                err.println("sala jshell: " + e.getMessage());
                return EXIT_FAILURE;
            } catch (FileSystemException e) {
                err.println("sala jshell: %s: %s"
                        .formatted(
                                e.getFile(),
                                e.getReason() == null ? e.getClass().getSimpleName() : e.getReason()));
                return EXIT_FAILURE;
            } catch (IOException e) {
                err.println("sala jshell: %s: %s".formatted(file, e.getMessage()));
                return EXIT_FAILURE;
            }
        }
        return 0;
    }

    /** Shows a run as it goes. */
    private final class Printer implements LessonRun.Listener {
        private final String name;
        private int pictureCount;

        Printer(Path file) {
            String fileName = file.getFileName().toString();
            name = fileName.endsWith(Lesson.ENDING)
                    ? fileName.substring(0, fileName.length() - Lesson.ENDING.length())
                    : fileName;
        }

        @Override
        public void text(String markdown) {
            out.println();
            out.println(markdown);
            out.println();
        }

        @Override
        public void output(CellOutput output) {
            output.result().ifPresent(result -> {
                switch (result) {
                    case Result.Value value -> out.println(value.text());
                    case Result.Picture picture -> out.println("[picture: %s]".formatted(save(picture)));
                }
            });
        }

        private Path save(Result.Picture picture) {
            pictureCount++;
            Path file = pictures.resolve("%s-%d.png".formatted(name, pictureCount));
            try {
                Files.createDirectories(pictures);
                return Files.write(file, picture.png());
            } catch (IOException e) {
                throw new LessonException(
                        "%s: the picture cannot be written: %s; name another folder with --pictures DIR"
                                .formatted(file, e.getMessage()));
            }
        }
    }
}
