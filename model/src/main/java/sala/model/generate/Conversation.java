package sala.model.generate;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import sala.loader.tokenizer.ChatMessage;
import sala.loader.tokenizer.ChatTemplate;
import sala.loader.tokenizer.Tokenizer;
import sala.model.ContextLengthException;
import sala.model.ForwardPass;
import sala.model.Session;
import sala.model.SessionFile;
import sala.model.SessionFileException;
import sala.model.SessionOptions;

/**
 * A chat: messages, rendered by the checkpoint's template. Every turn the whole dialogue is rendered; where its tokens
 * begin with those that the session holds, only the rest is ingested, otherwise the session begins anew. So the model
 * always sees exactly the rendered dialogue.
 */
public final class Conversation implements AutoCloseable {
    private final ForwardPass forwardPass;
    private final Tokenizer tokenizer;
    private final ChatTemplate template;
    private final SessionOptions options;
    private final Optional<String> system;
    private final Generator generator;
    private final List<ChatMessage> messages = new ArrayList<>();
    private Session session;
    /** Tokens that the session holds. */
    private int[] ingested = {};

    /** @param system instructions that begin the dialogue */
    public Conversation(
            ForwardPass forwardPass,
            Tokenizer tokenizer,
            ChatTemplate template,
            SessionOptions options,
            Optional<String> system) {
        this.forwardPass = forwardPass;
        this.tokenizer = tokenizer;
        this.template = template;
        this.options = options;
        this.system = system;
        generator = new Generator(forwardPass, Optional.of(tokenizer));
        session = forwardPass.newSession(options);
        system.ifPresent(text -> messages.add(new ChatMessage("system", text)));
    }

    /** The dialogue so far. */
    public List<ChatMessage> messages() {
        return List.copyOf(messages);
    }

    /** Ends the running reply; may be called from any thread. */
    public void cancel() {
        generator.cancel();
    }

    /**
     * Answers. A turn that fails is not part of the dialogue.
     *
     * @throws ContextLengthException if the dialogue does not fit; it is then as it was before
     */
    public GenerationResult reply(String text, GenerationOptions generationOptions, GenerationListener listener) {
        List<ChatMessage> turn = new ArrayList<>(messages);
        turn.add(new ChatMessage("user", text));
        int[] tokens = template.encode(tokenizer, turn, true);
        if (tokens.length > options.contextLength()) {
            throw new ContextLengthException(0, tokens.length, options.contextLength());
        }
        // At least one token is ingested anew, since its logits are wanted.
        boolean extendsHistory = ingested.length < tokens.length
                && Arrays.equals(ingested, 0, ingested.length, tokens, 0, ingested.length);
        if (!extendsHistory) {
            session.reset();
            ingested = new int[0];
        }
        int[] rest = Arrays.copyOfRange(tokens, ingested.length, tokens.length);
        try {
            GenerationResult result = generator.generate(session, rest, generationOptions, listener);
            int[] all = Arrays.copyOf(tokens, tokens.length + result.tokens().length);
            System.arraycopy(result.tokens(), 0, all, tokens.length, result.tokens().length);
            ingested = Arrays.copyOf(all, session.position());
            turn.add(new ChatMessage("assistant", result.text()));
            messages.clear();
            messages.addAll(turn);
            return result;
        } catch (RuntimeException e) {
            session.reset();
            ingested = new int[0];
            throw e;
        }
    }

    /** Begins anew, with the same instructions. */
    public void reset() {
        session.reset();
        ingested = new int[0];
        messages.clear();
        system.ifPresent(text -> messages.add(new ChatMessage("system", text)));
    }

    /** Writes the dialogue with the session to a file, see {@link SessionFile}. */
    public void save(Path path) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(messages.size());
        for (ChatMessage message : messages) {
            writeText(message.role(), out);
            writeText(message.content(), out);
        }
        out.writeInt(ingested.length);
        for (int token : ingested) {
            out.writeInt(token);
        }
        SessionFile.save(session, bytes.toByteArray(), path);
    }

    private static void writeText(String text, DataOutputStream out) throws IOException {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(utf8.length);
        out.write(utf8);
    }

    /**
     * Goes on with a saved dialogue; this one stays as it is if the file is refused.
     *
     * @throws SessionFileException if the file is damaged, or is no saved chat of this model
     */
    public void load(Path path) throws IOException {
        SessionFile.Loaded loaded = SessionFile.load(forwardPass, options, path);
        List<ChatMessage> saved = new ArrayList<>();
        int[] tokens;
        try {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(loaded.payload()));
            for (int left = in.readInt(); left > 0; left--) {
                saved.add(new ChatMessage(readText(in), readText(in)));
            }
            tokens = new int[checkedLength(in.readInt(), in.available() / Integer.BYTES)];
            for (int i = 0; i < tokens.length; i++) {
                tokens[i] = in.readInt();
            }
        } catch (IOException e) {
            loaded.session().close();
            throw new SessionFileException("%s: it holds a session without a chat: %s".formatted(path, e));
        }
        session.close();
        session = loaded.session();
        ingested = tokens;
        messages.clear();
        messages.addAll(saved);
    }

    private static String readText(DataInputStream in) throws IOException {
        int length = checkedLength(in.readInt(), in.available());
        return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    private static int checkedLength(int length, int available) throws IOException {
        if (length < 0 || length > available) {
            throw new IOException("a length of %d where %d are left".formatted(length, available));
        }
        return length;
    }

    @Override
    public void close() {
        session.close();
    }
}
