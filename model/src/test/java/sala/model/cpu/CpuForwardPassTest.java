package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.model.AttentionMode;
import sala.model.ContextLengthException;
import sala.model.ForwardPass;
import sala.model.KvCache;
import sala.model.LayerObserver;
import sala.model.ModelShape;
import sala.model.ModelWeights;
import sala.model.PrefillListener;
import sala.model.RecurrentState;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

/** Laws that need no expected values, on seeded weights of the tiny shape (dense below 512 tokens). */
final class CpuForwardPassTest {
    private static final int CONTEXT_LENGTH = 2000;
    private static final int SPARSE_LENGTH = 600;

    /** Ends with a sparse layer. */
    private static final ModelConfig SLLS = ModelShape.TINY.config(4);
    /** Ends with a lightning layer. */
    private static final ModelConfig SLLSL = ModelShape.TINY.config(5);

    private static final ModelWeights SLLS_WEIGHTS = ModelWeights.random(SLLS, DType.BF16, 42, Arena.global());
    private static final ModelWeights SLLSL_WEIGHTS = ModelWeights.random(SLLSL, DType.BF16, 42, Arena.global());
    private static final int[] TOKENS = RandomTensors.create().ints(CONTEXT_LENGTH, SLLS.vocabSize());
    private static final SessionOptions OPTIONS = SessionOptions.ofContextLength(CONTEXT_LENGTH);

    private static CpuForwardPass open(ModelWeights weights, int threads, int prefillChunk) {
        return new CpuForwardPass(weights, new CpuOptions(threads, prefillChunk, 0));
    }

    private static int[] tokens(int from, int to) {
        return Arrays.copyOfRange(TOKENS, from, to);
    }

    private static float[] prefill(
            ModelWeights weights, int threads, int prefillChunk, SessionOptions options, int length) {
        try (ForwardPass pass = open(weights, threads, prefillChunk);
                Session session = pass.newSession(options)) {
            return pass.prefill(session, tokens(0, length)).toArray();
        }
    }

