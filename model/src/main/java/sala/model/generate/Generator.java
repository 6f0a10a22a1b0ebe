package sala.model.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import sala.loader.tokenizer.StreamingDecoder;
import sala.loader.tokenizer.Tokenizer;
import sala.model.ForwardPass;
import sala.model.Logits;
import sala.model.Session;

/**
 * Prefill, then decode and sample until something stops it. {@link #cancel} may be called from any thread; everything
 * else belongs to one.
 */
public final class Generator {
    private final ForwardPass forwardPass;
    private final Optional<Tokenizer> tokenizer;
    private volatile boolean cancelled;

    /** @param tokenizer for text; without one only token ids come out */
    public Generator(ForwardPass forwardPass, Optional<Tokenizer> tokenizer) {
        this.forwardPass = forwardPass;
        this.tokenizer = tokenizer;
    }

    /** Ends the running generation after the current chunk or token; the session stays usable. */
    public void cancel() {
        cancelled = true;
    }

    /**
     * Generates.
     *
     * @param session holds what came before; afterwards all of the prompt and all generated tokens but the last
     * @param promptTokens at least one
     * @throws sala.model.ContextLengthException before anything is computed, if the prompt does not fit
     * @throws IllegalArgumentException if stop strings are given and there is no tokenizer
     */
    public GenerationResult generate(
            Session session, int[] promptTokens, GenerationOptions options, GenerationListener listener) {
        if (tokenizer.isEmpty() && !options.stopStrings().isEmpty()) {
            throw new IllegalArgumentException("stop strings need a tokenizer, and this checkpoint has none");
        }
        cancelled = false;
        Sampler sampler = new Sampler(options, forwardPass.config().vocabSize());
        Run run = new Run(session, options, listener, sampler, System.nanoTime());
        try {
            Logits logits = forwardPass.prefill(session, promptTokens, (ingested, total) -> {
                listener.prefill(ingested, total);
                return ingested == total || !cancelled;
            });
            for (int token : promptTokens) {
                sampler.acceptPrompt(token);
            }
            return run.decode(promptTokens.length, logits);
        } catch (CancellationException _) {
            return run.result(promptTokens.length, StopReason.CANCELLED);
        }
    }

    /** One generation. */
    private final class Run {
        private final Session session;
        private final GenerationOptions options;
        private final GenerationListener listener;
        private final Sampler sampler;
        private final long start;
        private final List<Integer> tokens = new ArrayList<>();
        private final StringBuilder text = new StringBuilder();
        private final StopStrings stopStrings;
        private final Optional<StreamingDecoder> decoder;
        private long prefilled;
        private long first;

        Run(Session session, GenerationOptions options, GenerationListener listener, Sampler sampler, long start) {
            this.session = session;
            this.options = options;
            this.listener = listener;
            this.sampler = sampler;
            this.start = start;
            prefilled = start;
            first = start;
            stopStrings = new StopStrings(options.stopStrings());
            decoder = tokenizer.map(present -> present.streamingDecoder(true));
        }

        GenerationResult decode(int promptTokens, Logits promptLogits) {
            prefilled = System.nanoTime();
            first = prefilled;
            Logits logits = promptLogits;
            while (true) {
                if (cancelled) {
                    return result(promptTokens, StopReason.CANCELLED);
                }
                if (tokens.size() == options.maxTokens()) {
                    return result(promptTokens, StopReason.MAX_TOKENS);
                }
                int token = sampler.sample(logits);
                tokens.add(token);
                if (tokens.size() == 1) {
                    first = System.nanoTime();
                }
                if (stops(token)) {
                    return result(promptTokens, StopReason.STOP_TOKEN);
                }
                emit(token, decoder.map(present -> present.accept(token)).orElse(""));
                if (stopStrings.found()) {
                    return result(promptTokens, StopReason.STOP_STRING);
                }
                if (tokens.size() < options.maxTokens()) {
                    if (session.position() == session.options().contextLength()) {
                        return result(promptTokens, StopReason.CONTEXT_FULL);
                    }
                    logits = forwardPass.decode(session, token);
                }
            }
        }

        private boolean stops(int token) {
            return options.stopTokens().contains(token)
                    || (!options.ignoreEos()
                            && forwardPass.config().eosTokenIds().contains(token));
        }

        private void emit(int token, String piece) {
            String certain = stopStrings.accept(piece);
            text.append(certain);
            listener.token(token, certain);
        }

        GenerationResult result(int promptTokens, StopReason reason) {
            long end = System.nanoTime();
            if (reason != StopReason.STOP_STRING) {
                String rest = decoder.map(StreamingDecoder::flush).orElse("");
                String last = stopStrings.accept(rest) + stopStrings.flush();
                if (!last.isEmpty()) {
                    text.append(last);
                    listener.token(tokens.isEmpty() ? 0 : tokens.getLast(), last);
                }
            }
            int[] ids = tokens.stream().mapToInt(Integer::intValue).toArray();
            return new GenerationResult(
                    ids,
                    text.toString(),
                    reason,
                    new GenerationStats(promptTokens, ids.length, prefilled - start, first - start, end - first));
        }
    }
}
