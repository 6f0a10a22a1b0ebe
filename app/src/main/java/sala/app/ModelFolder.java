package sala.app;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import sala.loader.Checkpoint;
import sala.loader.GenerationConfig;
import sala.loader.ModelConfig;
import sala.loader.tokenizer.ChatTemplate;
import sala.loader.tokenizer.Tokenizer;
import sala.model.Backend;
import sala.model.ForwardPasses;

/**
 * A model's folder before its weights are mapped: enough to encode a prompt and to see whether the call fits.
 *
 * @param directory the folder
 * @param config {@code config.json}
 * @param tokenizer {@code tokenizer.json}, empty where the folder has none
 */
record ModelFolder(Path directory, ModelConfig config, Optional<Tokenizer> tokenizer) {
    private static final String TOKENIZER_FILE = "tokenizer.json";

    /** Reads configuration and tokenizer. */
    static ModelFolder read(Path directory) {
        return new ModelFolder(directory, Checkpoint.readConfig(directory), readTokenizer(directory));
    }

    private static Optional<Tokenizer> readTokenizer(Path directory) {
        return Checkpoint.readTokenizer(directory);
    }

    /**
     * The tokenizer of a folder, for commands that need nothing else.
     *
     * @throws CommandException if the folder has none
     */
    static Tokenizer requireTokenizer(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new CommandException("%s: expected a folder with %s, found %s"
                    .formatted(directory, TOKENIZER_FILE, Files.exists(directory) ? "a file" : "nothing"));
        }
        return readTokenizer(directory)
                .orElseThrow(() -> new CommandException("%s has no %s".formatted(directory, TOKENIZER_FILE)));
    }

    /** How turns become a prompt; read only where there is a chat. */
    ChatTemplate chatTemplate() {
        return ChatTemplate.read(directory);
    }

    GenerationConfig generationConfig() {
        return Checkpoint.readGenerationConfig(directory);
    }

    /**
     * The context length of a call.
     *
     * @param neededTokens prompt and answer together at most; without {@code --context-length} the context is as long,
     *     but not longer than the model was made for
     * @throws CommandException if the prompt alone does not fit
     */
    int contextLength(ComputeOptions compute, int promptLength, int neededTokens) {
        int contextLength =
                compute.contextLength().orElse(Math.min(Math.max(1, neededTokens), config.maxPositionEmbeddings()));
        if (promptLength > contextLength) {
            throw new CommandException("the prompt has %d tokens, but the context length is %d: %s"
                    .formatted(
                            promptLength,
                            contextLength,
                            compute.contextLength().isPresent()
                                    ? "raise --context-length"
                                    : "shorten it, or go beyond what the model was made for with --context-length "
                                            + promptLength));
        }
        return contextLength;
    }

    /** {@link #contextLength(ComputeOptions, int, int)} of a call that generates nothing. */
    int contextLength(ComputeOptions compute, int promptLength) {
        return contextLength(compute, promptLength, promptLength);
    }

    /** Picks the backend, checks that the call fits into memory, then maps the weights and starts the backend. */
    OpenModel open(ComputeOptions compute, int contextLength, CommandStreams streams) {
        ForwardPasses.Choice choice = compute.choose(config, contextLength);
        if (compute.verbose() || compute.isSurprising(choice)) {
            streams.err().println("sala: " + choice.explanation());
        }
        if (choice.backend() != Backend.TORNADO) { // a device has its own plan
            MemoryCheck.require(MemoryCheck.plan(directory, config, contextLength), "--context-length");
        }
        return OpenModel.open(directory, choice, compute, contextLength, streams);
    }
}
