package sala.app;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import sala.app.PromptOptions.Prompt;
import sala.model.DevicePass;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.generate.CancellationToken;
import sala.model.generate.GenerationListener;
import sala.model.generate.GenerationOptions;
import sala.model.generate.GenerationResult;
import sala.model.generate.Generator;

/** {@code sala generate}: continues a prompt. */
@Command(
        name = "generate",
        description = "Continues a text.",
        footer = {
            "%nThe same command prints the same text, whatever the number of threads: the seed",
            "is fixed unless given. With --temperature 0 the likeliest token is always taken.",
            "Examples:",
            "  sala generate \"In the beginning\"",
            "  sala generate --model MiniCPM-SALA --temperature 0.9 --seed 7 < prompt.txt",
            "  sala generate --tokens \"1 381 333\" --temperature 0 --ignore-eos --json"
        })
final class GenerateCommand implements Runnable {
    private final CommandStreams streams;

    @Mixin
    private PromptOptions promptOptions = new PromptOptions();

    @Mixin
    private ModelOptions model = new ModelOptions();

    @Mixin
    private SamplingOptions sampling = new SamplingOptions();

    @Mixin
    private ComputeOptions compute = new ComputeOptions();

    @Option(names = "--stats", description = "Print times and rates on standard error.")
    private boolean showStats;

    @Option(
            names = "--json",
            description = "Print one JSON object: {\"tokens\":[..],\"generated\":[..],\"text\":\"..\",\"stats\":{..}}.")
    private boolean asJson;

    GenerateCommand(CommandStreams streams) {
        this.streams = streams;
    }

    @Override
    public void run() {
        sampling.check();
        compute.check();
        Prompt prompt = promptOptions.read(streams);
        ModelFolder folder = ModelFolder.read(model.directory());
        int[] tokens = prompt.encode(folder.tokenizer(), folder.directory());
        TokenIds.checkVocabulary(tokens, folder.config().vocabSize());
        GenerationOptions options = sampling.toGenerationOptions(folder);
        int neededTokens = (int) Math.min(Integer.MAX_VALUE, (long) tokens.length + sampling.maxTokens());
        int contextLength = folder.contextLength(compute, tokens.length, neededTokens);
        long start = System.nanoTime();
        try (OpenModel open = folder.open(compute, contextLength, streams);
                Session session = open.forwardPass()
                        .newSession(SessionOptions.ofContextLength(contextLength)
                                .withAttentionMode(compute.attentionMode()))) {
            double loadSeconds = (System.nanoTime() - start) / 1e9;
            Generator generator = new Generator(open.forwardPass(), folder.tokenizer());
            CancellationToken cancellation = new CancellationToken();
            try (Interruption _ = new Interruption(cancellation::cancel)) {
                try (Printer printer = new Printer()) {
                    GenerationResult result = generator.generate(session, tokens, options, printer, cancellation);
                    Optional<DevicePass.FirstRuns> firstRuns = open.forwardPass() instanceof DevicePass device
                            ? Optional.of(device.firstRuns())
                            : Optional.empty();
                    finish(tokens, result, new RunStats(result, loadSeconds, printer.firstTokenTime, firstRuns));
                }
            }
        }
    }

    /** Shows a long prefill, then the text. */
    private final class Printer implements GenerationListener, AutoCloseable {
        private final ProgressBar bar = new ProgressBar(streams, "prefill");
        private Optional<Instant> firstTokenTime = Optional.empty();

        @Override
        public void prefill(int ingested, int total) {
            bar.update(ingested, total);
        }

        @Override
        public void token(int token) {
            if (firstTokenTime.isEmpty()) {
                firstTokenTime = Optional.of(Instant.now());
                bar.close();
            }
        }

        @Override
        public void text(String piece) {
            if (!asJson) {
                streams.emit(piece);
            }
        }

        @Override
        public void close() {
            bar.close();
        }
    }

    private void finish(int[] tokens, GenerationResult result, RunStats stats) {
        if (asJson) {
            JsonOutput.writeLine(streams, json -> writeJson(json, tokens, result, stats));
        } else {
            streams.emit("\n");
        }
        if (showStats) {
            streams.err().print(stats.text());
        }
    }

    private static void writeJson(JsonGenerator json, int[] tokens, GenerationResult result, RunStats stats)
            throws IOException {
        json.writeStartObject();
        JsonOutput.writeInts(json, "tokens", tokens);
        JsonOutput.writeInts(json, "generated", result.tokens());
        json.writeStringField("text", result.text());
        json.writeFieldName("stats");
        stats.write(json);
        json.writeEndObject();
    }
}
