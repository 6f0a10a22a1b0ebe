package sala.app;

import java.util.Random;
import sala.model.ForwardPass;
import sala.model.Session;
import sala.model.SessionOptions;

/**
 * Times a forward pass, without tokenizer and sampling, as llama-bench does: random ids, the same in every repetition.
 * The context of a test's depth is computed once and copied for each repetition.
 */
final class BenchRunner {
    private final ForwardPass forwardPass;
    private final SessionOptions options;
    private final Random random;

    /**
     * A runner.
     *
     * @param options context length for the longest test, attention mode
     */
    BenchRunner(ForwardPass forwardPass, SessionOptions options, long seed) {
        this.forwardPass = forwardPass;
        this.options = options;
        random = new Random(seed);
    }

    /** Runs a test and returns the nanoseconds of each repetition. */
    long[] run(BenchTest test, int repetitions, boolean warmUp) {
        int[] prompt = randomTokens(test.promptLength());
        int[] generated = randomTokens(test.genLength());
        long[] nanos = new long[repetitions];
        try (Session base = forwardPass.newSession(options)) {
            if (test.depth() > 0) {
                forwardPass.prefill(base, randomTokens(test.depth()));
            }
            if (warmUp) {
                // as llama-bench: the whole prompt, but one token of the generation
                time(base, prompt, test.genLength() > 0 ? new int[] {generated[0]} : generated);
            }
            for (int i = 0; i < repetitions; i++) {
                nanos[i] = time(base, prompt, generated);
            }
        }
        return nanos;
    }

    private long time(Session base, int[] prompt, int[] generated) {
        try (Session session = base.copy()) {
            long start = System.nanoTime();
            if (prompt.length > 0) {
                forwardPass.prefill(session, prompt);
            }
            for (int token : generated) {
                forwardPass.decode(session, token);
            }
            return Math.max(1, System.nanoTime() - start);
        }
    }

    private int[] randomTokens(int count) {
        return random.ints(count, 0, forwardPass.config().vocabSize()).toArray();
    }
}
