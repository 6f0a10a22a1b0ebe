package sala.jmh;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/** What a run of the suite gave, in a line. */
final class ResultLine {
    private static final int LONGEST_REASON = 300;

    /** TornadoVM's messages are coloured. */
    private static final Pattern COLOUR = Pattern.compile("\u001B\\[[0-9;]*m");

    private ResultLine() {}

    /** Such as {@code 48.2 us, 2782 GB/s (97 %), 2782 GFLOP/s (5 %), error 5.4e-09}; shares are of the machine's limits. */
    static String of(RunResult run) {
        Map<String, Result<?>> figures = figures(run);
        double rate = score(figures, "operations");
        List<String> words = new ArrayList<>();
        words.add(
                rate > 0
                        ? format("%.4g us", 1e6 / rate)
                        : format("%.4g ", run.getPrimaryResult().getScore())
                                + run.getPrimaryResult().getScoreUnit());
        addRate(words, figures, "gigabytes", "GB/s", "shareOfBandwidth");
        addRate(words, figures, "gigaflops", "GFLOP/s", "shareOfPeak");
        if (figures.containsKey("error")) {
            words.add(format("error %.1e", score(figures, "error")));
        }
        if (score(figures, "deviceKernelMicros") > 0) {
            words.add(format("kernels %.4g us by the device's clock", score(figures, "deviceKernelMicros")));
            words.add(format("compiled in %.0f ms", score(figures, "deviceCompileMillis")));
            words.add(format("copied in %.1f ms", score(figures, "deviceTransferMillis")));
        }
        return String.join(", ", words);
    }

    @SuppressWarnings("rawtypes") // JMH's own
    private static Map<String, Result<?>> figures(RunResult run) {
        Map<String, Result<?>> figures = new HashMap<>();
        for (Map.Entry<String, Result> figure : run.getSecondaryResults().entrySet()) {
            figures.put(figure.getKey(), figure.getValue());
        }
        return figures;
    }

    private static void addRate(
            List<String> words, Map<String, Result<?>> figures, String name, String unit, String share) {
        if (score(figures, name) > 0) {
            words.add(format("%.4g ", score(figures, name)) + unit + format(" (%.0f %%)", 100 * score(figures, share)));
        }
    }

    private static double score(Map<String, Result<?>> figures, String name) {
        Result<?> figure = figures.get(name);
        return figure == null ? 0 : figure.getScore();
    }

    private static String format(String pattern, double value) {
        return String.format(Locale.ROOT, pattern, value);
    }

    /** What the deepest cause says, in a line. */
    static String reason(Throwable failure) {
        Throwable cause = failure;
        while (true) {
            if (cause.getCause() != null) {
                cause = cause.getCause();
            } else if (cause.getSuppressed().length > 0) {
                cause = cause.getSuppressed()[0]; // JMH hands on what its workers threw so
            } else {
                break;
            }
        }
        String text = COLOUR.matcher(String.valueOf(cause.getMessage()))
                .replaceAll("")
                .strip()
                .replaceAll("\\s+", " ");
        return cause.getClass().getSimpleName() + ": "
                + (text.length() > LONGEST_REASON ? text.substring(0, LONGEST_REASON) + "..." : text);
    }
}
