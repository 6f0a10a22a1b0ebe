package sala.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import sala.loader.CarriedConfig;
import sala.loader.DType;
import sala.loader.LightningConfig;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;

/**
 * A forward pass without a model: logits are a function of the tokens ingested. The tokens live in the caches, as keys of
 * every sparse layer and folded into the state of every lightning layer, so a session that loses a cache gives other
 * logits or fails.
 */
public final class TestingForwardPass implements ForwardPass {
    private final ModelConfig config;
    private final int prefillChunk;
    private final Function<int[], float[]> logits;
    private final DType elementType;
    private final List<TestingSession> sessions = new ArrayList<>();
    private int ingestedTokens;

    /** @param logits of all tokens of a session, at least one */
    public TestingForwardPass(ModelConfig config, int prefillChunk, Function<int[], float[]> logits) {
        this(config, prefillChunk, logits, DType.F32);
    }

    public TestingForwardPass(
            ModelConfig config, int prefillChunk, Function<int[], float[]> logits, DType elementType) {
        this.config = config;
        this.prefillChunk = prefillChunk;
        this.logits = logits;
        this.elementType = elementType;
    }

    /** Two sparse and two lightning layers; ends at token 1. */
    public static ModelConfig config(int vocabSize) {
        return config(vocabSize, "float32");
    }

    /** {@link #config(int)} with another element type of the weights. */
    public static ModelConfig config(int vocabSize, String torchDtype) {
        return new ModelConfig(
                vocabSize,
                8,
                16,
                List.of(MixerType.SPARSE, MixerType.LIGHTNING, MixerType.LIGHTNING, MixerType.SPARSE),
                4,
                2,
                4,
                false,
                true,
                new SparseConfig(8, 4, 1, 16, 64, 12, 512, false),
                new LightningConfig(2, 4, 0.5, true, true, true, true),
                10_000,
                1e-6,
                12,
                1.4,
                4,
                false,
                4096,
                0,
                List.of(1),
                1,
                torchDtype,
                CarriedConfig.none());
    }

    /** Pseudo-random logits that depend on every token and its place. */
    public static TestingForwardPass hashing(int vocabSize) {
        return new TestingForwardPass(config(vocabSize), 4, tokens -> {
            float[] values = new float[vocabSize];
            long hash = Arrays.hashCode(tokens);
            for (int token = 0; token < vocabSize; token++) {
                hash = hash * 6364136223846793005L + 1442695040888963407L;
                values[token] = (hash >>> 40) * 0x1p-20f - 8;
            }
            return values;
        });
    }

    /** After a prompt of any length n with the script beginning at n, says the script's tokens one after the other. */
    public static TestingForwardPass saying(int vocabSize, int promptLength, int... script) {
        return new TestingForwardPass(config(vocabSize), 4, tokens -> {
            float[] values = new float[vocabSize];
            values[script[Math.floorMod(tokens.length - promptLength, script.length)]] = 10;
            return values;
        });
    }

    /** Tokens ingested by all sessions so far. */
    public int ingestedTokens() {
        return ingestedTokens;
    }

    /** Sessions opened and not closed. */
    public long openSessions() {
        return sessions.stream().filter(session -> !session.closed).count();
    }

    /** Tokens of the first session that is open. */
    public int[] heldTokens() {
        return sessions.stream()
                .filter(session -> !session.closed)
                .findFirst()
                .orElseThrow()
                .tokens();
    }

