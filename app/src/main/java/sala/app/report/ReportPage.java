package sala.app.report;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A report as one HTML page that asks for nothing else: styles and plots are inside, scripts there are none. Everything
 * that comes from a file is escaped.
 *
 * <p>A plot is an image in two colourings, of which the browser shows the one that fits: as an image, an SVG cannot run
 * anything and its identifiers cannot meet those of another.
 */
final class ReportPage {
    private static final String STYLE = """
            :root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--line:#d8dce2;--back:#fff;--stripe:#f6f8fa;--good:#116329;--bad:#a40e26}
            @media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3a424d;--back:#161b22;--stripe:#1d242c;--good:#4ac26b;--bad:#ff8182}}
            body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:64rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back)}
            h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1.25rem;margin:2.5rem 0 .5rem}
            p{max-width:44rem}figure{margin:0}.wide{overflow-x:auto}figure img{width:100%;min-width:36rem;height:auto;display:block}
            figcaption,.soft{color:var(--soft)}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.5rem 0}
            dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
            table{border-collapse:collapse;font-size:.875rem;min-width:100%}
            th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
            th{white-space:nowrap}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
            tbody tr:nth-child(even){background:var(--stripe)}.faster{color:var(--good);font-weight:600}.slower{color:var(--bad);font-weight:600}
            """;

    /** Headings of columns of numbers. */
    private static final Set<String> NUMERIC = Set.of(
            "row",
            "first",
            "second",
            "times as fast",
            "p",
            "time",
            "GB/s",
            "of bandwidth",
            "GFLOP/s",
            "of peak",
            "error",
            "kernels",
            "compilation",
            "copies");

    private final StringBuilder html = new StringBuilder();

    private ReportPage() {}

    /** The page of one file, or of two that are compared. */
    static String of(ResultFile file, Optional<ResultFile> other, List<Plot> plots) {
        ReportPage page = new ReportPage();
        page.begin("Benchmarks: " + page.title(file));
        page.machine(file, other.isPresent() ? "First file" : "Run");
        other.ifPresent(second -> page.machine(second, "Second file"));
        other.ifPresent(second -> page.comparison(file, second));
        if (other.isPresent() && !plots.isEmpty()) {
            page.html.append("<h2>Plots of the first file</h2>\n");
        }
        plots.forEach(page::plot);
        page.results(file);
        page.device(file);
        page.html.append("</body>\n</html>\n");
        return page.html.toString();
    }

    private String title(ResultFile file) {
        String device =
                file.machine().getOrDefault("device", file.path().getFileName().toString());
        String commit = file.machine().getOrDefault("commit", "");
        return commit.isEmpty() ? device : device + ", commit " + commit;
    }

    private void begin(String title) {
        html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .append("<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n".formatted(escape(title), STYLE))
                .append("<h1>%s</h1>\n".formatted(escape(title)));
    }

    private void machine(ResultFile file, String heading) {
        html.append("<h2>%s</h2>\n<dl>\n".formatted(heading));
        html.append(entry("file", file.path().toString()));
        for (Map.Entry<String, String> entry : file.machine().entrySet()) {
            html.append(entry(entry.getKey(), entry.getValue()));
        }
        html.append("</dl>\n");
    }

    private static String entry(String name, String value) {
        return "<dt>%s</dt><dd>%s</dd>\n".formatted(escape(name), escape(value));
    }

    private void plot(Plot plot) {
        html.append("<h2>%s</h2>\n<figure>\n<div class=\"wide\"><picture>\n".formatted(escape(plot.title())))
                .append("<source media=\"(prefers-color-scheme: dark)\" srcset=\"%s\">\n"
                        .formatted(dataUri(plot.svg(Theme.DARK))))
                .append("<img src=\"%s\" width=\"860\" height=\"480\" alt=\"%s\">\n"
                        .formatted(dataUri(plot.svg(Theme.LIGHT)), escape(describe(plot))))
                .append("</picture></div>\n<figcaption>%s</figcaption>\n</figure>\n"
                        .formatted(escape(plot.explanation())));
    }

    /** The plot for those who cannot see it. */
    private static String describe(Plot plot) {
        return "%s: %s over %s for %s"
                .formatted(
                        plot.title(),
                        plot.yTitle(),
                        plot.xTitle(),
                        plot.lines().stream().map(Plot.Line::label).collect(Collectors.joining("; ")));
    }

    private static String dataUri(String svg) {
        return "data:image/svg+xml;base64," + Base64.getEncoder().encodeToString(svg.getBytes(StandardCharsets.UTF_8));
    }

