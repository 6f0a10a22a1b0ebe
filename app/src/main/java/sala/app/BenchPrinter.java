package sala.app;

/** Prints results as they come. */
sealed interface BenchPrinter permits BenchMarkdown, BenchCsv, BenchJson {
    /** Before the first result. */
    void begin();

    void result(BenchResult result);

    /** After the last result. */
    void end();
}
