package sala.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import sala.model.ContextLengthException;
import sala.model.generate.CancellationToken;
import sala.model.generate.Conversation;
import sala.model.generate.GenerationListener;
import sala.model.generate.GenerationOptions;
import sala.model.generate.GenerationResult;

/** Reads lines, obeys those that begin with a slash, answers the others. A command that fails says why and changes nothing. */
final class ChatLoop {
    private static final String HELP = """
            /reset       forget the conversation
            /save FILE   write the conversation, with all that the model remembers of it
            /load FILE   go on with a saved one
            /help        this list
            /exit        end, as Ctrl-D does
            Ctrl-C stops an answer. A line that begins with // is sent with one slash.
            """;

    private final CommandStreams streams;
    private final ChatLines lines;
    private final Conversation conversation;
    private final GenerationOptions options;
    private final boolean showStats;

    ChatLoop(
            CommandStreams streams,
            ChatLines lines,
            Conversation conversation,
            GenerationOptions options,
            boolean showStats) {
        this.streams = streams;
        this.lines = lines;
        this.conversation = conversation;
        this.options = options;
        this.showStats = showStats;
    }

    /** Runs to {@code /exit} or the end of the input. */
    void run() {
        while (true) {
            Optional<String> line = lines.read();
            if (line.isEmpty() || line.get().strip().equals("/exit")) {
                return;
            }
            if (!line.get().isBlank()) {
                act(line.get());
            }
        }
    }

    private void act(String line) {
        if (line.startsWith("//")) {
            answer(line.substring(1));
        } else if (line.startsWith("/")) {
            obey(line.strip());
        } else {
            answer(line);
        }
    }

    private void obey(String line) {
        String[] words = line.split("\\s+", 2);
        String argument = words.length == 2 ? words[1] : "";
        switch (words[0]) {
            case "/reset" -> conversation.reset();
            case "/help" -> lines.show(HELP);
            case "/save" -> withFile(words[0], argument, conversation::save, "saved to ");
            case "/load" -> withFile(words[0], argument, conversation::load, "loaded ");
            default -> complain("unknown command %s, /help lists them".formatted(words[0]));
        }
    }

    /** Saves to or loads from a file. */
    private interface FileAction {
        void run(Path file) throws IOException;
    }

    private void withFile(String command, String name, FileAction action, String done) {
        if (name.isEmpty()) {
            complain("%s needs a file name".formatted(command));
            return;
        }
        try {
            action.run(Path.of(name));
            streams.err().println("sala: " + done + name);
        } catch (IOException | RuntimeException e) {
            complain("%s %s: %s".formatted(command, name, FailureMessage.of(e)));
        }
    }

    private void answer(String text) {
        CancellationToken cancellation = new CancellationToken();
        lines.whileInterruptible(cancellation::cancel, () -> {
            try (ProgressBar bar = new ProgressBar(streams, "reading")) {
                GenerationListener listener = new GenerationListener() {
                    @Override
                    public void prefill(int done, int total) {
                        bar.update(done, total);
                    }

                    @Override
                    public void token(int token) {
                        bar.hide();
                    }

                    @Override
                    public void text(String piece) {
                        lines.show(piece);
                    }
                };
                GenerationResult result = conversation.reply(text, options, listener, cancellation);
                lines.show("\n");
                if (showStats) {
                    streams.err().print(new RunStats(result, 0, Optional.empty(), Optional.empty()).text());
                }
            } catch (ContextLengthException e) {
                complain(FailureMessage.of(e) + ", or begin anew with /reset");
            }
        });
    }

    private void complain(String message) {
        streams.err().println("sala: " + message);
    }
}
