package sala.app;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.BooleanSupplier;

/**
 * One line on a terminal that grows with the work and is gone when the work is done. Work that takes less than
 * {@value #DELAY_NANOS} ns draws nothing, nor does any work when the stream is no terminal.
 */
final class ProgressBar implements AutoCloseable {
    private static final long DELAY_NANOS = 500_000_000L;
    private static final long REDRAW_NANOS = 100_000_000L;
    private static final int WIDTH = 30;

    private final PrintStream err;
    private final BooleanSupplier isTerminal;
    private final String label;
    private final long startNanos = System.nanoTime();
    private long nextDrawNanos = startNanos + DELAY_NANOS;
    private boolean silent;
    private int drawn;

    /**
     * A bar that is not yet visible.
     *
     * @param label what is going on, such as {@code prefill}
     */
    ProgressBar(CommandStreams streams, String label) {
        err = streams.err();
        isTerminal = streams.errIsTerminal();
        this.label = label;
    }

    /** Shows how much is done, at most ten times a second. */
    void update(long done, long total) {
        long now = System.nanoTime();
        if (silent || now - nextDrawNanos < 0) {
            return;
        }
        if (drawn == 0 && !isTerminal.getAsBoolean()) {
            silent = true;
            return;
        }
        nextDrawNanos = now + REDRAW_NANOS;
        String line = line(label, done, total, (now - startNanos) / 1e9);
        err.print("\r" + line + " ".repeat(Math.max(0, drawn - line.length())));
        err.flush();
        drawn = line.length();
    }

    /** {@code prefill [########------] 1234/9000 13 % 3.1 s}. */
    static String line(String label, long done, long total, double seconds) {
        double share = total <= 0 ? 1 : Math.clamp((double) done / total, 0, 1);
        int filled = (int) (WIDTH * share);
        return String.format(
                Locale.ROOT,
                "%s [%s%s] %d/%d %d %% %.1f s",
                label,
                "#".repeat(filled),
                "-".repeat(WIDTH - filled),
                done,
                total,
                (int) (100 * share),
                seconds);
    }

    /** Takes the bar off the terminal; the next update shows it again. */
    void hide() {
        close();
    }

    /** Wipes the line. */
    @Override
    public void close() {
        if (drawn > 0) {
            err.print("\r" + " ".repeat(drawn) + "\r");
            err.flush();
            drawn = 0;
        }
        silent = true;
    }
}
