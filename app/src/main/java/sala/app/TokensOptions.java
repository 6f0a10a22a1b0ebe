package sala.app;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Token ids in place of text; they need no tokenizer. */
final class TokensOptions {
    @Option(
            names = "--tokens",
            paramLabel = "IDS",
            description = "Token ids such as \"1 381 333\"; nothing is added to them.")
    private @Nullable String tokens;

    @Option(names = "--tokens-file", paramLabel = "FILE", description = "Read the token ids from a file.")
    private @Nullable Path tokensFile;

    boolean isGiven() {
        return tokens != null || tokensFile != null;
    }

    /**
     * The ids.
     *
     * @throws UsageException if there are none, or they are given twice or misspelt
     */
    int[] read() {
        if (tokens != null && tokensFile != null) {
            throw new UsageException("give --tokens or --tokens-file, not both");
        }
        String option = tokens != null ? "--tokens" : "--tokens-file";
        String text = tokens != null ? tokens : tokensFile != null ? TextFiles.read(option, tokensFile) : "";
        try {
            int[] ids = TokenIds.parse(text);
            if (ids.length == 0) {
                throw new UsageException(option + " holds no token id");
            }
            return ids;
        } catch (IllegalArgumentException e) {
            throw new UsageException(option + ": " + e.getMessage());
        }
    }
}
