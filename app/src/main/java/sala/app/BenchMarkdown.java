package sala.app;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

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
            new Column("bandwidth", 9, true),
            new Column("peak", 9, true));

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
                percent(result.bandwidthShare()),
                percent(result.peakShare()));
        List<String> cells = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            cells.add(COLUMNS.get(i).cell(texts.get(i)));
        }
        emitRow(cells);
    }

    @Override
    public void end() {
        last.ifPresent(result -> streams.emit(result.limits()
                .map(limits -> String.format(
                        Locale.ROOT,
                        "%nbandwidth: weights read by decoding, of %.1f GB/s; peak: multiply-adds with weights, of %.1f GFLOP/s; both limits measured in this run on %s%n",
                        limits.readBytesPerSecond() / 1e9,
                        limits.flopsPerSecond() / 1e9,
                        Machine.cpuName()))
                .orElseGet(() -> "%ncomputed by %s%n".formatted(result.device().orElse(result.backend())))));
    }

    private void emitRow(List<String> cells) {
        streams.emit("| " + String.join(" | ", cells) + " |\n");
    }

    private static String percent(OptionalDouble share) {
        return share.isPresent() ? String.format(Locale.ROOT, "%.1f %%", 100 * share.getAsDouble()) : "-";
    }
}
