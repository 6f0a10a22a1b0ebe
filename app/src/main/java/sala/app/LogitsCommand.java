package sala.app;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import sala.loader.tokenizer.Tokenizer;
import sala.model.LayerObserver;
import sala.model.Session;
import sala.model.SessionOptions;

/** {@code sala logits}: what the model computes for given token ids, for people who check engines against each other. */
@Command(
        name = "logits",
        description = "Prints the logits, and the chosen blocks, after given token ids.",
        footer = {
            "%nThe ids are fed in one call, whose length decides between dense and sparse",
            "attention.",
            "JSON: {\"tokens\":[..],\"positions\":[{\"position\":2,\"logits\":[..]}],",
            "       \"blocks\":[{\"layer\":0,\"kvHead\":0,\"position\":2,\"selected\":[0,3,4]}]}",
            "Logits are written so that they read back to the same 32-bit float. Example:",
            "  sala logits --tokens \"1 381 333\" --blocks --always-sparse --json"
        })
final class LogitsCommand implements Runnable {
    private final CommandStreams streams;

    @Mixin
    private ModelOptions model = new ModelOptions();

    @Mixin
    private ComputeOptions compute = new ComputeOptions();

    @Mixin
    private TokensOptions tokensOptions = new TokensOptions();

    @Option(names = "--all-positions", description = "Logits and blocks of every position, not only of the last one.")
    private boolean allPositions;

    @Option(names = "--blocks", description = "Blocks that the sparse layers chose; none where attention was dense.")
    private boolean blocks;

    @Option(names = "--top", paramLabel = "N", description = "Without --json: how many of the largest logits to show.")
    private int top = 10;

    @Option(names = "--json", description = "Print one JSON object with all logits.")
    private boolean asJson;

    LogitsCommand(CommandStreams streams) {
        this.streams = streams;
    }

    /** One choice of blocks. */
    private record BlockChoice(int layer, int kvHead, int position, int[] selected) {}

    /** Takes the logits of one position. */
    private interface LogitsSink {
        void accept(int position, float[] logits) throws IOException;
    }

    @Override
    public void run() {
        compute.check();
        if (!tokensOptions.isGiven()) {
            throw new UsageException("no token ids: give --tokens IDS or --tokens-file FILE");
        }
        if (top < 1) {
            throw new UsageException("--top must be at least 1, found " + top);
        }
        int[] tokens = tokensOptions.read();
        ModelFolder folder = ModelFolder.read(model.directory());
        TokenIds.checkVocabulary(tokens, folder.config().vocabSize());
        int contextLength = folder.contextLength(compute, tokens.length);
        try (OpenModel open = folder.open(compute, contextLength, streams)) {
            if (asJson) {
                JsonOutput.writeLine(streams, json -> writeJson(json, open, tokens, contextLength));
            } else {
                printTable(folder, open, tokens, contextLength);
            }
        }
    }

    /** Feeds the tokens in one call. */
    private List<BlockChoice> compute(OpenModel open, int[] tokens, int contextLength, LogitsSink sink)
            throws IOException {
        Watcher watcher = new Watcher(tokens.length - 1, sink);
        SessionOptions options = SessionOptions.ofContextLength(contextLength)
                .withAttentionMode(compute.attentionMode())
                .withObserver(watcher);
        try (Session session = open.forwardPass().newSession(options);
                ProgressBar bar = new ProgressBar(streams, "prefill")) {
            float[] last = open.forwardPass()
                    .prefill(session, tokens, (ingested, total) -> {
                        bar.update(ingested, total);
                        return true;
                    })
                    .values();
            if (!allPositions) {
                sink.accept(tokens.length - 1, last);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return watcher.choices;
    }

    /** Passes on what was asked for, position by position. */
    private final class Watcher implements LayerObserver {
        private final int lastPosition;
        private final LogitsSink sink;
        private final List<BlockChoice> choices = new ArrayList<>();

        Watcher(int lastPosition, LogitsSink sink) {
            this.lastPosition = lastPosition;
            this.sink = sink;
        }

        @Override
        public boolean observes(Activation activation, int layer, int position) {
            return allPositions && activation == Activation.LOGITS;
        }

        @Override
        public void activation(Activation activation, int layer, int position, float[] values) {
            try {
                sink.accept(position, values);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean observesBlocks(int layer, int position) {
            return blocks && (allPositions || position == lastPosition);
        }

        @Override
        public void blocks(int layer, int kvHead, int position, int[] selected) {
            choices.add(new BlockChoice(layer, kvHead, position, selected));
        }
    }

    private void writeJson(JsonGenerator json, OpenModel open, int[] tokens, int contextLength) throws IOException {
        json.writeStartObject();
        JsonOutput.writeInts(json, "tokens", tokens);
        json.writeArrayFieldStart("positions");
        List<BlockChoice> choices = compute(open, tokens, contextLength, (position, logits) -> {
            json.writeStartObject();
            json.writeNumberField("position", position);
            json.writeArrayFieldStart("logits");
            for (float logit : logits) {
                json.writeNumber(logit);
            }
            json.writeEndArray();
            json.writeEndObject();
            streams.checkOutput();
        });
        json.writeEndArray();
        json.writeArrayFieldStart("blocks");
        for (BlockChoice choice : choices) {
            json.writeStartObject();
            json.writeNumberField("layer", choice.layer());
            json.writeNumberField("kvHead", choice.kvHead());
            json.writeNumberField("position", choice.position());
            JsonOutput.writeInts(json, "selected", choice.selected());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private void printTable(ModelFolder folder, OpenModel open, int[] tokens, int contextLength) {
        Optional<Tokenizer> tokenizer = folder.tokenizer();
        try {
            List<BlockChoice> choices = compute(open, tokens, contextLength, (position, logits) -> {
                streams.emit("position %d\n".formatted(position));
                for (int token : largest(logits, top)) {
                    String piece = tokenizer.map(t -> "  " + t.piece(token)).orElse("");
                    streams.emit(String.format(Locale.ROOT, "%8d  %12.6f%s%n", token, logits[token], piece));
                }
            });
            for (BlockChoice choice : choices) {
                streams.emit("layer %d, KV head %d, position %d: blocks %s%n"
                        .formatted(
                                choice.layer(),
                                choice.kvHead(),
                                choice.position(),
                                TokenIds.format(choice.selected())));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ids of the largest logits, the largest first, the lower id first among equals. */
    private static int[] largest(float[] logits, int count) {
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted((a, b) -> Float.compare(logits[b], logits[a]))
                .limit(count)
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
