package sala.app;

import java.util.Locale;

/** Output formats of {@code sala bench}, named as llama-bench names them. */
enum BenchFormat {
    MD,
    CSV,
    JSON,
    JSONL;

    /** A printer that writes to the results stream. */
    BenchPrinter printer(CommandStreams streams) {
        return switch (this) {
            case MD -> new BenchMarkdown(streams);
            case CSV -> new BenchCsv(streams);
            case JSON -> new BenchJson(streams, true);
            case JSONL -> new BenchJson(streams, false);
        };
    }

    /** The name people type. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