    private void comparison(ResultFile first, ResultFile second) {
        List<Comparison> comparisons = Comparison.of(first, second);
        html.append("<h2>Comparison</h2>\n");
        if (comparisons.isEmpty()) {
            html.append("<p>The files have no measurement in common.</p>\n");
            return;
        }
        html.append("<p>%s</p>\n".formatted(escape(summary(comparisons))));
        html.append(
                "<p class=\"soft\">Welch's t-test of the mean times at a level of 1 %: of a hundred measurements that do not"
                        + " differ, one is expected to be called faster or slower. Samples are means of forks where there are"
                        + " three or more, else of iterations, which resemble each other more than two processes do.</p>\n");
        plot(Plots.comparison(comparisons));
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < comparisons.size(); i++) {
            Comparison each = comparisons.get(i);
            rows.add(row(
                    number(Integer.toString(i + 1)),
                    cell(each.before().operation()),
                    cell(each.before().parametersWithout()),
                    number(time(each.before())),
                    number(time(each.after())),
                    number(String.format(Locale.ROOT, "%.3f", each.speedUp())),
                    number(String.format(Locale.ROOT, "%.2g", each.pValue())),
                    verdict(each.verdict())));
        }
        table(List.of("row", "operation", "parameters", "first", "second", "times as fast", "p", "verdict"), rows);
    }

    private static String summary(List<Comparison> comparisons) {
        return Arrays.stream(Comparison.Verdict.values())
                .map(verdict -> "%s: %d"
                        .formatted(
                                verdict,
                                comparisons.stream()
                                        .filter(each -> each.verdict() == verdict)
                                        .count()))
                .collect(Collectors.joining(", "));
    }

    private static String verdict(Comparison.Verdict verdict) {
        String style = switch (verdict) {
            case FASTER -> " class=\"faster\"";
            case SLOWER -> " class=\"slower\"";
            case NO_DIFFERENCE_SHOWN, TOO_FEW_SAMPLES -> "";
        };
        return "<td%s>%s</td>".formatted(style, escape(verdict.toString()));
    }

    private void results(ResultFile file) {
        html.append(
                "<h2>Results</h2>\n<p class=\"soft\">Time of an operation, with its 99 % confidence interval. Shares are of"
                        + " what the machine reached in the same process: memory bandwidth, and f32 multiply-adds on registers. The"
                        + " error is against double precision, as a share of the largest value; an operation whose error is too large is"
                        + " not timed.</p>\n");
        List<String> rows = new ArrayList<>();
        for (Measurement each : file.measurements()) {
            rows.add(row(
                    cell(each.operation()),
                    cell(each.backend()),
                    cell(each.parametersWithout("backend")),
                    number(time(each)),
                    number(format("%.1f", each.gigabytesPerSecond())),
                    number(share(each.gigabytesPerSecond(), each.bandwidth())),
                    number(format("%.1f", each.gigaflops())),
                    number(share(each.gigaflops(), each.peak())),
                    number(format("%.1e", each.error()))));
        }
        table(
                List.of(
                        "operation",
                        "backend",
                        "parameters",
                        "time",
                        "GB/s",
                        "of bandwidth",
                        "GFLOP/s",
                        "of peak",
                        "error"),
                rows);
    }

    private void device(ResultFile file) {
        List<String> rows = new ArrayList<>();
        for (Measurement each : file.measurements()) {
            each.device()
                    .ifPresent(clock -> rows.add(row(
                            cell(each.operation()),
                            cell(each.parametersWithout("backend")),
                            number(time(each.seconds())),
                            number(time(clock.kernelSeconds())),
                            number(time(clock.compileSeconds())),
                            number(time(clock.transferSeconds())))));
        }
        if (rows.isEmpty()) {
            return;
        }
        html.append(
                "<h2>By the device's clock</h2>\n<p class=\"soft\">What TornadoVM's profiler said of single operations before"
                        + " they were timed. The time of an operation holds the launches and, of several in a row, what they hide of each"
                        + " other; the kernels' time holds some microseconds a launch. Compilation is that of a JVM which has compiled"
                        + " little before; copies are those of all inputs and of the output.</p>\n");
        table(List.of("operation", "parameters", "time", "kernels", "compilation", "copies"), rows);
    }

    private void table(List<String> headings, List<String> rows) {
        html.append("<div class=\"wide\"><table>\n<thead><tr>");
        headings.forEach(heading -> html.append(
                "<th%s>%s</th>".formatted(NUMERIC.contains(heading) ? " class=\"n\"" : "", escape(heading))));
        html.append("</tr></thead>\n<tbody>\n");
        rows.forEach(html::append);
        html.append("</tbody>\n</table></div>\n");
    }

    private static String row(String... cells) {
        return "<tr>" + String.join("", cells) + "</tr>\n";
    }

    private static String cell(String text) {
        return "<td>%s</td>".formatted(escape(text));
    }

    private static String number(String text) {
        return "<td class=\"n\">%s</td>".formatted(escape(text));
    }

    private static String format(String pattern, OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, pattern, value.getAsDouble()) : "";
    }

    private static String share(OptionalDouble rate, OptionalDouble limit) {
        return rate.isPresent() && limit.isPresent()
                ? String.format(Locale.ROOT, "%.0f %%", 100 * rate.getAsDouble() / limit.getAsDouble())
                : "";
    }

    /** Such as {@code 12.3 us ± 0.4}. */
    static String time(Measurement measurement) {
        double seconds = measurement.seconds();
        double halfWidth = Comparison.halfWidth(measurement);
        String time = time(seconds);
        return Double.isNaN(halfWidth)
                ? time
                : time + String.format(Locale.ROOT, " ± %.2g", halfWidth * perUnit(unit(seconds)));
    }

    private static String time(double seconds) {
        String unit = unit(seconds);
        return String.format(Locale.ROOT, "%.4g %s", seconds * perUnit(unit), unit);
    }

    private static String unit(double seconds) {
        return seconds < 1e-6 ? "ns" : seconds < 1e-3 ? "us" : seconds < 1 ? "ms" : "s";
    }

    private static double perUnit(String unit) {
        return switch (unit) {
            case "ns" -> 1e9;
            case "us" -> 1e6;
            case "ms" -> 1e3;
            default -> 1;
        };
    }

    private static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.appendCodePoint(c < 0x20 && c != '\n' && c != '\t' ? 0xfffd : c);
            }
        });
        return escaped.toString();
    }
}