    private static void assertClose(String name, float[] expected, float[] actual) {
        TensorAssert.assertClose(name, expected, actual, Tolerance.CPU_F32_CASES);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 63, 64, 65, 100, SPARSE_LENGTH})
    void prefillOfOneMoreIsPrefillAndDecode(int length) {
        for (ModelWeights weights : List.of(SLLS_WEIGHTS, SLLSL_WEIGHTS)) {
            try (ForwardPass pass = open(weights, 2, 128);
                    Session whole = pass.newSession(OPTIONS);
                    Session stepped = pass.newSession(OPTIONS)) {
                float[] expected = pass.prefill(whole, tokens(0, length)).toArray();
                pass.prefill(stepped, tokens(0, length - 1));
                float[] actual = pass.decode(stepped, TOKENS[length - 1]).toArray();
                assertEquals(length, stepped.position());
                assertClose("logits", expected, actual);
                assertSameCaches(whole, stepped);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"100, 1", "100, 7", "100, 32", "100, 99", "100, 1000", "600, 64", "600, 65", "600, 599"})
    void anyChunkGivesTheSameResult(int length, int prefillChunk) {
        for (ModelWeights weights : List.of(SLLS_WEIGHTS, SLLSL_WEIGHTS)) {
            float[] expected = prefill(weights, 2, 256, OPTIONS, length);
            assertClose("logits", expected, prefill(weights, 2, prefillChunk, OPTIONS, length));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 40, SPARSE_LENGTH})
    void anyNumberOfThreadsGivesTheSameBits(int length) {
        float[] expected = prefill(SLLSL_WEIGHTS, 1, 128, OPTIONS, length);
        for (int threads : new int[] {2, 3}) {
            assertArrayEquals(expected, prefill(SLLSL_WEIGHTS, threads, 128, OPTIONS, length), threads + " threads");
        }
    }

    @Test
    void decodingRepeatsItselfBitByBit() {
        try (ForwardPass pass = open(SLLSL_WEIGHTS, 2, 128)) {
            List<float[]> runs = new ArrayList<>();
            for (int run = 0; run < 3; run++) {
                try (Session session = pass.newSession(OPTIONS)) {
                    pass.prefill(session, tokens(0, 50));
                    for (int step = 0; step < 60; step++) {
                        pass.decode(session, TOKENS[50 + step]);
                    }
                    runs.add(session.logits().toArray());
                }
            }
            assertArrayEquals(runs.get(0), runs.get(1));
            assertArrayEquals(runs.get(0), runs.get(2));
        }
    }

    /** Unobserved, the last layer works for the last token alone; observed, for all of them. */
    @ParameterizedTest
    @EnumSource
    void anObserverChangesNothing(AttentionMode mode) {
        SessionOptions plain = OPTIONS.withAttentionMode(mode);
        SessionOptions observed = plain.withObserver(new LayerObserver() {});
        for (ModelWeights weights : List.of(SLLS_WEIGHTS, SLLSL_WEIGHTS)) {
            for (int length : new int[] {1, 90, 130}) {
                float[] expected = prefill(weights, 2, 64, observed, length);
                assertClose(mode + " " + length, expected, prefill(weights, 2, 64, plain, length));
            }
        }
    }

    /** The tiny model selects 16 blocks of 16 tokens. */
    @Test
    void sparseIsDenseWhileAllBlocksAreSelected() {
        float[] dense = prefill(SLLS_WEIGHTS, 2, 64, OPTIONS.withAttentionMode(AttentionMode.ALWAYS_DENSE), 256);
        float[] sparse = prefill(SLLS_WEIGHTS, 2, 64, OPTIONS.withAttentionMode(AttentionMode.ALWAYS_SPARSE), 256);
        assertClose("256 tokens", dense, sparse);
        dense = prefill(SLLS_WEIGHTS, 2, 64, OPTIONS.withAttentionMode(AttentionMode.ALWAYS_DENSE), SPARSE_LENGTH);
        sparse = prefill(SLLS_WEIGHTS, 2, 64, OPTIONS.withAttentionMode(AttentionMode.ALWAYS_SPARSE), SPARSE_LENGTH);
        assertFalse(Arrays.equals(dense, sparse), "600 tokens leave blocks out");
    }

    /** The whole call decides: its first chunks are sparse too, though the context is still short. */
    @Test
    void theWholeCallDecidesBetweenDenseAndSparse() {
        for (int length : new int[] {511, 512}) {
            AttentionMode mode = length < 512 ? AttentionMode.ALWAYS_DENSE : AttentionMode.ALWAYS_SPARSE;
            float[] expected = prefill(SLLS_WEIGHTS, 2, 64, OPTIONS.withAttentionMode(mode), length);
            assertArrayEquals(expected, prefill(SLLS_WEIGHTS, 2, 64, OPTIONS, length), "length " + length);
        }
    }

    @Test
    void aResetSessionIsANewOne() {
        try (ForwardPass pass = open(SLLSL_WEIGHTS, 2, 64);
                Session session = pass.newSession(OPTIONS)) {
            float[] expected = pass.prefill(session, tokens(0, 80)).toArray();
            pass.decode(session, 3);
            session.reset();
            assertEquals(0, session.position());
            assertArrayEquals(expected, pass.prefill(session, tokens(0, 80)).toArray());
        }
    }

    @Test
    void aCopyGoesItsOwnWay() {
        try (ForwardPass pass = open(SLLSL_WEIGHTS, 2, 64);
                Session session = pass.newSession(OPTIONS)) {
            float[] before = pass.prefill(session, tokens(0, 80)).toArray();
            Session copy = session.copy();
            assertEquals(80, copy.position());
            assertArrayEquals(before, copy.logits().toArray());
            float[] expected = pass.decode(session, 3).toArray();
            float[] other = pass.decode(copy, 4).toArray();
            assertFalse(Arrays.equals(expected, other));
            copy.reset();
            pass.prefill(copy, tokens(0, 80));
            assertArrayEquals(expected, pass.decode(copy, 3).toArray());
            assertEquals(81, session.position());
        }
    }

    @Test
    void aSessionResumesFromItsCaches() {
        try (ForwardPass pass = open(SLLSL_WEIGHTS, 2, 64);
                Session session = pass.newSession(OPTIONS);
                Session resumed = pass.newSession(OPTIONS)) {
            float[] logits = pass.prefill(session, tokens(0, SPARSE_LENGTH)).toArray();
            assertThrows(IllegalArgumentException.class, () -> resumed.resume(SPARSE_LENGTH, logits));
            for (int layer = 0; layer < SLLSL.numLayers(); layer++) {
                switch (session.cache(layer)) {
                    case KvCache cache -> {
                        double[][] arrays = read(cache);
                        ((KvCache) resumed.cache(layer)).append(arrays[0], arrays[1], cache.length());
                    }
                    case RecurrentState state -> ((RecurrentState) resumed.cache(layer)).write(read(state));
                }
            }
            resumed.resume(SPARSE_LENGTH, logits);
            assertArrayEquals(logits, resumed.logits().toArray());
            assertArrayEquals(
                    pass.decode(session, 7).toArray(), pass.decode(resumed, 7).toArray());
            assertThrows(IllegalArgumentException.class, () -> resumed.resume(SPARSE_LENGTH + 1, new float[3]));
            assertThrows(IllegalArgumentException.class, () -> resumed.resume(CONTEXT_LENGTH + 1, logits));
        }
    }

    @Test
    void aStoppedPrefillLeavesAWholeSession() {
        try (ForwardPass pass = open(SLLSL_WEIGHTS, 2, 30);
                Session session = pass.newSession(OPTIONS)) {
            List<Integer> progress = new ArrayList<>();
            PrefillListener listener = (ingested, total) -> {
                progress.add(ingested);
                assertEquals(100, total);
                return ingested < 60;
            };
            assertThrows(CancellationException.class, () -> pass.prefill(session, tokens(0, 100), listener));
            assertEquals(List.of(30, 60), progress);
            assertEquals(60, session.position());
            try (Session fresh = pass.newSession(OPTIONS)) {
                float[] expected = pass.prefill(fresh, tokens(0, 60)).toArray();
                assertArrayEquals(expected, session.logits().toArray());
                assertArrayEquals(
                        pass.prefill(fresh, tokens(60, 100)).toArray(),
                        pass.prefill(session, tokens(60, 100)).toArray());
            }
        }
    }

    @Test
    void refusalsLeaveTheSessionAsItWas() {
        try (ForwardPass pass = open(SLLSL_WEIGHTS, 1, 64);
                ForwardPass otherPass = open(SLLSL_WEIGHTS, 1, 64);
                Session session = pass.newSession(SessionOptions.ofContextLength(10));
                Session foreign = otherPass.newSession(OPTIONS)) {
            float[] logits = pass.prefill(session, tokens(0, 9)).toArray();
            assertThrows(IllegalArgumentException.class, () -> pass.prefill(session, new int[0]));
            assertThrows(IllegalArgumentException.class, () -> pass.prefill(session, new int[] {-1}));
            assertThrows(IllegalArgumentException.class, () -> pass.decode(session, SLLSL.vocabSize()));
            assertThrows(ContextLengthException.class, () -> pass.prefill(session, tokens(0, 2)));
            assertThrows(IllegalArgumentException.class, () -> pass.decode(foreign, 0));
            assertArrayEquals(logits, session.logits().toArray());
            assertEquals(9, session.position());
            pass.decode(session, 0);
            assertThrows(ContextLengthException.class, () -> pass.decode(session, 0));
        }
    }

    @Test
    void aContextThatNoArrayHoldsIsRefused() {
        try (ForwardPass pass = open(SLLSL_WEIGHTS, 1, 64)) {
            SessionOptions huge = SessionOptions.ofContextLength(Integer.MAX_VALUE);
            String refusal = assertThrows(IllegalArgumentException.class, () -> pass.newSession(huge))
                    .toString();
            assertTrue(refusal.contains("2147483647"), refusal);
        }
    }

    @Test
    void aCallThatFailsHalfwayIsNotContinued() {
        LayerObserver failing = new LayerObserver() {
            @Override
            public boolean observes(Activation activation, int layer, int position) {
                if (layer == 2) {
                    throw new IllegalArgumentException("enough");
                }
                return false;
            }
        };
        try (ForwardPass pass = open(SLLSL_WEIGHTS, 1, 64);
                Session session = pass.newSession(OPTIONS.withObserver(failing))) {
            assertThrows(IllegalArgumentException.class, () -> pass.prefill(session, tokens(0, 5)));
            assertThrows(IllegalStateException.class, () -> pass.prefill(session, tokens(0, 5)));
            assertThrows(IllegalStateException.class, session::logits);
            session.reset();
            assertEquals(0, session.position());
        }
    }

    @Test
    void whatIsClosedIsRefused() {
        ForwardPass pass = open(SLLSL_WEIGHTS, 2, 64);
        Session session = pass.newSession(OPTIONS);
        Session open = pass.newSession(OPTIONS);
        session.close();
        session.close();
        assertThrows(IllegalStateException.class, () -> pass.decode(session, 0));
        pass.close();
        pass.close();
        assertThrows(IllegalStateException.class, () -> pass.decode(open, 0));
        assertThrows(IllegalStateException.class, () -> pass.newSession(OPTIONS));
    }

    /** The point at which vector kernels take over is not to be seen in the results: not in the last bit. */
    @ParameterizedTest
    @ValueSource(longs = {1, 20_000_000, 100_000_000, Long.MAX_VALUE})
    void plainLoopsGiveTheSameBits(long plainMultiplyAdds) {
        for (DType dtype : List.of(DType.BF16, DType.F16, DType.F32)) {
            try (Arena arena = Arena.ofShared()) {
                ModelWeights weights = ModelWeights.random(SLLSL, dtype, 42, arena);
                CpuOptions options = new CpuOptions(2, 37, 0);
                for (AttentionMode mode : AttentionMode.values()) {
                    SessionOptions sessionOptions = OPTIONS.withAttentionMode(mode);
                    float[][] vectors = logitsOfSomeCalls(weights, options, sessionOptions);
                    float[][] plain = logitsOfSomeCalls(
                            weights, options.withPlainMultiplyAdds(plainMultiplyAdds), sessionOptions);
                    for (int call = 0; call < vectors.length; call++) {
                        assertArrayEquals(vectors[call], plain[call], dtype + " " + mode + ", call " + call);
                    }
                }
            }
        }
    }

    private static float[][] logitsOfSomeCalls(
            ModelWeights weights, CpuOptions options, SessionOptions sessionOptions) {
        try (ForwardPass pass = new CpuForwardPass(weights, options);
                Session session = pass.newSession(sessionOptions)) {
            float[][] logits = new float[6][];
            logits[0] = pass.prefill(session, tokens(0, 5)).toArray();
            logits[1] = pass.prefill(session, tokens(5, 150)).toArray();
            for (int call = 2; call < logits.length; call++) {
                logits[call] = pass.decode(session, TOKENS[148 + call]).toArray();
            }
            return logits;
        }
    }

    /** In plain loops, since vector kernels make objects until the JVM has compiled them: those are the benchmark's. */
    @Test
    void decodingAllocatesNothing() {
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        CpuOptions options = new CpuOptions(1, 64, Long.MAX_VALUE);
        try (ForwardPass pass = new CpuForwardPass(SLLSL_WEIGHTS, options);
                Session session = pass.newSession(OPTIONS)) {
            long bytes = 0;
            for (int round = 0; round < 2; round++) { // caches and classes come with the first
                session.reset();
                pass.prefill(session, tokens(0, 600));
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 50; i++) {
                    pass.decode(session, TOKENS[i]);
                }
                bytes = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertTrue(bytes < 1000, "50 tokens allocated " + bytes + " bytes"); // the measurement takes some
        }
    }

    @Test
    void optionsAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> new CpuOptions(0, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new CpuOptions(1, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new CpuOptions(1, 1, -1));
    }

    private static double[][] read(KvCache cache) {
        int length = cache.length() * SLLSL.kvWidth();
        double[][] arrays = {new double[length], new double[length]};
        cache.read(0, cache.length(), arrays[0], arrays[1]);
        return arrays;
    }

    private static double[] read(RecurrentState state) {
        int headDim = SLLSL.lightning().headDim();
        double[] values = new double[SLLSL.lightning().numHeads() * headDim * headDim];
        state.read(values);
        return values;
    }

    private static void assertSameCaches(Session expected, Session actual) {
        for (int layer = 0; layer < expected.config().numLayers(); layer++) {
            String name = "layer " + layer;
            switch (expected.cache(layer)) {
                case KvCache cache -> {
                    double[][] want = read(cache);
                    double[][] found = read((KvCache) actual.cache(layer));
                    TensorAssert.assertClose(name + " keys", want[0], found[0], Tolerance.CPU_F32_CASES);
                    TensorAssert.assertClose(name + " values", want[1], found[1], Tolerance.CPU_F32_CASES);
                }
                case RecurrentState state ->
                    TensorAssert.assertClose(
                            name, read(state), read((RecurrentState) actual.cache(layer)), Tolerance.CPU_F32_CASES);
            }
        }
    }
}
