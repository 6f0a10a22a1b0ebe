package sala.app;

import java.util.Locale;
import sala.model.TaskProfile.Task;

/** Where a device's time goes in a test, for people. */
final class BenchTaskTable {
    private BenchTaskTable() {}

    /** A line on the whole test and a table of its tasks, the longest first. */
    static String of(BenchResult result, BenchProfile profile) {
        double tokenNanos = result.nanosPerToken();
        double kernelNanos = profile.kernelNanosPerToken();
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%n%s: %.1f us a token, kernels %.1f us, host and launches %.1f us (%.1f %%); %.1f launches a token%n",
                result.test().name(),
                tokenNanos / 1e3,
                kernelNanos / 1e3,
                (tokenNanos - kernelNanos) / 1e3,
                100 * result.hostShare().orElse(Double.NaN),
                (double) profile.tasks().launches() / profile.tokens()));
        text.append(String.format(Locale.ROOT, "| %-32s | launches | us/launch |  us/token |  share |%n", "task"));
        text.append("| %s | -------: | --------: | --------: | -----: |%n".formatted("-".repeat(32)));
        for (Task task : profile.tasks().tasks()) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %-32s | %8d | %9.1f | %9.1f | %4.1f %% |%n",
                    task.name(),
                    task.launches(),
                    task.nanosPerLaunch() / 1e3,
                    (double) task.kernelNanos() / profile.tokens() / 1e3,
                    100.0 * task.kernelNanos() / profile.tasks().kernelNanos()));
        }
        return text.toString();
    }
}
