package sala.app.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import sala.app.report.Plot.Line;
import sala.app.report.Plot.Style;

/** The plots of a result file; what has not been measured is not drawn. */
final class Plots {
    private static final String CONTEXT = "contextLength";
    private static final String ONE_TOKEN = "1";

    /** Backends whose limits and times are worth a plot: the others are written for reading. */
    private static final List<String> BACKENDS = List.of("CPU", "TORNADO");

    private Plots() {}

    static List<Plot> of(ResultFile file) {
        List<Plot> plots = new ArrayList<>();
        for (String backend : BACKENDS) {
            List<Measurement> measured = file.measurements().stream()
                    .filter(measurement -> measurement.backend().equals(backend))
                    .toList();
            String name = file.nameOf(backend);
            roofline(name, measured).ifPresent(plots::add);
            context(name, measured, true).ifPresent(plots::add);
            context(name, measured, false).ifPresent(plots::add);
            crossover(name, measured).ifPresent(plots::add);
        }
        return plots;
    }

    /** GFLOP/s over FLOP/byte, under what the machine reached in the same forks. */
    private static Optional<Plot> roofline(String backend, List<Measurement> measured) {
        List<Measurement> counted = measured.stream()
                .filter(measurement -> measurement.intensity().isPresent()
                        && measurement.bandwidth().isPresent()
                        && measurement.peak().isPresent())
                .toList();
        if (counted.isEmpty()) {
            return Optional.empty();
        }
        double bandwidth = median(counted.stream().map(Measurement::bandwidth));
        double peak = median(counted.stream().map(Measurement::peak));
        double low = counted.stream().mapToDouble(Plots::intensity).min().orElseThrow() / 2;
        double high = counted.stream().mapToDouble(Plots::intensity).max().orElseThrow() * 2;
        double ridge = peak / bandwidth;
        Line limit =
                Line.of(String.format(Locale.ROOT, "limit: %.1f GB/s, %.0f GFLOP/s", bandwidth, peak), Style.LIMIT);
        limit = limit.with(Math.min(low, ridge), Math.min(low, ridge) * bandwidth)
                .with(ridge, peak)
                .with(Math.max(high, 2 * ridge), peak);
        Map<String, Line> lines = new TreeMap<>();
        for (Measurement measurement : counted) {
            String label = measurement.operation();
            lines.put(
                    label,
                    lines.getOrDefault(label, Line.of(label, Style.POINTS))
                            .with(
                                    intensity(measurement),
                                    measurement.gigaflops().orElseThrow()));
        }
        List<Line> all = new ArrayList<>(List.of(limit));
        all.addAll(lines.values());
        return Optional.of(new Plot(
                "roofline-" + backend.toLowerCase(Locale.ROOT),
                "Roofline, backend " + backend,
                "Each point is a measurement. The line is what the machine can do at best, measured in the same processes: on"
                        + " its slope the memory is the limit, on its level part f32 multiply-adds on registers. A point"
                        + " above it found its data in a cache, or used matrix units, which the line leaves out.",
                "FLOP/byte",
                "GFLOP/s",
                true,
                all));
    }

    private static double intensity(Measurement measurement) {
        return measurement.intensity().orElseThrow();
    }

