package sala.model.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.model.AttentionMode;
import sala.model.ContextLengthException;
import sala.model.ForwardPass;
import sala.model.KvCache;
import sala.model.LayerObserver;
import sala.model.ModelWeights;
import sala.model.RecurrentState;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.TestingCheckpoint;
import sala.testing.RandomTensors;
import sala.testing.TensorAssert;
import sala.testing.Tolerance;

/** Laws that need no expected values. Blocks of 8, dense below 64 tokens; rotary positions in all layers. */
final class ReferenceForwardPassTest {
    private static final ModelConfig CONFIG = TestingCheckpoint.config("continued", "{\"attn_use_rope\": true}");
    private static final ForwardPass PASS = pass(CONFIG);
    private static final int LENGTH = 100;
    private static final int[] TOKENS = RandomTensors.create().ints(LENGTH, CONFIG.vocabSize());
    private static final SessionOptions OPTIONS = SessionOptions.ofContextLength(LENGTH);

    private static ForwardPass pass(ModelConfig config) {
        return new ReferenceForwardPass(
                ModelWeights.random(config, DType.F32, RandomTensors.DEFAULT_SEED, Arena.ofAuto()));
    }

    static List<int[]> splits() {
        return List.of(
                new int[] {1, 99}, new int[] {99, 1}, new int[] {7, 16, 64, 13}, new int[] {63, 1, 1, 35}, new int[] {
                    8, 8, 8, 76
                });
    }

    @ParameterizedTest
    @MethodSource("splits")
    void anySplitOfAPromptGivesTheSame(int[] split) {
        for (AttentionMode mode : List.of(AttentionMode.ALWAYS_SPARSE, AttentionMode.ALWAYS_DENSE)) {
            Session whole = PASS.newSession(OPTIONS.withAttentionMode(mode));
            Session pieces = PASS.newSession(OPTIONS.withAttentionMode(mode));
            PASS.prefill(whole, TOKENS);
            int from = 0;
            for (int count : split) {
                PASS.prefill(pieces, tokens(from, from + count));
                from += count;
            }
            assertSame(mode + " in pieces", whole, pieces);
        }
    }

    @ParameterizedTest
    @EnumSource
    void prefillOfOneMoreIsPrefillAndDecode(AttentionMode mode) {
        // 64 is missing: by length its prefill is sparse for all tokens, which prefill of 63 and decode is not.
        for (int length : new int[] {2, 63, 66, 100}) {
            Session whole = PASS.newSession(OPTIONS.withAttentionMode(mode));
            Session stepped = PASS.newSession(OPTIONS.withAttentionMode(mode));
            PASS.prefill(whole, tokens(0, length));
            PASS.prefill(stepped, tokens(0, length - 1));
            PASS.decode(stepped, TOKENS[length - 1]);
            assertSame(mode + " at " + length, whole, stepped);
        }
    }

    /** The decision follows the length after the call and holds for all its tokens. */
    @Test
    void sparseBeginsWhereTheContextReachesTheDenseLength() {
        List<Integer> sparsePositions = new ArrayList<>();
        LayerObserver observer = new LayerObserver() {
            @Override
            public boolean observesBlocks(int layer, int position) {
                return layer == 0;
            }

            @Override
            public void blocks(int layer, int kvHead, int position, int[] blocks) {
                if (kvHead == 0) {
                    sparsePositions.add(position);
                }
            }
        };
        Session session = PASS.newSession(OPTIONS.withObserver(observer));
        PASS.prefill(session, tokens(0, 60));
        PASS.prefill(session, tokens(60, 63));
        assertEquals(List.of(), sparsePositions);
        PASS.decode(session, TOKENS[63]);
        assertEquals(List.of(63), sparsePositions);
        PASS.prefill(session, tokens(64, 67));
        assertEquals(List.of(63, 64, 65, 66), sparsePositions);
    }

    @Test
    void sparseIsDenseWhenTopKCoversAllBlocks() {
        ForwardPass wide = pass(
                TestingCheckpoint.config("continued", "{\"attn_use_rope\": true, \"sparse_config\": {\"topk\": 13}}"));
        Session sparse = wide.newSession(OPTIONS.withAttentionMode(AttentionMode.ALWAYS_SPARSE));
        Session dense = wide.newSession(OPTIONS.withAttentionMode(AttentionMode.ALWAYS_DENSE));
        wide.prefill(sparse, TOKENS);
        wide.prefill(dense, TOKENS);
        assertSame("top-k of all blocks", dense, sparse);
    }

    @Test
    void sparseIsNotDenseWhenBlocksAreLeftOut() {
        Session sparse = PASS.newSession(OPTIONS.withAttentionMode(AttentionMode.ALWAYS_SPARSE));
        Session dense = PASS.newSession(OPTIONS.withAttentionMode(AttentionMode.ALWAYS_DENSE));
        float[] sparseLogits = PASS.prefill(sparse, TOKENS).toArray();
        assertFalse(Arrays.equals(sparseLogits, PASS.prefill(dense, TOKENS).toArray()));
    }

