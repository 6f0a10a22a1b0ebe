package sala.app;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import sala.loader.tokenizer.Tokenizer;

/** {@code sala tokenize}: text to token ids. */
@Command(
        name = "tokenize",
        description = "Prints the token ids of a text.",
        footer = {"%nExample:", "  sala tokenize \"In the beginning\""})
final class TokenizeCommand implements Runnable {
    private final CommandStreams streams;

    @Mixin
    private ModelOptions model = new ModelOptions();

    @Parameters(
            arity = "0..1",
            paramLabel = "TEXT",
            description = "Without it, all of standard input, its last line end included.")
    private @Nullable String text;

    @Option(names = "--no-special", description = "Do not put <s> in front.")
    private boolean noSpecial;

    @Option(names = "--json", description = "Print {\"tokens\":[..],\"pieces\":[..]}.")
    private boolean asJson;

    TokenizeCommand(CommandStreams streams) {
        this.streams = streams;
    }

    @Override
    public void run() {
        Path directory = model.directory();
        Tokenizer tokenizer = ModelFolder.requireTokenizer(directory);
        int[] tokens = tokenizer.encode(text == null ? streams.readAll() : text, !noSpecial);
        if (!asJson) {
            streams.emit(TokenIds.format(tokens) + "\n");
            return;
        }
        JsonOutput.writeLine(streams, json -> {
            json.writeStartObject();
            JsonOutput.writeInts(json, "tokens", tokens);
            json.writeArrayFieldStart("pieces");
            for (int token : tokens) {
                json.writeString(tokenizer.piece(token));
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }
}