    private static double median(Stream<OptionalDouble> values) {
        double[] sorted =
                values.mapToDouble(OptionalDouble::orElseThrow).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    /** Time against the length of the context, of one token or of many. */
    private static Optional<Plot> context(String backend, List<Measurement> measured, boolean oneToken) {
        Predicate<Measurement> wanted = measurement -> {
            String tokens = measurement.parameters().getOrDefault("tokens", ONE_TOKEN);
            return tokens.equals(ONE_TOKEN) == oneToken
                    && !measurement.operation().equals("layer");
        };
        List<Line> lines = lines(measured.stream().filter(wanted).toList(), oneToken ? 1e6 : 1e3);
        if (lines.stream().noneMatch(line -> line.x().size() > 1)) {
            return Optional.empty();
        }
        List<Line> all = new ArrayList<>(lines);
        if (oneToken) {
            sparseWhole(measured).ifPresent(all::add);
            constantInContext(measured, lines).ifPresent(all::add);
        }
        return Optional.of(new Plot(
                (oneToken ? "decode-context-" : "prefill-context-") + backend.toLowerCase(Locale.ROOT),
                (oneToken ? "One token against the context, backend " : "Many tokens against the context, backend ")
                        + backend,
                oneToken
                        ? "Time of one token in one layer. Sparse attention takes its selection and its attention together;"
                                + " the state of linear attention does not grow, so its time is one level."
                        : "Time of all tokens of a chunk in one layer.",
                "tokens in the context",
                oneToken ? "microseconds" : "milliseconds",
                true,
                all));
    }

    /** A line for each operation and set of other parameters, in units of a second over {@code perSecond}. */
    private static List<Line> lines(List<Measurement> measured, double perSecond) {
        Map<String, Line> lines = new TreeMap<>();
        measured.stream()
                .filter(measurement -> contextLength(measurement).isPresent())
                .sorted(Comparator.comparingDouble(
                        measurement -> contextLength(measurement).orElseThrow()))
                .forEach(measurement -> {
                    String label = label(measurement);
                    lines.put(
                            label,
                            lines.getOrDefault(label, Line.of(label, Style.JOINED))
                                    .with(contextLength(measurement).orElseThrow(), measurement.seconds() * perSecond));
                });
        return List.copyOf(lines.values());
    }

    /** Operation and what tells its measurements apart, but for what all have. */
    private static String label(Measurement measurement) {
        String type = measurement.parameter("cacheType");
        String tokens = measurement.parameter("tokens");
        String kernels = measurement.parameter("kernels");
        return measurement.operation()
                + (kernels.isEmpty() || kernels.equals("AUTO") ? "" : " " + kernels.toLowerCase(Locale.ROOT))
                + (type.isEmpty() ? "" : " " + type)
                + (tokens.isEmpty() || tokens.equals(ONE_TOKEN) ? "" : ", " + tokens + " tokens")
                + (measurement.parameter("layers").isEmpty() ? "" : ", " + measurement.parameter("shape"));
    }

    private static OptionalDouble contextLength(Measurement measurement) {
        String text = measurement.parameter(CONTEXT);
        return text.matches("[1-9]\\d{0,8}") ? OptionalDouble.of(Integer.parseInt(text)) : OptionalDouble.empty();
    }

    /** Microseconds of one token's operation at each context length; of the first of several sets of other parameters. */
    private static Map<Double, Double> byContext(List<Measurement> measured, String operation) {
        Map<Double, Double> times = new TreeMap<>();
        for (Measurement measurement : measured) {
            boolean wanted = measurement.operation().equals(operation)
                    && measurement
                            .parameters()
                            .getOrDefault("tokens", ONE_TOKEN)
                            .equals(ONE_TOKEN);
            if (wanted) {
                contextLength(measurement).ifPresent(length -> times.putIfAbsent(length, measurement.seconds() * 1e6));
            }
        }
        return times;
    }

    /** Selection and attention together. */
    private static Optional<Line> sparseWhole(List<Measurement> measured) {
        Map<Double, Double> selection = byContext(measured, "block selection");
        Line line = Line.of("sparse, both stages", Style.JOINED);
        for (Map.Entry<Double, Double> attention :
                byContext(measured, "sparse attention").entrySet()) {
            Double selected = selection.get(attention.getKey());
            if (selected != null) {
                line = line.with(attention.getKey(), attention.getValue() + selected);
            }
        }
        return line.x().isEmpty() ? Optional.empty() : Optional.of(line);
    }

    /** Linear attention over the same contexts. */
    private static Optional<Line> constantInContext(List<Measurement> measured, List<Line> others) {
        double low = others.stream()
                .flatMap(line -> line.x().stream())
                .min(Double::compare)
                .orElseThrow();
        double high = others.stream()
                .flatMap(line -> line.x().stream())
                .max(Double::compare)
                .orElseThrow();
        return measured.stream()
                .filter(measurement -> measurement.operation().equals("lightning step"))
                .findFirst()
                .map(measurement -> Line.of("lightning step", Style.JOINED)
                        .with(low, measurement.seconds() * 1e6)
                        .with(high, measurement.seconds() * 1e6));
    }

    /** Dense time over sparse time: above 1 sparse attention pays. */
    private static Optional<Plot> crossover(String backend, List<Measurement> measured) {
        Map<Double, Double> dense = byContext(measured, "dense attention");
        Optional<Line> sparse = sparseWhole(measured);
        if (sparse.isEmpty()) {
            return Optional.empty();
        }
        Line ratio = Line.of("dense / sparse", Style.JOINED);
        for (int i = 0; i < sparse.get().x().size(); i++) {
            double length = sparse.get().x().get(i);
            Double denseTime = dense.get(length);
            if (denseTime != null) {
                ratio = ratio.with(length, denseTime / sparse.get().y().get(i));
            }
        }
        if (ratio.x().size() < 2) {
            return Optional.empty();
        }
        Line one = Line.of("equally fast", Style.LIMIT)
                .with(ratio.x().getFirst(), 1)
                .with(ratio.x().getLast(), 1);
        return Optional.of(new Plot(
                "crossover-" + backend.toLowerCase(Locale.ROOT),
                "Sparse against dense attention, backend " + backend,
                crossing(ratio)
                        + " Time of dense attention over that of sparse attention with its selection, one token in"
                        + " one layer.",
                "tokens in the context",
                "times as fast",
                true,
                List.of(one, ratio)));
    }

    /** Where the ratio passes 1, on the straight line between two points of the logarithmic plot. */
    static String crossing(Line ratio) {
        List<Double> x = ratio.x();
        List<Double> y = ratio.y();
        if (y.getFirst() >= 1) {
            return "Sparse attention is no slower from the shortest measured context on.";
        }
        for (int i = 1; i < x.size(); i++) {
            if (y.get(i) >= 1) {
                double share = -Math.log(y.get(i - 1)) / (Math.log(y.get(i)) - Math.log(y.get(i - 1)));
                double length =
                        Math.exp(Math.log(x.get(i - 1)) + share * (Math.log(x.get(i)) - Math.log(x.get(i - 1))));
                return String.format(
                        Locale.ROOT, "Sparse attention is faster from about %,d tokens on.", (long) length);
            }
        }
        return "Sparse attention is slower up to the longest measured context.";
    }

    /** Speed of the second file as a multiple of the first, in the order of the table. */
    static Plot comparison(List<Comparison> comparisons) {
        List<Line> lines = new ArrayList<>();
        lines.add(Line.of("equally fast", Style.LIMIT).with(1, 1).with(Math.max(2, comparisons.size()), 1));
        for (Comparison.Verdict verdict : Comparison.Verdict.values()) {
            Line line = Line.of(verdict.toString(), Style.POINTS);
            for (int i = 0; i < comparisons.size(); i++) {
                if (comparisons.get(i).verdict() == verdict) {
                    line = line.with(i + 1, comparisons.get(i).speedUp());
                }
            }
            if (!line.x().isEmpty()) {
                lines.add(line);
            }
        }
        return new Plot(
                "comparison",
                "Speed of the second file over the first",
                "Each point is a row of the table below, by its number. Above 1 the second file is faster.",
                "row of the table",
                "times as fast",
                false,
                lines);
    }
}