    /** Tokens that a session of this pass holds. */
    public static int[] tokens(Session session) {
        return ((TestingSession) session).tokens();
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public String description() {
        return "testing";
    }

    @Override
    public Session newSession(SessionOptions options) {
        TestingSession session = new TestingSession(options);
        sessions.add(session);
        return session;
    }

    @Override
    public Logits prefill(Session session, int[] tokens, PrefillListener listener) {
        CallCheck.requireTokens(session, tokens);
        TestingSession own = (TestingSession) session;
        for (int from = 0; from < tokens.length; from += prefillChunk) {
            int to = Math.min(tokens.length, from + prefillChunk);
            own.ingest(Arrays.copyOfRange(tokens, from, to));
            if (!listener.proceed(to, tokens.length)) {
                throw new CancellationException("stopped");
            }
        }
        return own.logits();
    }

    @Override
    public Logits decode(Session session, int token) {
        CallCheck.requireTokens(session, new int[] {token});
        ((TestingSession) session).ingest(new int[] {token});
        return session.logits();
    }

    @Override
    public void close() {}

    private final class TestingSession implements Session {
        private final SessionOptions options;
        private final List<LayerCache> caches = new ArrayList<>();
        private int position;
        private float[] values = {};
        private boolean stale;
        private boolean closed;

        TestingSession(SessionOptions options) {
            this.options = options;
            reset();
        }

        void ingest(int[] tokens) {
            for (int token : tokens) {
                for (LayerCache cache : caches) {
                    switch (cache) {
                        case TestingKvCache kv -> kv.add(token);
                        case TestingState state -> state.add(token);
                        default -> throw new AssertionError(cache);
                    }
                }
            }
            position += tokens.length;
            ingestedTokens += tokens.length;
            stale = true;
        }

        int[] tokens() {
            int[] tokens = ((TestingKvCache) caches.getFirst()).tokens();
            if (tokens.length != position) {
                throw new AssertionError("%d tokens in the cache, position %d".formatted(tokens.length, position));
            }
            for (LayerCache cache : caches) {
                boolean same = switch (cache) {
                    case TestingKvCache kv -> Arrays.equals(kv.tokens(), tokens);
                    case TestingState state ->
                        Arrays.equals(state.values, TestingState.of(tokens, state.values.length));
                    default -> false;
                };
                if (!same) {
                    throw new AssertionError("the caches do not hold the same tokens");
                }
            }
            return tokens;
        }

        @Override
        public ModelConfig config() {
            return config;
        }

        @Override
        public SessionOptions options() {
            return options;
        }

        @Override
        public int position() {
            return position;
        }

        @Override
        public Logits logits() {
            if (position == 0) {
                throw new IllegalStateException("nothing was ingested");
            }
            if (stale) {
                values = logits.apply(tokens());
                stale = false;
            }
            return new Logits(values);
        }

        @Override
        public LayerCache cache(int layer) {
            return caches.get(layer);
        }

        @Override
        public DType elementType() {
            return elementType;
        }

        @Override
        public void reset() {
            caches.clear();
            for (MixerType type : config.mixerTypes()) {
                caches.add(
                        switch (type) {
                            case SPARSE -> new TestingKvCache(config.kvWidth());
                            case LIGHTNING ->
                                new TestingState(config.lightning().width()
                                        * config.lightning().headDim());
                        });
            }
            position = 0;
        }

        @Override
        public Session copy() {
            throw new UnsupportedOperationException("no test copies");
        }

        @Override
        public void resume(int newPosition, float[] newLogits) {
            position = newPosition;
            values = newLogits.clone();
            stale = false;
            var _ = tokens(); // checks that all caches hold the same
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    /** Every channel of a token's key is the token plus a fraction that tells the channel; values are negative keys. */
    private static final class TestingKvCache implements KvCache {
        private final int width;
        private final List<double[]> keys = new ArrayList<>();
        private final List<double[]> values = new ArrayList<>();

        TestingKvCache(int width) {
            this.width = width;
        }

        void add(int token) {
            double[] key = new double[width];
            double[] value = new double[width];
            for (int channel = 0; channel < width; channel++) {
                key[channel] = token + channel / 64.0;
                value[channel] = -key[channel];
            }
            keys.add(key);
            values.add(value);
        }

        int[] tokens() {
            int[] tokens = new int[keys.size()];
            for (int i = 0; i < tokens.length; i++) {
                tokens[i] = (int) keys.get(i)[0];
                for (int channel = 0; channel < width; channel++) {
                    double expected = tokens[i] + channel / 64.0;
                    if (keys.get(i)[channel] != expected || values.get(i)[channel] != -expected) {
                        throw new AssertionError("token %d channel %d is damaged".formatted(i, channel));
                    }
                }
            }
            return tokens;
        }

        @Override
        public int length() {
            return keys.size();
        }

        @Override
        public void read(int position, int count, double[] keysOut, double[] valuesOut) {
            for (int i = 0; i < count; i++) {
                System.arraycopy(keys.get(position + i), 0, keysOut, i * width, width);
                System.arraycopy(values.get(position + i), 0, valuesOut, i * width, width);
            }
        }

        @Override
        public void append(double[] newKeys, double[] newValues, int count) {
            for (int i = 0; i < count; i++) {
                keys.add(Arrays.copyOfRange(newKeys, i * width, (i + 1) * width));
                values.add(Arrays.copyOfRange(newValues, i * width, (i + 1) * width));
            }
        }
    }

    /** Every element folds all tokens, small enough for f32 to be exact. */
    private static final class TestingState implements RecurrentState {
        private double[] values;

        TestingState(int size) {
            values = new double[size];
        }

        void add(int token) {
            for (int i = 0; i < values.length; i++) {
                values[i] = (values[i] * 31 + token + i) % 65521;
            }
        }

        static double[] of(int[] tokens, int size) {
            TestingState state = new TestingState(size);
            for (int token : tokens) {
                state.add(token);
            }
            return state.values;
        }

        @Override
        public void read(double[] state) {
            System.arraycopy(values, 0, state, 0, values.length);
        }

        @Override
        public void write(double[] state) {
            values = state.clone();
        }
    }
}
