package sala.app.report;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * JMH result files, read and drawn.
 *
 * @param page a self-contained HTML page
 * @param plots the first file's plots as SVG on a light background, by the name of a file without extension
 */
public record BenchmarkReport(String page, Map<String, String> plots) {
    public BenchmarkReport {
        plots = Map.copyOf(plots);
    }

    /**
     * Reads one file, or two to be compared.
     *
     * @throws ReportException if a file is missing, malformed or empty, or if there is no font to draw with
     */
    public static BenchmarkReport of(Path results, Optional<Path> other) {
        ResultFile file = ResultFile.read(results);
        Optional<ResultFile> second = other.map(ResultFile::read);
        List<Plot> plots = Plots.of(file);
        try {
            Map<String, String> svgs = new TreeMap<>();
            plots.forEach(plot -> svgs.put(plot.name(), plot.svg(Theme.LIGHT)));
            return new BenchmarkReport(ReportPage.of(file, second, plots), svgs);
        } catch (LinkageError | InternalError e) {
            throw new ReportException(
                    "the plots cannot be drawn, since Java finds no fonts: install fontconfig and a font, such as fonts-dejavu-core (%s)"
                            .formatted(e),
                    e);
        }
    }
}
