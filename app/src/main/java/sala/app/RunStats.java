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
                stats.timeToFirstTokenNanos() / 1e9,
                stats.prefillNanos() / 1e9,
                stats.promptTokens(),
                stats.prefillTokensPerSecond(),
                stats.decodeNanos() / 1e9,
                stats.generatedTokens(),
                stats.decodeTokensPerSecond(),
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
        json.writeNumberField("timeToFirstTokenSeconds", stats.timeToFirstTokenNanos() / 1e9);
        json.writeNumberField("prefillSeconds", stats.prefillNanos() / 1e9);
        json.writeNumberField("prefillTokensPerSecond", stats.prefillTokensPerSecond());
        json.writeNumberField("decodeSeconds", stats.decodeNanos() / 1e9);
        json.writeNumberField("decodeTokensPerSecond", stats.decodeTokensPerSecond());
        json.writeEndObject();
    }
}