    @Test
    void copyGoesItsOwnWayAndResetIsANewSession() {
        Session session = PASS.newSession(OPTIONS);
        float[] before = PASS.prefill(session, tokens(0, 70)).toArray();
        Session copy = session.copy();
        float[] copied = PASS.decode(copy, 5).toArray();
        assertEquals(70, session.position());
        assertArrayEquals(before, session.logits().toArray());
        assertArrayEquals(copied, PASS.decode(session, 5).toArray());
        session.reset();
        assertEquals(0, session.position());
        assertArrayEquals(before, PASS.prefill(session, tokens(0, 70)).toArray());
        assertEquals(71, copy.position());
    }

    @Test
    void sessionResumesFromTheContentOfItsCaches() {
        Session session = PASS.newSession(OPTIONS);
        PASS.prefill(session, tokens(0, 70));
        Session resumed = PASS.newSession(OPTIONS);
        for (int layer = 0; layer < CONFIG.numLayers(); layer++) {
            switch (session.cache(layer)) {
                case KvCache cache -> {
                    double[] keys = new double[70 * CONFIG.kvWidth()];
                    double[] values = new double[keys.length];
                    cache.read(0, 70, keys, values);
                    ((KvCache) resumed.cache(layer)).append(keys, values, 70);
                }
                case RecurrentState state -> {
                    double[] values = new double
                            [CONFIG.lightning().width() * CONFIG.lightning().headDim()];
                    state.read(values);
                    ((RecurrentState) resumed.cache(layer)).write(values);
                }
            }
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> resumed.resume(69, session.logits().toArray()));
        resumed.resume(70, session.logits().toArray());
        assertArrayEquals(session.logits().toArray(), resumed.logits().toArray());
        assertArrayEquals(
                PASS.decode(session, 5).toArray(), PASS.decode(resumed, 5).toArray());
    }

    @Test
    void wrongCallsAreRefusedBeforeAnythingIsComputed() {
        Session session = PASS.newSession(SessionOptions.ofContextLength(10));
        PASS.prefill(session, tokens(0, 8));
        assertEquals(
                "the context holds 8 tokens and 3 more were asked for, but its length is 10: raise the context length",
                assertThrows(ContextLengthException.class, () -> PASS.prefill(session, tokens(8, 11)))
                        .getMessage());
        int vocabSize = CONFIG.vocabSize();
        assertThrows(IllegalArgumentException.class, () -> PASS.prefill(session, new int[0]));
        assertThrows(IllegalArgumentException.class, () -> PASS.prefill(session, new int[] {1, vocabSize}));
        assertThrows(IllegalArgumentException.class, () -> PASS.decode(session, -1));
        assertThrows(IllegalArgumentException.class, () -> pass(CONFIG).decode(session, 1));
        assertEquals(8, session.position());
        Session undisturbed = PASS.newSession(OPTIONS);
        PASS.prefill(undisturbed, tokens(0, 9));
        PASS.decode(session, TOKENS[8]);
        assertSame("after refusals", undisturbed, session);
    }

    @Test
    void aStoppedPrefillHoldsWhatWasIngested() {
        Session session = PASS.newSession(OPTIONS);
        assertThrows(
                CancellationException.class,
                () -> PASS.prefill(session, tokens(0, 20), (ingested, total) -> {
                    assertEquals(20, ingested);
                    assertEquals(20, total);
                    return false;
                }));
        assertEquals(20, session.position());
    }

    private static int[] tokens(int from, int to) {
        return Arrays.copyOfRange(TOKENS, from, to);
    }

    /** Logits and the content of all caches. */
    private static void assertSame(String name, Session expected, Session actual) {
        assertEquals(expected.position(), actual.position(), name);
        TensorAssert.assertClose(
                name, expected.logits().toArray(), actual.logits().toArray(), Tolerance.GOLDEN_CASES_REFERENCE);
        for (int layer = 0; layer < CONFIG.numLayers(); layer++) {
            String label = name + ", layer " + layer;
            TensorAssert.assertClose(
                    label, content(expected, layer), content(actual, layer), Tolerance.REFERENCE_LAWS_F64);
        }
    }

    private static double[] content(Session session, int layer) {
        return switch (session.cache(layer)) {
            case KvCache cache -> {
                int size = session.position() * CONFIG.kvWidth();
                double[] keys = new double[size];
                double[] values = new double[size];
                cache.read(0, session.position(), keys, values);
                double[] both = Arrays.copyOf(keys, 2 * size);
                System.arraycopy(values, 0, both, size, size);
                yield both;
            }
            case RecurrentState state -> {
                double[] values = new double
                        [CONFIG.lightning().width() * CONFIG.lightning().headDim()];
                state.read(values);
                yield values;
            }
        };
    }
}
