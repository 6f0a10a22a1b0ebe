package sala.app;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;
import sala.model.cpu.MachineLimits;

/** llama-bench's table, with median, range and shares of the machine's limits behind its columns. */
final class BenchMarkdown implements BenchPrinter {
    /**
     * A column.
     *
     * @param rightAligned numbers are, words are not
     */
    private record Column(String title, int width, boolean rightAligned) {
        String cell(String text) {
            return String.format(Locale.ROOT, "%" + (rightAligned ? "" : "-") + width + "s", text);
        }
    }

    private static final List<Column> COLUMNS = List.of(
            new Column("model", 24, false),
            new Column("size", 10, true),
            new Column("params", 10, true),
            new Column("backend", 10, false),
            new Column("threads", 7, true),
            new Column("test", 16, true),
            new Column("t/s", 18, true),
            new Column("median", 10, true),
            new Column("min .. max", 22, true),
            new Column("bandwidth", 16, true),
            new Column("peak", 16, true));

    private final CommandStreams streams;
    private Optional<BenchResult> last = Optional.empty();

    BenchMarkdown(CommandStreams streams) {
        this.streams = streams;
    }

    @Override
    public void begin() {
        List<String> titles = new ArrayList<>();
        List<String> rules = new ArrayList<>();
        for (Column column : COLUMNS) {
            titles.add(column.cell(column.title()));
            rules.add(
                    "-".repeat(column.width() - (column.rightAligned() ? 1 : 0)) + (column.rightAligned() ? ":" : ""));
        }
        emitRow(titles);
        emitRow(rules);
    }

    @Override
    public void result(BenchResult result) {
        last = Optional.of(result);
        var rates = result.tokensPerSecond();
        List<String> texts = List.of(
                result.model().label(),
                Quantities.bytes(result.model().weightBytes()),
                Quantities.parameters(result.model().parameterCount()),
                result.backend(),
                Integer.toString(result.threads()),
                result.test().name(),
                String.format(Locale.ROOT, "%.2f ± %.2f", rates.getMean(), rates.getStandardDeviation()),
                String.format(Locale.ROOT, "%.2f", result.medianTokensPerSecond()),
                String.format(Locale.ROOT, "%.2f .. %.2f", rates.getMin(), rates.getMax()),
                percent(result.bandwidthShares()),
                percent(result.peakShares()));
        List<String> cells = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            cells.add(COLUMNS.get(i).cell(texts.get(i)));
        }
        emitRow(cells);
    }

    @Override
    public void end() {
        last.ifPresent(result -> streams.emit(
                result.device().isPresent()
                        ? "%ncomputed by %s%n".formatted(result.device().get())
                        : String.format(
                                Locale.ROOT,
                                "%nbandwidth: weights read by decoding, of %.1f GB/s; peak: multiply-adds with weights, of %.1f GFLOP/s; each repetition of the limits read right before and behind it on %s: median (min..max)%n",
                                result.samples().medianLimit(MachineLimits::readBytesPerSecond) / 1e9,
                                result.samples().medianLimit(MachineLimits::flopsPerSecond) / 1e9,
                                Machine.cpuName())));
    }

    private void emitRow(List<String> cells) {
        streams.emit("| " + String.join(" | ", cells) + " |\n");
    }

    private static String percent(DescriptiveStatistics shares) {
        return shares.getN() == 0
                ? "-"
                : String.format(
                        Locale.ROOT,
                        "%.1f %% (%.0f..%.0f)",
                        100 * shares.getPercentile(50),
                        100 * shares.getMin(),
                        100 * shares.getMax());
    }
}
