package sala.model.generate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import sala.loader.tokenizer.ChatMessage;
import sala.loader.tokenizer.Tokenizer;
import sala.model.ContextLengthException;
import sala.model.ForwardPass;
import sala.model.Session;
import sala.model.SessionFile;
import sala.model.SessionFileException;
import sala.model.SessionOptions;

/**
 * A dialogue over one session, which ingests every turn once.
 *
 * <p>Before a turn the whole dialogue is rendered. Where the text begins with what the session has seen, the prompt as
 * rendered and the answer as generated, only the rest is encoded and ingested: the generated tokens stay as they were
 * sampled, be it another split of the same text than the tokenizer's. The rest must begin with a special token, as it
 * does with ChatML, since a tokenizer treats the text between special tokens piece by piece. In all other cases, such as
 * a template that drops parts of old turns, or an answer with tokens that are not in its text (after a stop string), the
 * rendered dialogue is encoded from the start. What the session holds of it is kept; if the session holds anything else
 * it is reset, because a recurrent state cannot go back.
 *
 * <p>So the tokens that the model sees always spell the rendered dialogue, but for a space that decoding drops in front
 * of an answer. The template writes the begin token, hence encoding adds none.
 *
 * <p>Not thread-safe, except that another thread may cancel.
 */
public final class Conversation implements AutoCloseable {
    private final ForwardPass forwardPass;
    private final Tokenizer tokenizer;
    private final ChatRenderer renderer;
    private final SessionOptions sessionOptions;
    private final Optional<String> system;
    private final Generator generator;
    private Session session;
    private Transcript transcript;

    /**
     * Opens a session for a new dialogue.
     *
     * @param system instructions that begin it
     */
    public Conversation(
            ForwardPass forwardPass,
            Tokenizer tokenizer,
            ChatRenderer renderer,
            SessionOptions sessionOptions,
            Optional<String> system) {
        this.forwardPass = forwardPass;
        this.tokenizer = tokenizer;
        this.renderer = renderer;
        this.sessionOptions = sessionOptions;
        this.system = system;
        generator = new Generator(forwardPass, Optional.of(tokenizer));
        session = forwardPass.newSession(sessionOptions);
        transcript = Transcript.begin(system);
    }

    /** The turns so far, the instructions included. */
    public List<ChatMessage> messages() {
        return transcript.messages();
    }

    /** Tokens that the session holds. */
    public int position() {
        return transcript.heldCount();
    }

    /**
     * Answers. A turn that is cancelled before its first token leaves no trace in the messages, neither does one that
     * fails; one that is cancelled later keeps the answer so far.
     *
     * @param text what the user says
     * @throws ContextLengthException if the dialogue does not fit any more; nothing is changed then
     */
    public GenerationResult reply(
            String text, GenerationOptions options, GenerationListener listener, CancellationToken cancellation) {
        List<ChatMessage> asked = new ArrayList<>(transcript.messages());
        asked.add(new ChatMessage("user", text));
        String prompt = renderer.render(asked, true);
        int[] promptTokens = transcript.encode(prompt, tokenizer);
        int known = transcript.knownCount(promptTokens);
        if (promptTokens.length > sessionOptions.contextLength()) {
            throw new ContextLengthException(known, promptTokens.length - known, sessionOptions.contextLength());
        }
        int[] fresh = Arrays.copyOfRange(promptTokens, known, promptTokens.length);
        boolean finished = false;
        try {
            if (known < transcript.heldCount()) {
                session.reset();
            }
            GenerationResult result = generator.generate(session, fresh, options, listener, cancellation);
            transcript = transcript.after(asked, prompt, promptTokens, result, session.position(), tokenizer);
            finished = true;
            return result;
        } finally {
            if (!finished) { // how far the session came is not known: it starts anew at the next turn
                transcript = transcript.withNothingHeld();
                session.reset();
            }
        }
    }

    /** Forgets all turns but the instructions given when it was opened. */
    public void reset() {
        session.reset();
        transcript = Transcript.begin(system);
    }

    /**
     * Writes the turns and the session; the file is complete or not there at all.
     *
     * @throws IOException if it cannot be written; an older file of that name is left as it was
     */
    public void save(Path file) throws IOException {
        SessionFile.save(session, transcript.write(), file);
    }

    /**
     * Replaces turns and session by saved ones.
     *
     * @throws SessionFileException if it is no conversation of this model, or damaged; nothing is changed then
     * @throws IOException if it cannot be read; nothing is changed then
     */
    public void load(Path file) throws IOException {
        SessionFile.Loaded loaded = SessionFile.load(forwardPass, sessionOptions, file);
        Transcript saved;
        try {
            saved = Transcript.read(
                    loaded.payload(),
                    loaded.session().position(),
                    forwardPass.config().vocabSize());
        } catch (IllegalArgumentException e) {
            loaded.session().close();
            throw new SessionFileException(
                    "%s: the payload is no saved conversation: %s".formatted(file, e.getMessage()), e);
        }
        session.close();
        session = loaded.session();
        transcript = saved;
    }

    @Override
    public void close() {
        session.close();
    }
}
