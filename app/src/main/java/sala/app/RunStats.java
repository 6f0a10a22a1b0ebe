package sala.app;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import sala.model.DevicePass;
import sala.model.generate.GenerationResult;
import sala.model.generate.GenerationStats;

/**
 * Times of one generation, for {@code --stats} and {@code --json}.
 *
 * @param loadSeconds from the checked command line to the opened model
 * @param firstTokenTime when the first token was there
 * @param firstRuns of a device's graphs, which compile them; part of the times of prefill and decode
 */
record RunStats(
        GenerationResult result,
        double loadSeconds,
        Optional<Instant> firstTokenTime,
        Optional<DevicePass.FirstRuns> firstRuns) {
    /** From the start of the JVM to the first token. */
    private OptionalDouble startToFirstTokenSeconds() {
        if (firstTokenTime.isEmpty()) {
            return OptionalDouble.empty();
        }
        long startMillis = ManagementFactory.getRuntimeMXBean().getStartTime();
        return OptionalDouble.of((firstTokenTime.get().toEpochMilli() - startMillis) / 1e3);
    }

    /** Five lines for people, and one for a device. */
    String text() {
        GenerationStats stats = result.stats();
        OptionalDouble fromStart = startToFirstTokenSeconds();
        return String.format(
                        Locale.ROOT,
                        """
                load      %8.3f s
                first     %8.3f s from the prompt to the first token%s
                prefill   %8.3f s, %d tokens, %.1f tokens/s
                decode    %8.3f s, %d tokens, %.1f tokens/s
                stopped by %s, seed %d
                """,
                        loadSeconds,
                        seconds(stats.timeToFirstTokenNanos()),
                        fromStart.isPresent()
                                ? String.format(
                                        Locale.ROOT, ", %.2f s from the start of the JVM", fromStart.getAsDouble())
                                : "",
                        seconds(stats.prefillNanos()),
                        stats.promptTokens(),
                        stats.prefillTokensPerSecond(),
                        seconds(stats.decodeNanos()),
                        stats.generatedTokens(),
                        stats.decodeTokensPerSecond(),
                        result.stopReason(),
                        stats.seed())
                + firstRuns
                        .map(runs -> String.format(
                                Locale.ROOT,
                                "compile   %8.3f s of this, the first runs of %d graphs\n",
                                seconds(runs.nanos()),
                                runs.graphs()))
                        .orElse("");
    }

    /** One JSON object. */
    void write(JsonGenerator json) throws IOException {
        GenerationStats stats = result.stats();
        json.writeStartObject();
        json.writeStringField("stopReason", result.stopReason().toString());
        json.writeNumberField("seed", stats.seed());
        json.writeNumberField("promptTokens", stats.promptTokens());
        json.writeNumberField("generatedTokens", stats.generatedTokens());
        json.writeNumberField("loadSeconds", loadSeconds);
        json.writeNumberField("timeToFirstTokenSeconds", seconds(stats.timeToFirstTokenNanos()));
        json.writeNumberField("prefillSeconds", seconds(stats.prefillNanos()));
        json.writeNumberField("prefillTokensPerSecond", stats.prefillTokensPerSecond());
        json.writeNumberField("decodeSeconds", seconds(stats.decodeNanos()));
        json.writeNumberField("decodeTokensPerSecond", stats.decodeTokensPerSecond());
        if (firstRuns.isPresent()) {
            json.writeNumberField("compiledGraphs", firstRuns.get().graphs());
            json.writeNumberField("compileSeconds", seconds(firstRuns.get().nanos()));
        }
        json.writeEndObject();
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }
}
