package sala.app;

import java.util.Locale;
import java.util.function.Consumer;

/** Output formats of {@code sala bench}, named as llama-bench names them. */
enum BenchFormat {
    MD,
    CSV,
    JSON,
    JSONL;

    /**
     * Prints the results of work to the results stream. Where the work fails what it had is whole: a closed array, a table.
     *
     * @param work gives the printer its results
     */
    void print(CommandStreams streams, Consumer<BenchPrinter> work) {
        BenchPrinter printer = printer(streams);
        printer.begin();
        try {
            work.accept(printer);
        } finally {
            printer.end();
        }
    }

    private BenchPrinter printer(CommandStreams streams) {
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
