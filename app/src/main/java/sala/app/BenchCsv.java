package sala.app;

import java.util.Locale;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/** One line per result, every value in quotes, as llama-bench writes it. */
final class BenchCsv implements BenchPrinter {
    private final CommandStreams streams;
    private boolean titled;

    BenchCsv(CommandStreams streams) {
        this.streams = streams;
    }

    @Override
    public void begin() {
        // the titles come with the first result
    }

    @Override
    public void result(BenchResult result) {
        SequencedMap<String, Object> fields = BenchFields.of(result);
        if (!titled) {
            streams.emit(String.join(",", fields.keySet()) + "\n");
            titled = true;
        }
        streams.emit(fields.values().stream().map(BenchCsv::quoted).collect(Collectors.joining(",")) + "\n");
    }

    @Override
    public void end() {
        // nothing follows the last line
    }

    private static String quoted(Object value) {
        String text = value instanceof Double number
                ? number.isNaN() ? "" : String.format(Locale.ROOT, "%.6f", number)
                : value.toString();
        return '"' + text.replace("\"", "\"\"") + '"';
    }
}
