package sala.model.generate;

import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import sala.loader.tokenizer.Tokenizer;
import sala.model.ContextLengthException;
import sala.model.ForwardPass;
import sala.model.Logits;
import sala.model.Session;
import sala.model.TokenDecoder;

/**
 * Continues a prompt: prefill, then decode and sample to a stop.
 *
 * <p>The last sampled token is never in the session, whatever the stop reason, since nothing needed its logits. After
 * n sampled tokens, {@code n >= 1}, the session holds all it held before, the prompt and the first {@code n - 1} tokens.
 * To go on where a generation ended, begin the next prompt with that last token, or leave it out where it is a stop
 * token that should not be there. Without a sampled token the session holds the prompt, or as much of it as was ingested
 * when the generation was cancelled.
 *
 * <p>The text is the decoded answer on its own, as {@code Tokenizer.decode(tokens, true)} gives it up to the stop.
 */
public final class Generator {
    private final ForwardPass forwardPass;
    private final Optional<Tokenizer> tokenizer;

    /** @param tokenizer makes the text; without one there are tokens only and stop strings are refused */
    public Generator(ForwardPass forwardPass, Optional<Tokenizer> tokenizer) {
        this.forwardPass = forwardPass;
        this.tokenizer = tokenizer;
    }

    /** {@link #generate(Session, int[], GenerationOptions, GenerationListener, CancellationToken)}, unobserved. */
    public GenerationResult generate(Session session, int[] prompt, GenerationOptions options) {
        return generate(session, prompt, options, GenerationListener.NONE, new CancellationToken());
    }

    /**
     * Generates.
     *
     * @param prompt ids to ingest first; may be empty where the session holds tokens already
     * @throws ContextLengthException if the prompt does not fit, before anything is computed
     * @throws IllegalArgumentException if a token is outside the vocabulary, if there is nothing to continue, or if there
     *     are stop strings without a tokenizer; before anything is computed
     * @throws SamplingException if no token can be sampled; the session holds what it would after a cancellation
     */
    public GenerationResult generate(
            Session session,
            int[] prompt,
            GenerationOptions options,
            GenerationListener listener,
            CancellationToken cancellation) {
        check(session, prompt, options);
        long seed = options.seed().orElseGet(() -> new SplittableRandom().nextLong());
        Sampler sampler = Sampler.create(options, forwardPass.config().vocabSize(), seed);
        Optional<TextStream> text = tokenizer.map(words ->
                new TextStream(words.streamingDecoder(true), new StopStrings(options.stopStrings()), listener));
        boolean[] isStop = stopTable(options);

        long start = System.nanoTime();
        int before = session.position();
        TokenList tokens = new TokenList();
        Optional<Logits> prompted = prefill(session, prompt, listener, cancellation);
        long prefilled = System.nanoTime();
        for (int token : prompt) {
            sampler.acceptPrompt(token);
        }

        long firstToken = prefilled;
        int contextLength = session.options().contextLength();
        StopReason reason;
        while (true) {
            if (prompted.isEmpty() || cancellation.isCancelled()) {
                reason = StopReason.CANCELLED;
                break;
            }
            if (tokens.size() == options.maxTokens()) {
                reason = StopReason.MAX_TOKENS;
                break;
            }
            if (tokens.size() > 0 && session.position() == contextLength) {
                reason = StopReason.CONTEXT_FULL;
                break;
            }
            int token = tokens.size() == 0
                    ? sampler.sample(prompted.get())
                    : decodeAndSample(session, tokens.last(), sampler);
            sampler.accept(token);
            tokens.add(token);
            if (tokens.size() == 1) {
                firstToken = System.nanoTime();
            }
            listener.token(token);
            if (isStop[token]) {
                reason = StopReason.STOP_TOKEN;
                break;
            }
            if (text.isPresent() && text.get().accept(token)) {
                reason = StopReason.STOP_STRING;
                break;
            }
        }
        if (text.isPresent() && text.get().finish()) {
            reason = StopReason.STOP_STRING;
        }
        long end = System.nanoTime();
        GenerationStats stats = new GenerationStats(
                session.position() - before - Math.max(0, tokens.size() - 1),
                tokens.size(),
                prefilled - start,
                tokens.size() == 0 ? 0 : firstToken - start,
                tokens.size() == 0 ? 0 : end - firstToken,
                seed);
        return new GenerationResult(tokens.toArray(), text.map(TextStream::text).orElse(""), reason, stats);
    }

    /** Where a device picks the token, it need not send the logits. */
    private int decodeAndSample(Session session, int token, Sampler sampler) {
        if (!(forwardPass instanceof TokenDecoder device)) {
            return sampler.sample(forwardPass.decode(session, token));
        }
        double random = sampler.nextRandom();
        int next = device.decodeToken(session, token, sampler.choice(), random);
        // What the device leaves open the sampler picks, or it says what is wrong with the logits.
        return next == TokenDecoder.LEFT_OPEN ? sampler.sample(session.logits(), random) : next;
    }

    private void check(Session session, int[] prompt, GenerationOptions options) {
        int vocabSize = forwardPass.config().vocabSize();
        if (tokenizer.isEmpty() && !options.stopStrings().isEmpty()) {
            throw new IllegalArgumentException(
                    "stopStrings %s need a tokenizer, found none: use stopTokens".formatted(options.stopStrings()));
        }
        if (prompt.length == 0 && session.position() == 0) {
            throw new IllegalArgumentException(
                    "the prompt is empty and so is the session: expected at least one token to continue");
        }
        for (int i = 0; i < prompt.length; i++) {
            if (prompt[i] < 0 || prompt[i] >= vocabSize) {
                throw new IllegalArgumentException(
                        "prompt token %d: expected an id in [0, %d), found %d".formatted(i, vocabSize, prompt[i]));
            }
        }
        if (prompt.length > session.options().contextLength() - session.position()) {
            throw new ContextLengthException(
                    session.position(), prompt.length, session.options().contextLength());
        }
    }

    private boolean[] stopTable(GenerationOptions options) {
        Set<Integer> stopTokens = new TreeSet<>(options.stopTokens());
        if (!options.ignoreEos()) {
            stopTokens.addAll(forwardPass.config().eosTokenIds());
        }
        boolean[] table = new boolean[forwardPass.config().vocabSize()];
        for (int token : stopTokens) {
            if (token < table.length) { // an id that the model cannot produce stops nothing
                table[token] = true;
            }
        }
        return table;
    }

    /** Logits after the prompt; empty if cancelled before all of it was ingested. */
    private Optional<Logits> prefill(
            Session session, int[] prompt, GenerationListener listener, CancellationToken cancellation) {
        if (cancellation.isCancelled()) {
            return Optional.empty();
        }
        if (prompt.length == 0) {
            return Optional.of(session.logits());
        }
        try {
            return Optional.of(forwardPass.prefill(session, prompt, (ingested, total) -> {
                listener.prefill(ingested, total);
                return ingested == total || !cancellation.isCancelled();
            }));
        } catch (CancellationException e) {
            if (!cancellation.isCancelled()) {
                throw e; // not ours, perhaps the listener's
            }
            return Optional.empty();
        }
    }
}
