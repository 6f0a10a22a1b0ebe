package sala.app;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import sala.model.DevicePass;
import sala.model.ForwardPass;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.cpu.LimitMeter;
import sala.model.cpu.MachineLimits;

/**
 * Times a forward pass, without tokenizer and sampling, as llama-bench does: random ids, the same in every repetition.
 * The context of a test's depth is computed once and copied for each repetition. The limits of the processor are read between
 * repetitions.
 *
 * <p>On a device a copy would go through the host, which takes long for a long context. There a prompt's context is computed
 * anew for each repetition, and repetitions of a generation follow each other in one session, at growing depth.
 */
final class BenchRunner implements AutoCloseable {
    /** Generated tokens that are looked at under the profiler. */
    private static final int PROFILED_TOKENS = 16;

    /** Prompts up to so long go through the profiler once before they count: the first launch of a task takes longer. */
    private static final int WARMED_PROMPT = 8192;

    /** A repetition takes so many times the time of a reading of the limits, which takes no longer than is of use. */
    private static final int LIMIT_FRACTION = 4;

    private static final long MAX_LIMIT_NANOS = 500_000_000;

    private final ForwardPass forwardPass;
    private final SessionOptions options;
    private final Optional<Meter> limitMeter;
    private final Random random;
    private final Consumer<String> listener;

    /** Reads the limits of this processor, in about so many nanoseconds. */
    interface Meter {
        MachineLimits measure(long nanos);

        default void close() {}
    }

    /** A runner that reads the limits with so many threads, where no device computes. */
    static BenchRunner of(
            ForwardPass forwardPass, SessionOptions options, int threads, long seed, Consumer<String> listener) {
        if (forwardPass instanceof DevicePass) {
            return new BenchRunner(forwardPass, options, Optional.empty(), seed, listener);
        }
        LimitMeter limits = new LimitMeter(threads);
        Meter meter = new Meter() {
            @Override
            public MachineLimits measure(long nanos) {
                return limits.measure(nanos);
            }

            @Override
            public void close() {
                limits.close();
            }
        };
        return new BenchRunner(forwardPass, options, Optional.of(meter), seed, listener);
    }

    /**
     * A runner.
     *
     * @param options context length for the longest test, attention mode
     * @param limitMeter reads the limits between repetitions and is closed with the runner; empty where a device computes
     * @param listener hears what is not a result, such as how long a test's context took on a device
     */
    BenchRunner(
            ForwardPass forwardPass,
            SessionOptions options,
            Optional<Meter> limitMeter,
            long seed,
            Consumer<String> listener) {
        this.forwardPass = forwardPass;
        this.options = options;
        this.limitMeter = limitMeter;
        random = new Random(seed);
        this.listener = listener;
    }

    /** Positions that a session needs for a test on a device: what it generates, often enough for all runs of it. */
    static int contextLengthOnDevice(BenchTest test, int repetitions) {
        return test.promptLength() > 0
                ? test.contextLength()
                : Math.addExact(test.depth(), Math.multiplyExact(test.genLength(), repetitions + 3));
    }

    /** Runs a test. */
    BenchSamples run(BenchTest test, int repetitions, boolean warmUp) {
        int[] prompt = randomTokens(test.promptLength());
        int[] generated = randomTokens(test.genLength());
        return forwardPass instanceof DevicePass device
                ? BenchSamples.ofDevice(runOnDevice(device, test, prompt, generated, repetitions, warmUp))
                : runOnHost(test, prompt, generated, repetitions, warmUp);
    }

    private BenchSamples runOnHost(BenchTest test, int[] prompt, int[] generated, int repetitions, boolean warmUp) {
        long[] nanos = new long[repetitions];
        List<MachineLimits> limits = new ArrayList<>();
        long expectedNanos = 0;
        try (Session base = forwardPass.newSession(options)) {
            if (test.depth() > 0) {
                forwardPass.prefill(base, randomTokens(test.depth()));
            }
            if (warmUp) {
                int[] warming = warming(generated);
                try (Session session = base.copy()) {
                    expectedNanos =
                            time(session, prompt, warming) * test.timedTokens() / (prompt.length + warming.length);
                }
            }
            readLimits(expectedNanos, limits);
            for (int i = 0; i < repetitions; i++) {
                try (Session session = base.copy()) {
                    nanos[i] = time(session, prompt, generated);
                }
                readLimits(nanos[i], limits);
            }
        }
        return new BenchSamples(nanos, limits);
    }

    private void readLimits(long repetitionNanos, List<MachineLimits> limits) {
        limitMeter.ifPresent(
                meter -> limits.add(meter.measure(Math.min(repetitionNanos / LIMIT_FRACTION, MAX_LIMIT_NANOS))));
    }

    /** As llama-bench: the whole prompt, but one token of the generation. */
    private static int[] warming(int[] generated) {
        return Arrays.copyOf(generated, Math.min(1, generated.length));
    }

    private long[] runOnDevice(
            DevicePass device, BenchTest test, int[] prompt, int[] generated, int repetitions, boolean warmUp) {
        long[] nanos = new long[repetitions];
        try (Session session = forwardPass.newSession(options)) {
            begin(device, session, test);
            if (warmUp) {
                time(session, prompt, warming(generated));
            }
            for (int i = 0; i < repetitions; i++) {
                if (prompt.length > 0 && session.position() > test.depth()) {
                    begin(device, session, test);
                }
                nanos[i] = time(session, prompt, generated);
            }
        }
        return nanos;
    }

    /** A session with the context of a test, on the device. */
    private void begin(DevicePass device, Session session, BenchTest test) {
        session.reset();
        device.bringToDevice(session);
        if (test.depth() > 0) {
            double seconds = time(session, randomTokens(test.depth()), new int[0]) / 1e9;
            listener.accept(String.format(
                    Locale.ROOT,
                    "%d tokens of context took %.2f s, %.0f tokens/s",
                    test.depth(),
                    seconds,
                    test.depth() / seconds));
        }
    }

    /** Runs a test under the device's profiler. */
    BenchProfile profile(DevicePass device, BenchTest test) {
        int[] prompt = randomTokens(test.promptLength());
        int[] generated =
                randomTokens(prompt.length > 0 ? test.genLength() : Math.min(PROFILED_TOKENS, test.genLength()));
        try (Session session = forwardPass.newSession(options)) {
            begin(device, session, test);
            if (prompt.length <= WARMED_PROMPT) {
                device.profile(() -> time(session, prompt, generated));
                if (prompt.length > 0) {
                    begin(device, session, test);
                }
            }
            return new BenchProfile(
                    device.profile(() -> time(session, prompt, generated)), prompt.length + generated.length);
        }
    }

    private long time(Session session, int[] prompt, int[] generated) {
        long start = System.nanoTime();
        if (prompt.length > 0) {
            forwardPass.prefill(session, prompt);
        }
        for (int token : generated) {
            forwardPass.decode(session, token);
        }
        return Math.max(1, System.nanoTime() - start);
    }

    private int[] randomTokens(int count) {
        return random.ints(count, 0, forwardPass.config().vocabSize()).toArray();
    }

    @Override
    public void close() {
        limitMeter.ifPresent(Meter::close);
    }
}
