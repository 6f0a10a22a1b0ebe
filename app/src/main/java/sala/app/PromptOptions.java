package sala.app;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import sala.loader.tokenizer.Tokenizer;

/** The prompt: as an argument, from a file, from standard input, or as token ids. */
final class PromptOptions {
    @Parameters(
            arity = "0..1",
            paramLabel = "PROMPT",
            description = "Text to continue. Without it, --prompt-file or token ids, standard input is read; the line "
                    + "end at the end of a file or of standard input does not count.")
    private @Nullable String prompt;

    @Option(
            names = {"-f", "--prompt-file"},
            paramLabel = "FILE",
            description = "Read the prompt from a UTF-8 file.")
    private @Nullable Path promptFile;

    @picocli.CommandLine.Mixin
    private TokensOptions tokens = new TokensOptions();

    /** How many ways of giving a prompt were used. */
    private int sources() {
        return (prompt == null ? 0 : 1) + (promptFile == null ? 0 : 1) + (tokens.isGiven() ? 1 : 0);
    }

    /**
     * Checks what can be checked before the model is opened, and reads what needs no tokenizer.
     *
     * @throws UsageException if there is no prompt, or more than one
     */
    Prompt read(CommandStreams streams) {
        if (sources() > 1) {
            throw new UsageException("give one prompt: PROMPT, --prompt-file, --tokens or --tokens-file");
        }
        if (tokens.isGiven()) {
            return new Prompt.OfTokens(tokens.read());
        }
        if (promptFile != null) {
            return new Prompt.OfText(TextFiles.withoutFinalLineEnd(TextFiles.read("--prompt-file", promptFile)));
        }
        if (prompt != null) {
            return new Prompt.OfText(prompt);
        }
        if (streams.inIsTerminal().getAsBoolean()) {
            throw new UsageException("no prompt: give PROMPT, --prompt-file FILE, --tokens IDS, or pipe text in");
        }
        return new Prompt.OfText(TextFiles.withoutFinalLineEnd(streams.readAll()));
    }

    /** What was asked. */
    sealed interface Prompt {
        /**
         * Ids to feed, begun with what the tokenizer adds in front of a text.
         *
         * @throws CommandException if a text meets a model without tokenizer
         */
        int[] encode(Optional<Tokenizer> tokenizer, Path directory);

        /** Text, to be encoded by the model's tokenizer. */
        record OfText(String text) implements Prompt {
            @Override
            public int[] encode(Optional<Tokenizer> tokenizer, Path directory) {
                return tokenizer
                        .orElseThrow(() -> new CommandException(
                                "%s has no tokenizer.json, which a text prompt needs: give ids with --tokens"
                                        .formatted(directory)))
                        .encode(text, true);
            }
        }

        /** Token ids, fed as they are. */
        record OfTokens(int[] tokens) implements Prompt {
            @Override
            public int[] encode(Optional<Tokenizer> tokenizer, Path directory) {
                return tokens;
            }
        }
    }
}
