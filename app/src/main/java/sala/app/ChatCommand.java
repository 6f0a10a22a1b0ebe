package sala.app;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import sala.loader.tokenizer.Tokenizer;
import sala.model.SessionOptions;
import sala.model.generate.Conversation;
import sala.model.generate.GenerationOptions;

/** {@code sala chat}: a conversation, a line a turn. */
@Command(
        name = "chat",
        description = "Holds a conversation: a line in, an answer out.",
        footer = {
            "%nCommands inside: /reset, /save FILE, /load FILE, /help, /exit. Ctrl-C stops an",
            "answer, Ctrl-D ends the chat. Lines may also be piped in; then Ctrl-C ends it."
        })
final class ChatCommand implements Runnable {
    /** Room for a conversation where nothing else is said: a longer one costs memory as it grows. */
    private static final int DEFAULT_CONTEXT_LENGTH = 32 << 10;

    private final CommandStreams streams;

    @Mixin
    private ModelOptions model = new ModelOptions();

    @Mixin
    private SamplingOptions sampling = new SamplingOptions();

    @Mixin
    private ComputeOptions compute = new ComputeOptions();

    @Option(names = "--system", paramLabel = "TEXT", description = "Instructions that begin the conversation.")
    private @Nullable String system;

    @Option(names = "--stats", description = "Print times and rates of every answer on standard error.")
    private boolean showStats;

    ChatCommand(CommandStreams streams) {
        this.streams = streams;
    }

    @Override
    public void run() {
        sampling.check();
        compute.check();
        ModelFolder folder = ModelFolder.read(model.directory());
        Tokenizer tokenizer = folder.tokenizer()
                .orElseThrow(() -> new CommandException(
                        "%s has no tokenizer.json, which a chat needs".formatted(folder.directory())));
        GenerationOptions options = sampling.toGenerationOptions(folder);
        int contextLength = folder.contextLength(compute, 1, DEFAULT_CONTEXT_LENGTH);
        SessionOptions sessionOptions =
                SessionOptions.ofContextLength(contextLength).withAttentionMode(compute.attentionMode());
        try (OpenModel open = folder.open(compute, contextLength, streams);
                Conversation conversation = new Conversation(
                        open.forwardPass(),
                        tokenizer,
                        folder.chatTemplate()::render,
                        sessionOptions,
                        Optional.ofNullable(system));
                ChatLines lines = isInteractive() ? TerminalLines.open() : new PipedLines(streams)) {
            new ChatLoop(streams, lines, conversation, options, showStats).run();
        }
    }

    private boolean isInteractive() {
        return streams.inIsTerminal().getAsBoolean() && streams.outIsTerminal().getAsBoolean();
    }
}
