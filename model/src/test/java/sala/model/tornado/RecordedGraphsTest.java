package sala.model.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import sala.loader.DType;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.model.LayerObserver;
import sala.model.ModelWeights;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.TaskProfile;
import sala.model.TestingCheckpoint;
import sala.model.TokenChoice;
import sala.model.generate.GenerationOptions;
import sala.model.generate.Sampler;

/** Recorded graphs of many layers, and the times of tasks. Whether anything is replayed is up to the device. */
class RecordedGraphsTest {
    /** Three recorded graphs of decode, one of them without a sparse layer. */
    private static final String STRIP = "SLLSSLLLLLLLLLLLLLLLLSL";

    /** Block selection begins behind it. */
    private static final int DENSE_LENGTH = 64;

    private static final int PROMPT = 60;
    private static final int STEPS = 8;
    private static final int CAPACITY = 80;
    private static final int CHUNK = 46;
    private static final int WORK_GROUPS = 8;

    private static final ModelConfig CONFIG = TestingCheckpoint.config(
            "continued",
            "{\"num_hidden_layers\": %d, \"mixer_types\": [%s]}"
                    .formatted(
                            STRIP.length(),
                            STRIP.chars()
                                    .mapToObj(letter -> letter == 'S' ? "\"minicpm4\"" : "\"lightning-attn\"")
                                    .collect(Collectors.joining(", "))));

    private static TornadoForwardPass open(Arena arena, boolean record) {
        return new TornadoForwardPass(
                ModelWeights.random(CONFIG, DType.F32, 42, arena),
                TornadoOptions.ofCapacity(CAPACITY)
                        .withPrefillChunk(CHUNK)
                        .withWorkGroups(WORK_GROUPS)
                        .withRecordedGraphs(record));
    }

    private static int[] prompt() {
        return IntStream.range(0, PROMPT).map(i -> i * 7 % CONFIG.vocabSize()).toArray();
    }

    /** Logits after the prompt, and after each token that follows, across the start of block selection. */
    private static float[][] logits(TornadoForwardPass pass, Session session) {
        float[][] logits = new float[STEPS + 1][];
        logits[0] = pass.prefill(session, prompt()).toArray();
        for (int i = 1; i < logits.length; i++) {
            logits[i] = pass.decode(session, i).toArray();
        }
        return logits;
    }

    @Test
    void recordedGraphsComputeWhatTheStepsDo() {
        assertEquals(DENSE_LENGTH, CONFIG.sparse().denseLength());
        SessionOptions options = SessionOptions.ofContextLength(CAPACITY);
        LayerObserver watching = new LayerObserver() {};
        try (Arena arena = Arena.ofShared();
                TornadoForwardPass plain = open(arena, false);
                TornadoForwardPass recording = open(arena, true);
                Session expected = plain.newSession(options);
                Session recorded = recording.newSession(options);
                Session watched = recording.newSession(options.withObserver(watching))) {
            float[][] logits = logits(plain, expected);
            assertArrayEquals(logits, logits(recording, recorded), "recorded");
            assertArrayEquals(logits, logits(recording, watched), "step by step in the same pass");
            int next = plain.decodeToken(expected, 3, TokenChoice.greedy(), 0);
            try (Session copy = recorded.copy()) {
                assertEquals(next, recording.decodeToken(recorded, 3, TokenChoice.greedy(), 0));
                assertEquals(next, recording.decodeToken(copy, 3, TokenChoice.greedy(), 0));
                assertArrayEquals(expected.logits().toArray(), recorded.logits().toArray());
            }
        }
    }

    @Test
    void recordedDrawsFollowTheirSettings() {
        SessionOptions options = SessionOptions.ofContextLength(CAPACITY);
        GenerationOptions.Builder drawn =
                GenerationOptions.builder().temperature(1.5).ignoreEos(true);
        try (Arena arena = Arena.ofShared();
                TornadoForwardPass plain = open(arena, false);
                TornadoForwardPass recording = open(arena, true);
                Session expected = plain.newSession(options);
                Session recorded = recording.newSession(options)) {
            int token = plain.prefill(expected, prompt()).argmax();
            recording.prefill(recorded, prompt());
            // One graph, recorded with the first settings, for all of them.
            for (GenerationOptions each : List.of(
                    drawn.topKTokens(9).build(),
                    drawn.topP(0.8).repetitionPenalty(1.4).build(),
                    drawn.logitBias(Map.of(3, 4.0, 5, Double.NEGATIVE_INFINITY)).build(),
                    drawn.temperature(0).build())) {
                Sampler sampler = Sampler.create(each, CONFIG.vocabSize(), 42);
                for (int i = 0; i < 3; i++) {
                    sampler.accept(token);
                    double random = sampler.nextRandom();
                    int next = sampler.sample(plain.decode(expected, token), random);
                    assertEquals(next, recording.decodeToken(recorded, token, sampler.choice(), random));
                    token = next;
                }
            }
            assertArrayEquals(expected.logits().toArray(), recorded.logits().toArray());
        }
    }

    @Test
    void everyTaskOfTheWorkIsTimedAndNoOther() {
        try (Arena arena = Arena.ofShared();
                TornadoForwardPass pass = open(arena, true);
                Session session = pass.newSession(SessionOptions.ofContextLength(CAPACITY))) {
            pass.prefill(session, prompt());
            pass.decode(session, 1);
            int before = pass.firstRuns().graphs();
            TaskProfile one = pass.profile(() -> pass.decode(session, 2));
            assertTrue(pass.firstRuns().graphs() > before, "the steps ran for the first time");
            TaskProfile two = pass.profile(() -> {
                pass.decode(session, 3);
                pass.decodeToken(session, 4, TokenChoice.greedy(), 0);
            });
            long lightning = layers(MixerType.LIGHTNING);
            assertEquals(1, launches(one).get("decode_embed"));
            assertEquals(lightning, launches(one).get("decodeLightning_qkv"));
            assertEquals(STRIP.length() - lightning, launches(one).get("decodeDense_qkv"));
            assertEquals(1, launches(one).get("logits_head"));
            assertEquals(2 * lightning, launches(two).get("decodeLightning_qkv"));
            assertEquals(1, launches(two).get("greedy_argmax"));
            assertTrue(launches(two).keySet().stream().noneMatch(task -> task.startsWith("prefill")), two::toString);
            assertTrue(one.kernelNanos() > 0);
            assertEquals(
                    one.tasks().stream().mapToLong(TaskProfile.Task::launches).sum(), one.launches());
        }
    }

    @Test
    void aFailureEndsTheProfile() {
        try (Arena arena = Arena.ofShared();
                TornadoForwardPass pass = open(arena, false);
                Session session = pass.newSession(SessionOptions.ofContextLength(CAPACITY))) {
            assertThrows(IllegalArgumentException.class, () -> pass.profile(() -> pass.prefill(session, new int[0])));
            assertEquals(0, pass.profile(() -> {}).launches());
            assertEquals(
                    1, launches(pass.profile(() -> pass.decode(session, 2))).get("decode_embed"));
        }
    }

    private static long layers(MixerType type) {
        return CONFIG.mixerTypes().stream().filter(mixer -> mixer == type).count();
    }

    private static Map<String, Long> launches(TaskProfile profile) {
        return profile.tasks().stream().collect(Collectors.toMap(TaskProfile.Task::name, TaskProfile.Task::launches));
    }
}
