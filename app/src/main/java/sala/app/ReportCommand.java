package sala.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import sala.app.report.BenchmarkReport;

/** {@code sala report}: JMH result files as a page. */
@Command(
        name = "report",
        description = "Makes a page of plots and tables from JMH results.",
        footer = {
            "%nThe page needs no network. With two files it says of each measurement whether the",
            "second is faster, slower, or no difference is shown (Welch's t-test). Examples:",
            "  sala report jmh/results/DEVICE/COMMIT.json -o report.html",
            "  sala report before.json after.json -o comparison.html"
        })
final class ReportCommand implements Runnable {
    private final CommandStreams streams;

    @Parameters(
            arity = "1..2",
            paramLabel = "RESULTS",
            description = "A result file of ./sala-jmh or of JMH's -rf json; two to compare them.")
    private List<Path> results = List.of();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "The page. Default: ${DEFAULT-VALUE}.")
    private Path output = Path.of("report.html");

    @Option(names = "--plots", paramLabel = "DIR", description = "Also write the plots of the first file as SVG there.")
    private @Nullable Path plots;

    ReportCommand(CommandStreams streams) {
        this.streams = streams;
    }

    @Override
    public void run() {
        if (results.size() > 2) {
            throw new UsageException("expected one result file, or two to compare, found " + results.size());
        }
        Optional<Path> other = results.size() < 2 ? Optional.empty() : Optional.of(results.get(1));
        BenchmarkReport report = BenchmarkReport.of(results.getFirst(), other);
        write(output, report.page());
        if (plots != null) {
            for (Map.Entry<String, String> plot : report.plots().entrySet()) {
                write(plots.resolve(plot.getKey() + ".svg"), plot.getValue());
            }
        }
        streams.err().printf("sala: wrote %s%n", output);
    }

    /** Under another name first, so that a page is whole or as it was. */
    private static void write(Path file, String text) {
        try {
            Path target = file.toAbsolutePath();
            Files.createDirectories(target.getParent());
            Path unfinished = target.resolveSibling(target.getFileName() + ".part");
            try {
                Files.writeString(unfinished, text);
                Files.move(unfinished, target, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(unfinished);
            }
        } catch (IOException e) {
            throw new CommandException("cannot write %s: %s".formatted(file, TextFiles.reason(file, e)), e);
        }
    }
}
