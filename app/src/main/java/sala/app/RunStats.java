package sala.app;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.Locale;
import sala.model.generate.GenerationResult;
import sala.model.generate.GenerationStats;

/**
 * Times of one generation, for {@code --stats} and {@code --json}.
 *
 * @param loadSeconds from the checked command line to the opened model
 */
record RunStats(GenerationResult result, double loadSeconds) {
    /** Three lines for people. */
    String text() {
        GenerationStats stats = result.stats();
        return String.format(
                Locale.ROOT,
                "load     %9.3f s%nfirst    %9.3f s after the prompt was given%nprefill  %9.3f s, %d tokens, %.1f tokens/s%ndecode   %9.3f s, %d tokens, %.1f tokens/s%nstopped  by %s%n",
                loadSeconds,
                stats.firstTokenNanos() / 1e9,
                stats.prefillNanos() / 1e9,
                stats.promptTokens(),
                rate(stats.promptTokens(), stats.prefillNanos()),
                stats.decodeNanos() / 1e9,
                stats.generatedTokens(),
                rate(stats.generatedTokens(), stats.decodeNanos()),
                result.stopReason());
    }

    /** One JSON object. */
    void write(JsonGenerator json) throws IOException {
        GenerationStats stats = result.stats();
        json.writeStartObject();
        json.writeStringField("stopReason", result.stopReason().toString());
        json.writeNumberField("promptTokens", stats.promptTokens());
        json.writeNumberField("generatedTokens", stats.generatedTokens());
        json.writeNumberField("loadSeconds", loadSeconds);
        json.writeNumberField("timeToFirstTokenSeconds", stats.firstTokenNanos() / 1e9);
        json.writeNumberField("prefillSeconds", stats.prefillNanos() / 1e9);
        json.writeNumberField("prefillTokensPerSecond", rate(stats.promptTokens(), stats.prefillNanos()));
        json.writeNumberField("decodeSeconds", stats.decodeNanos() / 1e9);
        json.writeNumberField("decodeTokensPerSecond", rate(stats.generatedTokens(), stats.decodeNanos()));
        json.writeEndObject();
    }

    private static double rate(int tokens, long nanos) {
        return nanos == 0 ? 0 : tokens * 1e9 / nanos;
    }
}
