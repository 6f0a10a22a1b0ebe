package sala.app;

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import sala.loader.tokenizer.Tokenizer;

/** {@code sala detokenize}: token ids to text. */
@Command(
        name = "detokenize",
        description = "Prints the text of token ids.",
        footer = {"%nExample:", "  sala tokenize \"In the beginning\" | sala detokenize --no-special"})
final class DetokenizeCommand implements Runnable {
    private final CommandStreams streams;

    @Mixin
    private ModelOptions model = new ModelOptions();

    @Parameters(
            arity = "0..*",
            paramLabel = "ID",
            description = "Token ids, also several in one argument. Without any, they are read from standard input.")
    private List<String> ids = List.of();

    @Option(names = "--no-special", description = "Leave special tokens such as <s> out of the text.")
    private boolean noSpecial;

    @Option(names = "--json", description = "Print {\"tokens\":[..],\"text\":\"..\"}.")
    private boolean asJson;

    DetokenizeCommand(CommandStreams streams) {
        this.streams = streams;
    }

    @Override
    public void run() {
        int[] tokens;
        try {
            tokens = TokenIds.parse(ids.isEmpty() ? streams.readAll() : String.join(" ", ids));
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
        Path directory = model.directory();
        Tokenizer tokenizer = ModelFolder.requireTokenizer(directory);
        TokenIds.checkVocabulary(tokens, tokenizer.vocabSize());
        String text = tokenizer.decode(tokens, noSpecial);
        if (!asJson) {
            streams.emit(text + "\n");
            return;
        }
        JsonOutput.writeLine(streams, json -> {
            json.writeStartObject();
            JsonOutput.writeInts(json, "tokens", tokens);
            json.writeStringField("text", text);
            json.writeEndObject();
        });
    }
}
